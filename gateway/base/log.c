/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#define LOG_LINE_MAX 4096

static struct {
	pthread_mutex_t lock;
	enum log_level level;
	void (*sink)(const char *line, void *arg);
	void *sink_arg;
	char **secrets;
	size_t n_secrets, cap_secrets;
	unsigned long lost; /* lines since the last one that was written */
} log_state = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_LEVEL_INFO};

static const char *const log_names[] = {"debug", "info", "warn", "error"};
static const char *const log_prefixes[] = {"<7>", "<6>", "<4>", "<3>"};

void log_set_level(enum log_level level)
{
	log_state.level = level;
}

void log_set_sink(void (*fn)(const char *line, void *arg), void *arg)
{
	log_state.sink = fn;
	log_state.sink_arg = arg;
}

void log_redact(const char *secret)
{
	if (secret == NULL || strlen(secret) < 4)
		return;
	pthread_mutex_lock(&log_state.lock);
	for (size_t i = 0; i < log_state.n_secrets; i++) {
		if (strcmp(log_state.secrets[i], secret) == 0)
			goto out;
	}
	log_state.secrets = mem_grow(log_state.secrets, &log_state.cap_secrets,
				     log_state.n_secrets + 1, sizeof(*log_state.secrets));
	log_state.secrets[log_state.n_secrets++] = mem_strdup(secret);
out:
	pthread_mutex_unlock(&log_state.lock);
}

/* The longest registered secret that text begins with, or 0. The lock is held. */
static size_t log_secret_at(const char *text)
{
	size_t best = 0;

	for (size_t i = 0; i < log_state.n_secrets; i++) {
		size_t n = strlen(log_state.secrets[i]);

		if (n > best && strncmp(text, log_state.secrets[i], n) == 0)
			best = n;
	}
	return best;
}

static void log_add_clean(struct buf *line, const char *text)
{
	while (*text != '\0') {
		unsigned char c = (unsigned char)*text;
		size_t secret = log_secret_at(text);

		if (secret > 0) {
			(void)buf_adds(line, "•••");
			text += secret;
			continue;
		}
		if (c < 0x20 || c == 0x7f)
			(void)buf_addf(line, "\\x%02x", c);
		else
			(void)buf_addc(line, (char)c);
		text++;
	}
}

/* A log that cannot be written stops nothing: what its reader leaves no room for is counted and told with
 * the first line that has room. A pipe or socket that is ready takes a whole line. The lock is held. */
static void log_put(struct buf *line)
{
	struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};
	char note[64];
	int n;

	if (poll(&fd, 1, 0) != 1 || (fd.revents & POLLOUT) == 0) {
		log_state.lost++;
		return;
	}
	if (log_state.lost > 0) {
		n = snprintf(note, sizeof(note), "level=warn mod=log event=lost lines=%lu\n",
			     log_state.lost);
		log_state.lost = 0;
		if (write(STDERR_FILENO, note, (size_t)n) < 0)
			(void)0;
	}
	(void)buf_addc(line, '\n');
	if (write(STDERR_FILENO, line->data, line->len) < 0)
		(void)0;
}

void log_write(enum log_level level, const char *mod, const char *event, const char *fmt, ...)
{
	static const char *journal = NULL;
	struct buf line = BUF_INIT(LOG_LINE_MAX), rest = BUF_INIT(LOG_LINE_MAX - 256);
	char when[32];
	va_list ap;

	if (level < log_state.level)
		return;
	if (journal == NULL)
		journal = getenv("JOURNAL_STREAM") != NULL ? "yes" : "";
	va_start(ap, fmt);
	(void)buf_vaddf(&rest, fmt, ap);
	va_end(ap);
	if (*journal != '\0') {
		(void)buf_adds(&line, log_prefixes[level]);
	} else {
		clock_format_rfc3339(clock_now_ms(), when);
		(void)buf_addf(&line, "time=%s ", when);
	}
	(void)buf_addf(&line, "level=%s mod=%s event=%s", log_names[level], mod, event);
	pthread_mutex_lock(&log_state.lock);
	if (rest.overflow)
		(void)buf_adds(&line, " note=too_long");
	if (rest.len > 0) {
		(void)buf_addc(&line, ' ');
		log_add_clean(&line, buf_text(&rest));
	}
	if (log_state.sink != NULL) {
		log_state.sink(buf_text(&line), log_state.sink_arg);
	} else {
		log_put(&line);
	}
	pthread_mutex_unlock(&log_state.lock);
	buf_free(&line);
	buf_free(&rest);
}
