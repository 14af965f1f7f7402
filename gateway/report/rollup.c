/* SPDX-License-Identifier: Apache-2.0 */
#include "report/rollup.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "provider/provider.h"
#include "report/deliver.h"
#include "report/figures.h"
#include "text/vi.h"

/* Standard Webhooks: what is older, or newer, was recorded or has a wrong clock. */
#define ROLLUP_TOLERANCE_S (5 * 60)
/* Nobody has spent more, in đồng; moments in ms are below it for three centuries. A thousand times the sum of
 * 400 of them still is a number. */
#define ROLLUP_MOST INT64_C(10000000000000)
/* Bytes of a name in JSON, and how many that the text names are asked for their signature. */
#define ROLLUP_NAME_MAX 1024
#define ROLLUP_CLAIMS	2

/* ---- who is it --------------------------------------------------------------------------- */

/* Two keyboards, two ways to write one letter: ours is as it stands in a file. name is in NFC. */
static bool rollup_is(const struct report_commune *m, const char *name)
{
	char *ours = vi_nfc(m->name);
	bool same = strcmp(ours, name) == 0;

	free(ours);
	return same;
}

static const struct report_commune *rollup_commune(const struct reports_config *c,
						   const char *name)
{
	const struct report_commune *all = c->communes.items, *found = NULL;
	char *theirs = vi_nfc(name);

	for (size_t i = 0; i < c->communes.n && found == NULL; i++) {
		if (rollup_is(&all[i], theirs))
			found = &all[i];
	}
	free(theirs);
	return found;
}

/* The header holds signatures with spaces between: of the old secret and the new. */
static bool rollup_signed(const char *secret, const struct rollup_call *call, int64_t stamp)
{
	struct err ignored = ERR_INIT;
	const char *at = call->signature;
	char right[64];
	size_t n;

	if (deliver_signature(secret, call->id, stamp, call->body, call->len, right, &ignored) <
	    0)
		return false;
	n = strlen(right);
	while (*at != '\0') {
		size_t len = strcspn(at, " ");

		if (len == n && sodium_memcmp(at, right, n) == 0)
			return true;
		at += len;
		at += strspn(at, " ");
	}
	return false;
}

static bool rollup_proved(const struct report_commune *m, const struct rollup_call *call,
			  int64_t stamp)
{
	struct err ignored = ERR_INIT;
	bool file = m->secret == NULL || *m->secret == '\0';
	char *secret =
	    file ? provider_read_secret(m->secret_file, &ignored) : mem_strdup(m->secret);
	bool proved = secret != NULL && rollup_signed(secret, call, stamp);

	if (secret != NULL)
		mem_free_secret(secret, strlen(secret));
	return proved;
}

/* Whether every number can be added to those of others: theirs are counts, sums of money, moments. */
static bool rollup_countable(const json_t *o)
{
	json_int_t n = json_integer_value(o);
	const char *key;
	json_t *v;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)o, i, v)
	{
		if (!rollup_countable(v))
			return false;
	}
	json_object_foreach((json_t *)(uintptr_t)o, key, v)
	{
		if (!rollup_countable(v))
			return false;
	}
	return n >= -ROLLUP_MOST && n <= ROLLUP_MOST;
}

static int rollup_unknown(struct err *e)
{
	return err_set(e, EX_NOPERM, "nobody whom we know");
}

/* Whom the text says it is from, at *at or after it; at the end of what was looked at then. Only found, not
 * read: what nobody has proved is not made a tree of. NULL: nobody whom we know. */
static const struct report_commune *rollup_claimed(const struct reports_config *c,
						   const char **at, const char *end)
{
	static const char key[] = "\"commune\"";

	while ((*at = memmem(*at, (size_t)(end - *at), key, sizeof(key) - 1)) != NULL) {
		const struct report_commune *m;
		const char *quote;
		json_t *name;

		*at += sizeof(key) - 1;
		while (*at < end && strchr(" \t\r\n:", **at) != NULL && **at != '\0')
			(*at)++;
		if (*at == end || **at != '"')
			continue;
		quote = memchr(*at + 1, '"', (size_t)(end - *at - 1));
		if (quote == NULL || quote - *at > ROLLUP_NAME_MAX)
			continue;
		name = json_loadb(*at, (size_t)(quote - *at) + 1, JSON_DECODE_ANY, NULL);
		m = name != NULL ? rollup_commune(c, json_string_value(name)) : NULL;
		json_decref(name);
		*at = quote;
		if (m != NULL)
			return m;
	}
	return NULL;
}

/* Whose signature is on it. */
static const struct report_commune *rollup_sender(const struct reports_config *c,
						  const struct rollup_call *call, int64_t stamp)
{
	const char *at = call->body, *end = call->body + call->len;
	const struct report_commune *m;

	for (int i = 0; i < ROLLUP_CLAIMS; i++) {
		m = rollup_claimed(c, &at, end);
		if (m == NULL || rollup_proved(m, call, stamp))
			return m;
	}
	return NULL;
}

int rollup_verify(const struct reports_config *c, const struct rollup_call *call, int64_t now,
		  struct rollup_word *out, struct err *e)
{
	const struct report_commune *m;
	const json_t *figures;
	char *end = NULL;
	int64_t stamp, now_s;
	json_t *body;
	int rc = -1;

	if (call->id == NULL || call->timestamp == NULL || call->signature == NULL ||
	    strlen(call->id) > 128 || c->communes.n == 0)
		return rollup_unknown(e);
	stamp = strtoll(call->timestamp, &end, 10);
	now_s = now / CLOCK_SECOND_MS;
	/* theirs may be any number: nothing is taken from it */
	if (end == call->timestamp || *end != '\0' || stamp < now_s - ROLLUP_TOLERANCE_S ||
	    stamp > now_s + ROLLUP_TOLERANCE_S)
		return rollup_unknown(e);
	m = rollup_sender(c, call, stamp);
	if (m == NULL)
		return rollup_unknown(e);
	body = json_loadb(call->body, call->len, JSON_REJECT_DUPLICATES, NULL);
	figures = json_object_get(json_object_get(body, "data"), "figures");
	if (strcmp(figures_text(body, "type"), "report.weekly") != 0 ||
	    rollup_commune(c, figures_text(figures, "commune")) != m ||
	    !rollup_countable(figures) || *figures_text(figures, "week") == '\0' ||
	    report_week_parse(figures_text(figures, "week"), now, &out->week, e) < 0) {
		rc = err_set(e, EX_DATAERR, "this is no summary of a week");
	} else {
		out->commune = m->name;
		rc = 0;
	}
	json_decref(body);
	return rc;
}

/* ---- the week of all --------------------------------------------------------------------- */

static json_t *rollup_target(const char *programme, const json_t *t)
{
	json_t *o = json_pack("{s:s}", "programme", programme);
	static const char *const keys[] = {"id",       "title", "unit",
					   "assigned", "count", "reached"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_set(o, keys[i], json_object_get(t, keys[i]));
	return o;
}

/* Adds one commune's target to the total of its kind. */
static void rollup_add(json_t *totals, const json_t *target)
{
	static const char *const sums[] = {"assigned", "count", "reached"};
	json_t *o;
	size_t i;

	json_array_foreach(totals, i, o)
	{
		if (strcmp(figures_text(o, "programme"), figures_text(target, "programme")) !=
			0 ||
		    strcmp(figures_text(o, "id"), figures_text(target, "id")) != 0)
			continue;
		for (size_t k = 0; k < 3; k++)
			json_object_set_new(o, sums[k],
					    json_integer(figures_int(o, sums[k]) +
							 figures_int(target, sums[k])));
		return;
	}
	json_array_append_new(totals, json_deep_copy(target));
}

static json_t *rollup_targets(const json_t *figures, json_t *totals)
{
	json_t *list = json_array();
	const json_t *p, *t;
	size_t i, k;

	json_array_foreach(json_object_get(figures, "programmes"), i, p)
	{
		json_array_foreach(json_object_get(p, "targets"), k, t)
		{
			json_t *o = rollup_target(figures_text(p, "name"), t);

			rollup_add(totals, o);
			json_array_append_new(list, o);
		}
	}
	return list;
}

int rollup_figures(struct store *st, const char *commune, int iso_week, json_t **figures,
		   int64_t *received_at, struct err *e)
{
	char *text = NULL;
	json_t *body;
	int rc = store_subordinate_get(st, commune, iso_week, &text, received_at, e);

	*figures = NULL;
	if (rc <= 0)
		return rc;
	body = json_loads(text, 0, NULL);
	*figures = json_incref(json_object_get(json_object_get(body, "data"), "figures"));
	json_decref(body);
	free(text);
	if (*figures == NULL)
		return err_set(e, EX_DATAERR, "the summary of %s cannot be read", commune);
	return 1;
}

static int rollup_one(struct store *st, const char *name, int week, int64_t by, int64_t now,
		      json_t *out, struct err *e)
{
	json_t *totals = json_object_get(out, "totals"), *figures;
	int64_t at = 0;
	int rc = rollup_figures(st, name, week, &figures, &at, e);
	bool late = (rc > 0 ? at : now) > by;
	const char *count = rc == 0 ? "missing" : "late";

	if (rc < 0)
		return -1;
	json_array_append_new(json_object_get(out, "communes"),
			      json_pack("{s:s, s:I, s:b, s:b, s:o}", "name", name,
					"received_at", (json_int_t)at, "late", late, "missing",
					rc == 0, "targets", rollup_targets(figures, totals)));
	if (rc == 0 || late)
		json_object_set_new(out, count, json_integer(figures_int(out, count) + 1));
	json_decref(figures);
	return 0;
}

json_t *rollup_week(struct store *st, const struct report_house *h, int iso_week, int64_t now,
		    struct err *e)
{
	const struct report_commune *all = h->cfg->communes.items;
	int64_t by = report_schedule_of(h, iso_week).communes_by;
	char week[16];
	json_t *out;

	(void)snprintf(week, sizeof(week), "%d-W%02d", iso_week / 100, iso_week % 100);
	out = json_pack("{s:s, s:I, s:[], s:[], s:i, s:i}", "week", week, "deadline",
			(json_int_t)by, "communes", "totals", "missing", 0, "late", 0);
	for (size_t i = 0; i < h->cfg->communes.n; i++) {
		if (rollup_one(st, all[i].name, iso_week, by, now, out, e) < 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

int rollup_text(struct store *st, const char *commune, int iso_week, char **text, struct err *e)
{
	int64_t at;
	char *body = NULL;
	const json_t *data;
	json_t *o;
	int rc = store_subordinate_get(st, commune, iso_week, &body, &at, e);

	if (rc <= 0)
		return rc;
	o = json_loads(body, 0, NULL);
	data = json_object_get(o, "data");
	*text = mem_strdup(json_object_get(data, "text") != NULL
			       ? figures_text(data, "text")
			       : "(lời văn đã hết hạn lưu; số liệu vẫn còn)");
	json_decref(o);
	free(body);
	return 1;
}
