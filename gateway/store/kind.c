/* SPDX-License-Identifier: Apache-2.0 */
/* How many rows agree in everything that a predicate looks at (schema/0010_audience.sql): new rows are
 * counted here and told to the table together. Changes of rows are the triggers'. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/private.h"

/* A list has some hundreds; more are told before the commit. */
#define KIND_MAX   2048
#define KIND_SLOTS ((size_t)2 * KIND_MAX) /* a power of two */
/* The year of birth is told of those born since then. */
#define KIND_YOUNG 2000

/* Numbers in the order of the table's columns. */
enum kind_number {
	KIND_UNIT,
	KIND_STATE,
	KIND_HOLD,
	KIND_SEX,
	KIND_BIRTH_PRECISION,
	KIND_BIRTH_YEAR,
	KIND_PHONE_STATUS,
	KIND_PHONE_FLAGS,
	KIND_REACH,
	KIND_NUMBERS
};

struct kind {
	char *programme, *facts;
	int64_t numbers[KIND_NUMBERS], n;
	uint64_t hash;
};

struct kinds {
	struct kind items[KIND_MAX];
	size_t n;
	uint16_t slots[KIND_SLOTS]; /* index + 1 of an item; 0 = none */
};

/* FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv), a word or a byte at a time. */
static uint64_t kind_hash(const struct kind *k)
{
	const uint64_t prime = UINT64_C(0x100000001b3);
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < KIND_NUMBERS; i++)
		h = (h ^ (uint64_t)k->numbers[i]) * prime;
	for (const char *p = k->facts; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * prime;
	return h ^ h >> 32;
}

static bool kind_same(const struct kind *a, const struct kind *b)
{
	return a->hash == b->hash && memcmp(a->numbers, b->numbers, sizeof(a->numbers)) == 0 &&
	       strcmp(a->facts, b->facts) == 0 && strcmp(a->programme, b->programme) == 0;
}

int kind_new(struct store *st, const char *programme, const struct recipient *r,
	     const char *facts, int reach, struct err *e)
{
	struct kind k = {.programme = (char *)(uintptr_t)programme,
			 .facts = (char *)(uintptr_t)facts,
			 .numbers = {r->unit_id, r->state, r->hold, r->sex, r->birth_precision,
				     r->birth_year >= KIND_YOUNG ? r->birth_year : 0,
				     r->phone_status, r->phone_flags, reach}};
	struct kinds *all;
	size_t i;

	if (st->kinds != NULL && st->kinds->n == KIND_MAX && kind_flush(st, e) != 0)
		return -1;
	if (st->kinds == NULL)
		st->kinds = mem_calloc(1, sizeof(*st->kinds));
	all = st->kinds;
	k.hash = kind_hash(&k);
	for (i = k.hash % KIND_SLOTS; all->slots[i] != 0; i = (i + 1) % KIND_SLOTS) {
		struct kind *known = &all->items[all->slots[i] - 1];

		if (kind_same(known, &k)) {
			known->n++;
			return 0;
		}
	}
	k.programme = mem_strdup(programme);
	k.facts = mem_strdup(facts);
	k.n = 1;
	all->items[all->n++] = k;
	all->slots[i] = (uint16_t)all->n;
	return 0;
}

void kind_forget(struct store *st)
{
	if (st->kinds == NULL)
		return;
	for (size_t i = 0; i < st->kinds->n; i++) {
		free(st->kinds->items[i].programme);
		free(st->kinds->items[i].facts);
	}
	free(st->kinds);
	st->kinds = NULL;
}

int kind_flush(struct store *st, struct err *e)
{
	static const char ADD[] =
	    "INSERT INTO recipient_kind(programme, unit_id, state, hold, sex, birth_precision,"
	    " birth_year, phone_status, phone_flags, reach, facts, n)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
	    " ON CONFLICT (programme, unit_id, state, hold, sex, birth_precision, birth_year,"
	    " phone_status, phone_flags, reach, facts) DO UPDATE SET n = n + excluded.n";

	for (size_t i = 0; st->kinds != NULL && i < st->kinds->n; i++) {
		const struct kind *k = &st->kinds->items[i];
		struct db_stmt *s = db_query(st->db, ADD, e);

		if (s == NULL)
			return -1;
		db_put_text(s, k->programme);
		for (size_t j = 0; j < KIND_NUMBERS; j++)
			db_put_int(s, k->numbers[j]);
		db_put_text(s, k->facts);
		db_put_int(s, k->n);
		if (db_run(s, e) != 0)
			return -1;
	}
	kind_forget(st);
	return 0;
}
