/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of the report tests from Monday of week 23 on, what people of them do, and the summary that says so. */
#ifndef MOIDAN_TESTS_REPORT_PROGRESS_H
#define MOIDAN_TESTS_REPORT_PROGRESS_H

#include "base/buf.h"
#include "report_house.h"

#define ACCOUNT 1 /* the state "account" of vneid */

/* The lists as they came on Monday of week 23, a virtual clock. */
static inline void figures_open(struct report_test *t)
{
	clock_set_virtual(report_at(20230605, 8, 0));
	report_test_open(t, NULL);
	report_test_people(t);
}

static inline void figures_close(struct report_test *t)
{
	report_test_close(t);
	clock_set_real();
}

static inline int64_t int_of(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	assert_true(json_is_integer(v));
	return json_integer_value(v);
}

static inline const json_t *programme_of(const json_t *figures, size_t i)
{
	return json_array_get(json_object_get(figures, "programmes"), i);
}

struct progress {
	int64_t ids[12];
	size_t n;
};

static inline bool progress_take(const struct recipient *r, void *arg)
{
	struct progress *p = arg;

	if (r->state == 0 && r->hold == HOLD_NONE)
		p->ids[p->n++] = r->id;
	return p->n < 12;
}

static inline int progress_set(struct store *st, void *arg, struct err *e)
{
	struct progress *p = arg;

	for (size_t i = 0; i < p->n; i++) {
		if (store_recipient_set_state(st, p->ids[i], ACCOUNT, "can bo", e) < 1)
			return -1;
	}
	return 0;
}

/* Twelve households of the list get an account. */
static inline void twelve_get_an_account(struct report_test *t)
{
	struct progress p = {.n = 0};
	struct err e = ERR_INIT;

	world_must(store_recipient_scan(t->w.st, "vneid", 0, 5000, true, progress_take, &p, &e),
		   &e, "scan");
	assert_int_equal(p.n, 12);
	world_do(&t->w, progress_set, &p);
}

static inline char *weekly_text(const struct report_test *t, const json_t *figures)
{
	struct buf out = BUF_INIT(65536);
	struct err e = ERR_INIT;

	world_must(report_weekly_text(&t->h, figures, &out, &e), &e, "weekly");
	return buf_take(&out);
}

#endif
