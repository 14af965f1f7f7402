/* SPDX-License-Identifier: Apache-2.0 */
/* Invitations on paper, and the list that goes with them to each hamlet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/carry_list.h"
#include "paper/paper.h"
#include "store/rung.h"

#define LETTERS_TEXT_MAX (64u * 1024)
#define LETTERS_COVER	 "letter/cover.txt"

struct letters {
	const struct campaign_plan *p;
	const struct carry_request *q;
	struct carry_list list;
	struct carry_text texts[PLAN_MAX_AUDIENCES];
	struct plan_writer writer;
	struct buf text;
	struct paper *paper;
	struct carry_result *out;
	size_t from, to; /* the hamlet at hand */
};

/* Where the audience is asked to go; the campaign may say otherwise. */
static const char *letters_place(const struct campaign_plan *p, int audience)
{
	return p->place_parameter != NULL ? p->place_parameter
					  : p->audiences[audience].a->place;
}

static int letters_load(struct letters *w, struct err *e)
{
	json_t *more = carry_more(w->p, w->q->now, 0, "");
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < w->list.n; i++) {
		int audience = w->list.items[i].audience;
		char *file;

		if (w->texts[audience].body.t != NULL)
			continue;
		file = carry_text_file(w->p, "letter", audience);
		rc = carry_text_load(&w->texts[audience], w->p, file,
				     letters_place(w->p, audience), more, e);
		free(file);
	}
	json_decref(more);
	return rc;
}

static bool letters_cover_place(struct paper *p, const char *name, void *arg)
{
	static const struct grid_column columns[] = {{12, GRID_CENTRE},
						     {22, GRID_LEFT},
						     {0, GRID_LEFT},
						     {24, GRID_LEFT},
						     {40, GRID_LEFT}};
	struct letters *w = arg;
	struct grid *g;

	if (strcmp(name, "danh_sach") != 0)
		return false;
	g = grid_new(5, columns, 1);
	grid_head(g, "Stt", 1, 1);
	grid_head(g, "Tổ", 1, 1);
	grid_head(g, "Họ và tên", 1, 1);
	grid_head(g, "Mã", 1, 1);
	grid_head(g, "Người nhận ký", 1, 1);
	for (size_t i = w->from; i < w->to; i++) {
		const struct recipient *r = &w->list.items[i].r;

		grid_number(g, (int64_t)(i - w->from + 1));
		grid_text(g, r->group != NULL ? r->group : "");
		grid_text(g, r->name != NULL ? r->name : "");
		grid_text(g, r->key != NULL ? r->key : "");
		grid_text(g, "");
	}
	paper_grid(p, g);
	grid_free(g);
	return true;
}

static int letters_cover(struct letters *w, struct err *e)
{
	json_t *more = carry_more(w->p, w->q->now, (int64_t)(w->to - w->from),
				  carry_list_label(&w->list, w->from));
	struct recipient nobody = {0};
	struct carry_text cover;
	int rc = carry_text_load(&cover, w->p, LETTERS_COVER, NULL, more, e);

	w->writer.r = &nobody;
	w->writer.unit = NULL;
	if (rc == 0)
		rc = carry_text_write(&cover, &w->writer, &w->text, e);
	if (rc == 0) {
		paper_begin(w->paper);
		rc = paper_write(w->paper, buf_text(&w->text), letters_cover_place, w, e);
	}
	w->writer.r = NULL;
	carry_text_free(&cover);
	json_decref(more);
	return rc;
}

static void letters_fault(struct letters *w, const struct recipient *r, struct err *e)
{
	if (w->out->faults++ == 0) {
		err_context(e, "dòng %d, mã %s", r->source_row, r->key);
		memcpy(w->out->fault, e->text, sizeof(w->out->fault));
	}
	err_clear(e);
}

/* One person's page. What is wrong with one letter is not wrong with the next; what is wrong with the
 * page is. */
static int letters_one(struct letters *w, const struct carry_person *c, struct err *e)
{
	unsigned before;
	int rc;

	w->writer.r = &c->r;
	w->writer.unit = plan_units_find(&w->list.units, c->r.unit_id);
	json_decref(w->writer.facts);
	w->writer.facts = c->r.facts != NULL ? json_loads(c->r.facts, 0, NULL) : NULL;
	if (plan_expires_at(w->p, c->audience) <= w->q->now)
		rc = err_set(e, EX_DATAERR, "đối tượng %s: hạn của thư đã qua",
			     w->p->audiences[c->audience].a->id);
	else
		rc = carry_text_write(&w->texts[c->audience], &w->writer, &w->text, e);
	if (rc < 0) {
		letters_fault(w, &c->r, e);
		return 0;
	}
	paper_begin(w->paper);
	before = paper_pages(w->paper);
	if (paper_write(w->paper, buf_text(&w->text), NULL, NULL, e) < 0)
		return -1;
	if (paper_pages(w->paper) != before)
		return err_set(
		    e, EX_CONFIG,
		    "thư cho đối tượng %s dài hơn một trang (mã %s): hãy rút ngắn bản mẫu",
		    w->p->audiences[c->audience].a->id, c->r.key);
	w->out->people++;
	return 0;
}

static int letters_hamlet(struct letters *w, struct err *e)
{
	int rc = letters_cover(w, e);

	for (size_t i = w->from; rc == 0 && i < w->to; i++)
		rc = letters_one(w, &w->list.items[i], e);
	w->out->units++;
	return rc;
}

static int letters_all(struct letters *w, const char *path, struct err *e)
{
	int rc;

	if (w->list.n == 0)
		return err_set(e, EX_NOINPUT,
			       w->list.left_out > 0
				   ? "không còn thư nào chưa phát"
				   : "không có ai cần thư: mọi người đều có số nhắn tin được");
	if (letters_load(w, e) < 0 || paper_open(path, w->p->row->name, &w->paper, e) < 0)
		return -1;
	for (rc = 0; rc == 0 && w->from < w->list.n; w->from = w->to) {
		w->to = carry_list_hamlet(&w->list, w->from);
		rc = letters_hamlet(w, e);
	}
	w->out->pages = paper_pages(w->paper);
	if (rc == 0)
		return paper_close(w->paper, e);
	paper_abandon(w->paper);
	return -1;
}

int carry_letters(struct store *st, const struct campaign_plan *p, const char *path,
		  const struct carry_request *q, struct carry_result *out, struct err *e)
{
	struct letters w = {.p = p, .q = q, .out = out, .text = BUF_INIT(LETTERS_TEXT_MAX)};
	int rc;

	memset(out, 0, sizeof(*out));
	plan_writer_init(&w.writer, p);
	rc = carry_list_load(&w.list, st, p, HANDED_LETTER, q, e);
	out->handed = w.list.left_out;
	if (rc == 0)
		rc = letters_all(&w, path, e);
	for (int i = 0; i < PLAN_MAX_AUDIENCES; i++)
		carry_text_free(&w.texts[i]);
	plan_writer_free(&w.writer);
	buf_free(&w.text);
	carry_list_free(&w.list);
	return rc;
}

/* 1 noted now, 0 it was before, -1. */
static int letters_hand_over_one(struct store *st, const struct campaign_plan *p,
				 enum handed_kind kind, const struct carry_person *c,
				 int64_t now, const char *who, struct err *e)
{
	int rc = 1;

	if (c->handed_at != 0)
		return 0;
	if (c->message_id != 0)
		rc = store_rung_say(st, c->message_id, RUNG_HANDED_OVER, who, e);
	if (rc > 0 && store_handed_add(st, p->row->id, kind, c->r.id, now, who, e) < 0)
		rc = -1;
	return rc;
}

int carry_hand_over(struct store *st, const struct campaign_plan *p, enum handed_kind kind,
		    const struct carry_request *q, const char *who, struct carry_result *out,
		    struct err *e)
{
	struct carry_list l;
	char subject[40], detail[96];
	int rc;

	memset(out, 0, sizeof(*out));
	if (store_begin(st, e) < 0)
		return -1;
	rc = carry_list_load(&l, st, p, kind, q, e);
	for (size_t i = 0; rc >= 0 && i < l.n; i++) {
		rc = letters_hand_over_one(st, p, kind, &l.items[i], q->now, who, e);
		out->handed += rc > 0;
		out->people++;
	}
	(void)snprintf(subject, sizeof(subject), "campaign:%lld", (long long)p->row->id);
	(void)snprintf(detail, sizeof(detail), "count=%lld unit=%lld", (long long)out->handed,
		       q->unit != NULL && l.n > 0 ? (long long)l.items[0].r.unit_id : 0);
	if (rc >= 0 && out->handed > 0)
		rc = store_audit(st, who,
				 kind == HANDED_LETTER ? "letter.handed" : "visit.handed",
				 subject, detail, e);
	carry_list_free(&l);
	return store_end(st, rc, e);
}
