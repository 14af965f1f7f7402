/* SPDX-License-Identifier: Apache-2.0 */
/* One logfmt line a fact, on standard error:
 *   <6>level=info mod=store event=opened path=/var/lib/moidan/moidan.db
 * (the <N> prefix only where a journal reads it). Control characters are
 * escaped, registered secrets are replaced; whoever logs masks numbers
 * (phone_mask) and never passes a message body or a name. */
#ifndef MOIDAN_BASE_LOG_H
#define MOIDAN_BASE_LOG_H

#include <stdarg.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

void log_set_level(enum log_level level);

/* Lines go to fn instead of standard error (tests); NULL goes back. Not for use beside threads. */
void log_set_sink(void (*fn)(const char *line, void *arg), void *arg);

/* From now on this value is printed as "•••". Call before the value is first used; thread-safe.
 * Values shorter than 4 bytes are not secrets and are ignored. */
void log_redact(const char *secret);

/* fmt gives further key=value pairs ("n=%zu reason=\"%s\""), or "" for none. Thread-safe: one write
 * a line. */
void log_write(enum log_level level, const char *mod, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#define log_debug(mod, event, ...) log_write(LOG_LEVEL_DEBUG, mod, event, __VA_ARGS__)
#define log_info(mod, event, ...)  log_write(LOG_LEVEL_INFO, mod, event, __VA_ARGS__)
#define log_warn(mod, event, ...)  log_write(LOG_LEVEL_WARN, mod, event, __VA_ARGS__)
#define log_error(mod, event, ...) log_write(LOG_LEVEL_ERROR, mod, event, __VA_ARGS__)

#endif
