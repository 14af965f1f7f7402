/* SPDX-License-Identifier: Apache-2.0 */
/* What is in force, for people to look at: never a secret. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/mem.h"

/* What stands in place of a secret that is there. */
#define CONF_HIDDEN "•••"

static bool conf_show_hides(const char *key)
{
	size_t n = strlen(key);

	if (n > 5 && strcmp(key + n - 5, "_file") == 0)
		return false;
	return strstr(key, "secret") != NULL || strstr(key, "password") != NULL ||
	       strstr(key, "token") != NULL;
}

static json_t *conf_show_duration(int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = {{CLOCK_DAY_MS, "d"},
		     {CLOCK_HOUR_MS, "h"},
		     {CLOCK_MINUTE_MS, "m"},
		     {CLOCK_SECOND_MS, "s"}};

	for (size_t i = 0; ms != 0 && i < sizeof(units) / sizeof(units[0]); i++) {
		if (ms % units[i].ms == 0)
			return json_sprintf("%" PRId64 "%s", ms / units[i].ms, units[i].unit);
	}
	return json_sprintf("%" PRId64 "ms", ms);
}

static json_t *conf_show_texts(const struct conf_list *list)
{
	json_t *all = json_string(""), *next;

	for (size_t i = 0; i < list->n; i++) {
		next = json_sprintf("%s%s%s", json_string_value(all), i > 0 ? ", " : "",
				    ((char *const *)list->items)[i]);
		json_decref(all);
		all = next;
	}
	return all;
}

/* Of a tree that may hold secrets only the names of its members; of an address that may, only its host. */
static json_t *conf_show_tree(const char *key, const json_t *tree)
{
	json_t *names, *text, *value;
	const char *name;
	char *plain;

	if (conf_show_hides(key)) {
		names = json_string("");
		json_object_foreach((json_t *)(uintptr_t)tree, name, value)
		{
			text =
			    json_sprintf("%s%s%s: " CONF_HIDDEN, json_string_value(names),
					 *json_string_value(names) != '\0' ? ", " : "", name);
			json_decref(names);
			names = text;
		}
		return names;
	}
	plain = tree != NULL ? json_dumps(tree, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	text = json_string(plain != NULL ? plain : "");
	free(plain);
	return text;
}

static json_t *conf_show_text(const char *key, const char *text)
{
	const char *host = text != NULL ? strstr(text, "://") : NULL;

	if (text == NULL || *text == '\0')
		return json_string("");
	if (conf_show_hides(key))
		return json_string(CONF_HIDDEN);
	/* an address may carry a token behind its host */
	if (strcmp(key, "url") == 0 && host != NULL)
		return json_stringn(text, (size_t)(host - text) + 3 + strcspn(host + 3, "/?#"));
	return json_string(text);
}

static json_t *conf_show_value(const struct conf_field *f, const void *at)
{
	const int64_t *n = at;
	char day[16];

	switch (f->type) {
	case CONF_STRING:
		return conf_show_text(f->key, *(char *const *)at);
	case CONF_INT:
		return json_sprintf("%" PRId64, *n);
	case CONF_BOOL:
		return json_string(*(const bool *)at ? "true" : "false");
	case CONF_CHOICE:
		return json_string(f->choices[*(const int *)at]);
	case CONF_DURATION:
		return conf_show_duration(*n);
	case CONF_TIME:
		return json_sprintf("%02d:%02d", (int)(*n / 60), (int)(*n % 60));
	case CONF_DATE:
		civil_day_format_iso((civil_day)*n, day);
		return json_string(*n != 0 ? day : "");
	case CONF_STRINGS:
		return conf_show_texts(at);
	case CONF_TREE:
		return conf_show_tree(f->key, *(json_t *const *)at);
	default:
		return json_string("");
	}
}

static void conf_show_into(const struct conf_table *t, const void *obj, const char *prefix,
			   json_t *out)
{
	for (const struct conf_field *f = t->fields; f->key != NULL; f++) {
		const void *at = (const char *)obj + f->offset;
		const struct conf_list *list = at;
		char *key = mem_printf("%s%s", prefix, f->key), *deeper;

		if (f->type == CONF_OBJECT) {
			deeper = mem_printf("%s.", key);
			conf_show_into(f->table, at, deeper, out);
			free(deeper);
		} else if (f->type == CONF_OBJECTS) {
			for (size_t i = 0; i < list->n; i++) {
				deeper = mem_printf("%s[%zu].", key, i);
				conf_show_into(f->table,
					       (const char *)list->items + i * f->table->size,
					       deeper, out);
				free(deeper);
			}
		} else {
			json_array_append_new(out,
					      json_pack("{s:s, s:o, s:s}", "key", key, "value",
							conf_show_value(f, at), "help",
							f->help != NULL ? f->help : ""));
		}
		free(key);
	}
}

json_t *conf_show(const struct conf_table *table, const void *obj)
{
	json_t *out = json_array();

	conf_show_into(table, obj, "", out);
	return out;
}
