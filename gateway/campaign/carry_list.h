/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the floor: the people of carry.h, and texts for them. */
#ifndef MOIDAN_CAMPAIGN_CARRY_LIST_H
#define MOIDAN_CAMPAIGN_CARRY_LIST_H

#include "campaign/carry.h"
#include "campaign/plan.h"

struct carry_person {
	struct recipient r; /* id, key, name, group, sex, birth, facts, source_row, unit_id */
	char *sort, *group_sort;
	size_t rank; /* of the hamlet */
	int audience;
	enum exclusion why;
	int64_t handed_at;  /* 0 = never, -1 = nobody noted when */
	int64_t message_id; /* of the ladder's rung; 0 = the campaign has no such rung */
};

struct carry_list {
	struct carry_person *items;
	size_t n, cap;
	struct plan_units units;
	int64_t left_out; /* handed over before */
};
/* 0, or -1; EX_NOINPUT when there is no such hamlet or nobody. In one snapshot. Free whatever it
 * returns. */
MUST_CHECK int carry_list_load(struct carry_list *l, struct store *st,
			       const struct campaign_plan *p, enum handed_kind kind,
			       const struct carry_request *q, struct err *e);
void carry_list_free(struct carry_list *l);
/* Where the hamlet of item i ends. */
size_t carry_list_hamlet(const struct carry_list *l, size_t i);
/* The hamlet of that name, with or without its kind; NULL when there is none. */
const struct plan_unit *carry_unit_named(const struct plan_units *all, const char *name);
/* "ấp Tân Phú", or "" for those of no hamlet. */
const char *carry_list_label(struct carry_list *l, size_t i);

/* A text of templates/ with the campaign's variables and those of more. */
struct carry_text {
	struct plan_text body, place;
};
MUST_CHECK int carry_text_load(struct carry_text *t, const struct campaign_plan *p,
			       const char *file, const char *place, const json_t *more,
			       struct err *e);
void carry_text_free(struct carry_text *t);
/* As it reads for the row, unit and facts set in w. */
MUST_CHECK int carry_text_write(const struct carry_text *t, struct plan_writer *w,
				struct buf *out, struct err *e);
/* templates' KIND/PROGRAMME/ID.txt of an audience; yours. */
char *carry_text_file(const struct campaign_plan *p, const char *kind, int audience);
/* What every such text knows besides: ngay_in (today), chien_dich, so_luong. Yours. */
json_t *carry_more(const struct campaign_plan *p, int64_t now, int64_t count,
		   const char *hamlet);

#endif
