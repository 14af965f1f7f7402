/* SPDX-License-Identifier: Apache-2.0 */
/* What an approval froze: texts and audiences, by their hashes. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/plan.h"

/* NUL included, so that no two texts run together. */
static void plan_hash_text(crypto_hash_sha256_state *h, const char *s)
{
	if (s == NULL)
		s = "";
	(void)crypto_hash_sha256_update(h, (const unsigned char *)s, strlen(s) + 1);
}

void plan_texts_hash(const struct campaign_plan *p, char out[65])
{
	crypto_hash_sha256_state h;
	unsigned char digest[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256_init(&h);
	plan_hash_text(&h, p->house->office);
	plan_hash_text(&h, p->house->commune);
	plan_hash_text(&h, p->house->card_name);
	plan_hash_text(&h, p->house->phone_office);
	plan_hash_text(&h, p->deadline);
	plan_hash_text(&h, p->row->ladder);
	for (int i = 0; i < p->n_audiences; i++) {
		const struct plan_audience *a = &p->audiences[i];

		plan_hash_text(&h, a->a->id);
		plan_hash_text(&h, a->a->sms);
		plan_hash_text(&h, a->file);
		plan_hash_text(&h, plan_form_file(a));
		plan_hash_text(&h, a->a->place);
		for (int k = 0; k < a->n_steps; k++) {
			plan_hash_text(&h, a->steps[k].as.sms);
			plan_hash_text(&h, a->steps[k].text.file);
		}
	}
	(void)crypto_hash_sha256_final(&h, digest);
	(void)sodium_bin2hex(out, 65, digest, sizeof(digest));
}

/* Audiences and predicates as they are written. An audience takes whoever none before it took, so that all of them
 * count. */
static void plan_audiences_hash(const struct campaign_plan *p, char out[65])
{
	const struct programme_named *n = p->programme->named.items;
	crypto_hash_sha256_state h;
	unsigned char digest[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256_init(&h);
	for (size_t i = 0; i < p->programme->audiences.n; i++) {
		const struct programme_audience *a =
		    programme_audience_at(p->programme, (int)i);

		plan_hash_text(&h, a->id);
		plan_hash_text(&h, a->when);
		plan_hash_text(&h, a->hold ? "hold" : "");
	}
	for (size_t i = 0; i < p->programme->named.n; i++) {
		plan_hash_text(&h, n[i].id);
		plan_hash_text(&h, n[i].when);
	}
	(void)crypto_hash_sha256_final(&h, digest);
	(void)sodium_bin2hex(out, 65, digest, sizeof(digest));
}

void plan_frozen(const struct campaign_plan *p, char out[PLAN_FROZEN])
{
	plan_texts_hash(p, out);
	plan_audiences_hash(p, out + 64);
}

int plan_texts_hold(struct store *st, const struct campaign_plan *p, struct err *e)
{
	char *key = mem_printf(CAMPAIGN_TEXTS_KEY, (long long)p->row->id), *frozen = NULL;
	char now[PLAN_FROZEN];
	int rc = store_meta_get(st, key, &frozen, e);

	if (rc > 0) {
		plan_frozen(p, now);
		/* Of a campaign that an older release started the texts alone are known. */
		rc = strncmp(frozen, now, strlen(frozen)) == 0;
	} else if (rc == 0) {
		rc = 1;
	}
	free(frozen);
	free(key);
	return rc;
}
