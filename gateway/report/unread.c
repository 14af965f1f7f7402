/* SPDX-License-Identifier: Apache-2.0 */
/* What citizens answered and nobody understood: once a week the police are told that it waits. How much, and
 * since when; never whose it is or what it says. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "report/view.h"
#include "report/week.h"
#include "store/message.h"
#include "store/reply.h"

/* Under which the store remembers that a week was told; the stream's name too. */
#define UNREAD_MARK	"unread"
#define UNREAD_TEXT	"digest/replies.txt"
#define UNREAD_TEXT_MAX 2000

struct unread_count {
	int64_t since; /* a week ago */
	int64_t n, fresh, oldest;
};

static bool unread_add(const struct reply *r, void *arg)
{
	struct unread_count *c = arg;

	if (c->n++ == 0)
		c->oldest = r->received_at;
	c->fresh += r->received_at >= c->since;
	return true;
}

/* -1 with e: the text cannot be written. */
static int unread_text(const struct week *w, const struct unread_count *c, struct buf *out,
		       struct err *e)
{
	char oldest[16];
	json_t *model;
	int rc;

	civil_day_format_iso(civil_day_of(c->oldest), oldest);
	model = json_pack("{s:s, s:I, s:I, s:s}", "co_quan", w->h->house->office, "cho",
			  (json_int_t)c->n, "moi", (json_int_t)c->fresh, "tu", oldest);
	rc = notices_text(w->h, UNREAD_TEXT, model, out, e);
	json_decref(model);
	return rc;
}

static int unread_tell(const struct week *w, const char *file, const char *text,
		       size_t *planned)
{
	int64_t campaign = 0, template = 0;
	struct units units = {0};
	struct heads heads = {0};
	int rc = week_stream(w, UNREAD_MARK, LANE_NOTICE, &campaign);

	if (rc == 0)
		rc = store_template_put(w->st, UNREAD_TEXT, file, &template, w->e);
	if (rc == 0)
		rc = units_load(&units, w->st, w->e);
	if (rc == 0)
		rc = heads_load(&heads, w->st, w->h, w->h->cfg->police_audience, &units, w->e);
	for (size_t i = 0; rc == 0 && i < heads.n; i++) {
		if (heads.items[i].status == HEAD_OK)
			rc = week_plan(w, campaign, template, &heads.items[i],
				       w->s.digest_until, text, planned);
	}
	heads_free(&heads);
	units_free(&units);
	return rc;
}

/* A text that is broken is logged and tried again, and holds up nothing. */
static int unread_write(const struct week *w, const struct unread_count *c)
{
	struct buf text = BUF_INIT(UNREAD_TEXT_MAX);
	struct err why = ERR_INIT;
	size_t len, planned = 0;
	char *file = view_read(w->h->house->templates, UNREAD_TEXT, &len, &why);
	bool first;
	int rc = 0;

	if (file == NULL || unread_text(w, c, &text, &why) < 0) {
		log_error("report", "notice_fault", "week=%d kind=" UNREAD_MARK " reason=\"%s\"",
			  w->s.iso_week, why.text);
		goto out;
	}
	rc = unread_tell(w, file, buf_text(&text), &planned);
	if (rc < 0)
		goto out;
	log_write(planned > 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "report", "replies_wait",
		  "week=%d n=%" PRId64 " told=%zu", w->s.iso_week, c->n, planned);
	rc = week_mark(w, UNREAD_MARK, &first);
out:
	buf_free(&text);
	free(file);
	return rc;
}

int unread_turn(const struct week *w)
{
	static const struct reply_filter open = {.open = true};
	struct unread_count c = {.since = w->now - 7 * CLOCK_DAY_MS};
	bool first;
	int rc = week_marked(w, UNREAD_MARK);

	if (rc != 0 || *w->h->cfg->police_audience == '\0')
		return rc < 0 ? -1 : 0;
	if (store_reply_list(w->st, &open, SIZE_MAX, unread_add, &c, w->e) < 0)
		return -1;
	return c.n > 0 ? unread_write(w, &c) : week_mark(w, UNREAD_MARK, &first);
}
