/* SPDX-License-Identifier: Apache-2.0 */
#include "base/conf.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

/* What is being read: for messages, and for the names of environment variables. */
struct conf_reader {
	const struct ydoc *doc;
	struct err *err;
};

int conf_parse_duration(const char *text, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1},
		     {"s", CLOCK_SECOND_MS},
		     {"m", CLOCK_MINUTE_MS},
		     {"h", CLOCK_HOUR_MS},
		     {"d", CLOCK_DAY_MS}};
	size_t digits = strspn(text, "0123456789");
	int64_t n;

	if (digits == 0 || digits > 9)
		return -1;
	n = strtoll(text, NULL, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + digits, units[i].unit) == 0) {
			*ms = n * units[i].ms;
			return 0;
		}
	}
	return -1;
}

int conf_parse_time(const char *text, int64_t *minute)
{
	size_t len = strlen(text);
	int h, m;

	if (len != 5 || text[2] != ':' || strspn(text, "0123456789:") != len)
		return -1;
	h = (text[0] - '0') * 10 + (text[1] - '0');
	m = (text[3] - '0') * 10 + (text[4] - '0');
	if (h * 60 + m > 1440 || m > 59)
		return -1;
	*minute = h * 60 + m;
	return 0;
}

int conf_parse_date(const char *text, int64_t *day)
{
	int y, m, d, used = -1;
	bool ok;

	if (sscanf(text, "%4d-%2d-%2d%n", &y, &m, &d, &used) != 3 || used < 0 ||
	    text[used] != '\0') {
		used = -1;
		if (sscanf(text, "%2d/%2d/%4d%n", &d, &m, &y, &used) != 3 || used < 0 ||
		    text[used] != '\0')
			return -1;
	}
	*day = civil_day_from_date(y, m, d, &ok);
	return ok ? 0 : -1;
}

/* The choices of a field as "a", "b" or "c". */
static void conf_choices_text(const struct conf_field *f, struct buf *out)
{
	for (size_t i = 0; f->choices[i] != NULL; i++) {
		if (i > 0)
			(void)buf_adds(out, f->choices[i + 1] == NULL ? " or " : ", ");
		(void)buf_addf(out, "\"%s\"", f->choices[i]);
	}
}

/* What the field accepts, in words, for an error. */
static void conf_expectation(const struct conf_field *f, struct buf *out)
{
	switch (f->type) {
	case CONF_STRING:
		(void)buf_adds(out, "text");
		break;
	case CONF_INT:
		(void)buf_adds(out, "a whole number");
		if (f->min != 0 || f->max != 0)
			(void)buf_addf(out, " from %lld to %lld", (long long)f->min,
				       (long long)f->max);
		break;
	case CONF_BOOL:
		(void)buf_adds(out, "true or false");
		break;
	case CONF_CHOICE:
		conf_choices_text(f, out);
		break;
	case CONF_DURATION:
		(void)buf_adds(out, "a duration such as 30s, 5m, 2h, 3d");
		if (f->max != 0)
			(void)buf_addf(out, " (%llds to %llds)", (long long)f->min / 1000,
				       (long long)f->max / 1000);
		break;
	case CONF_TIME:
		(void)buf_adds(out, "a time of day such as \"17:30\"");
		break;
	case CONF_DATE:
		(void)buf_adds(out, "a date such as 20/06/2023");
		break;
	case CONF_STRINGS:
		(void)buf_adds(out, "a list of texts");
		break;
	case CONF_OBJECT:
		(void)buf_adds(out, "keys and values");
		break;
	case CONF_OBJECTS:
		(void)buf_addf(out, "a list, each element %s", f->table->what);
		break;
	case CONF_TREE:
		(void)buf_adds(out, "a value");
		break;
	}
}

/* A scalar from its text; dst points at the field. 0 or -1. */
static int conf_scalar_text(const struct conf_field *f, const char *text, void *dst)
{
	int64_t *num = dst;
	char *end;

	switch (f->type) {
	case CONF_STRING:
		*(char **)dst = mem_strdup(text);
		return 0;
	case CONF_INT:
		if (*text == '\0' || strlen(text) > 18)
			return -1;
		*num = strtoll(text, &end, 10);
		if (*end != '\0')
			return -1;
		break;
	case CONF_BOOL:
		*(bool *)dst = strcmp(text, "true") == 0;
		return *(bool *)dst || strcmp(text, "false") == 0 ? 0 : -1;
	case CONF_CHOICE:
		for (int i = 0; f->choices[i] != NULL; i++) {
			if (strcmp(text, f->choices[i]) == 0) {
				*(int *)dst = i;
				return 0;
			}
		}
		return -1;
	case CONF_DURATION:
		if (conf_parse_duration(text, num) < 0)
			return -1;
		break;
	case CONF_TIME:
		return conf_parse_time(text, num);
	case CONF_DATE:
		return conf_parse_date(text, num);
	default:
		return -1;
	}
	return (f->min == 0 && f->max == 0) || (*num >= f->min && *num <= f->max) ? 0 : -1;
}

/* The text of a JSON scalar, as it was written; NULL for a container. Yours to free(). */
static char *conf_scalar_of(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		return mem_strdup(json_string_value(v));
	case JSON_INTEGER:
		return mem_printf("%lld", (long long)json_integer_value(v));
	case JSON_REAL:
		return mem_printf("%.15g", json_real_value(v));
	case JSON_TRUE:
		return mem_strdup("true");
	case JSON_FALSE:
		return mem_strdup("false");
	default:
		return NULL;
	}
}

static int conf_wrong(const struct conf_reader *r, const json_t *obj,
		      const struct conf_field *f)
{
	struct buf want = BUF_INIT(512);
	int rc;

	conf_expectation(f, &want);
	rc = ydoc_error(r->doc, obj, f->key, 0, r->err, "\"%s\" must be %s", f->key,
			buf_text(&want));
	buf_free(&want);
	return rc;
}

static int conf_wrong_env(const struct conf_reader *r, const char *env,
			  const struct conf_field *f)
{
	struct buf want = BUF_INIT(512);
	int rc;

	conf_expectation(f, &want);
	rc = err_set(r->err, EX_CONFIG, "%s in the environment: \"%s\" must be %s", env, f->key,
		     buf_text(&want));
	buf_free(&want);
	return rc;
}

static int conf_read_object(const struct conf_reader *r, const json_t *obj,
			    const struct conf_table *t, const char *env, void *out);

static int conf_read_strings(const struct conf_reader *r, const json_t *obj,
			     const struct conf_field *f, const json_t *v,
			     struct conf_list *list)
{
	char **items;

	if (!json_is_array(v))
		return conf_wrong(r, obj, f);
	items = mem_calloc(json_array_size(v), sizeof(*items));
	list->items = items;
	list->n = json_array_size(v);
	for (size_t i = 0; i < list->n; i++) {
		items[i] = conf_scalar_of(json_array_get(v, i));
		if (items[i] == NULL)
			return ydoc_error(r->doc, v, NULL, i, r->err, "must be text");
	}
	return 0;
}

static int conf_read_objects(const struct conf_reader *r, const json_t *obj,
			     const struct conf_field *f, const json_t *v,
			     struct conf_list *list)
{
	if (!json_is_array(v))
		return conf_wrong(r, obj, f);
	list->items = mem_calloc(json_array_size(v), f->table->size);
	for (size_t i = 0; i < json_array_size(v); i++) {
		const json_t *item = json_array_get(v, i);
		void *at = (char *)list->items + i * f->table->size;

		if (!json_is_object(item))
			return ydoc_error(r->doc, v, NULL, i, r->err,
					  "must be %s (keys and values)", f->table->what);
		list->n = i + 1;
		if (conf_read_object(r, item, f->table, NULL, at) < 0)
			return -1;
	}
	return 0;
}

static int conf_read_field(const struct conf_reader *r, const json_t *obj,
			   const struct conf_field *f, const char *env, void *dst)
{
	const json_t *v = obj == NULL ? NULL : json_object_get(obj, f->key);
	const char *from_env = env == NULL ? NULL : getenv(env);
	char *text = NULL;
	int rc;

	if (json_is_null(v))
		v = NULL;
	if (f->type == CONF_OBJECT) {
		if (v != NULL && !json_is_object(v))
			return conf_wrong(r, obj, f);
		return conf_read_object(r, v, f->table, env, dst);
	}
	if (f->type < CONF_STRINGS && from_env != NULL) {
		if (conf_scalar_text(f, from_env, dst) == 0)
			return 0;
		return conf_wrong_env(r, env, f);
	}
	if (f->required && (v == NULL || (f->type == CONF_STRING && json_is_string(v) &&
					  *json_string_value(v) == '\0')))
		return ydoc_error(r->doc, obj, v != NULL ? f->key : NULL, 0, r->err,
				  "\"%s\" is missing: %s", f->key, f->help);
	if (v == NULL) {
		if (f->fallback == NULL)
			return 0;
		if (conf_scalar_text(f, f->fallback, dst) < 0)
			abort(); /* a default that its own field refuses is our mistake */
		return 0;
	}
	switch (f->type) {
	case CONF_STRINGS:
		rc = conf_read_strings(r, obj, f, v, dst);
		break;
	case CONF_OBJECTS:
		rc = conf_read_objects(r, obj, f, v, dst);
		break;
	case CONF_TREE:
		*(json_t **)dst = json_incref((json_t *)(uintptr_t)v);
		return 0;
	default:
		text = conf_scalar_of(v);
		rc = text != NULL && conf_scalar_text(f, text, dst) == 0
			 ? 0
			 : conf_wrong(r, obj, f);
		free(text);
		return rc;
	}
	if (rc == 0 && f->max > 0 &&
	    (((struct conf_list *)dst)->n < (size_t)f->min ||
	     ((struct conf_list *)dst)->n > (size_t)f->max))
		rc = ydoc_error(r->doc, obj, f->key, 0, r->err,
				"\"%s\" must have %lld to %lld elements", f->key,
				(long long)f->min, (long long)f->max);
	return rc;
}

static int conf_unknown(const struct conf_reader *r, const json_t *obj,
			const struct conf_table *t, const char *key)
{
	struct buf names = BUF_INIT(700);
	int rc;

	for (const struct conf_field *f = t->fields; f->key != NULL; f++)
		(void)buf_addf(&names, "%s%s", f == t->fields ? "" : ", ", f->key);
	rc = ydoc_error(r->doc, obj, key, 0, r->err, "unknown key \"%s\" in %s; known: %s", key,
			t->what, buf_text(&names));
	buf_free(&names);
	return rc;
}

static char *conf_env_name(const char *prefix, const char *key)
{
	char *name;

	if (prefix == NULL)
		return NULL;
	name = mem_printf("%s_%s", prefix, key);
	for (char *p = name; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	return name;
}

static int conf_read_object(const struct conf_reader *r, const json_t *obj,
			    const struct conf_table *t, const char *env, void *out)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)obj, key, value)
	{
		const struct conf_field *f = t->fields;

		while (f->key != NULL && strcmp(f->key, key) != 0)
			f++;
		if (f->key == NULL)
			return conf_unknown(r, obj, t, key);
	}
	for (const struct conf_field *f = t->fields; f->key != NULL; f++) {
		char *name = conf_env_name(env, f->key);
		int rc = conf_read_field(r, obj, f, name, (char *)out + f->offset);

		free(name);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int conf_read(const struct ydoc *doc, const json_t *obj, const struct conf_table *table,
	      const char *env_prefix, void *out, struct err *e)
{
	struct conf_reader r = {.doc = doc, .err = e};

	memset(out, 0, table->size);
	if (obj != NULL && !json_is_object(obj) && !json_is_null(obj))
		return ydoc_error(doc, NULL, NULL, 0, e, "%s is keys and values", table->what);
	if (conf_read_object(&r, json_is_null(obj) ? NULL : obj, table, env_prefix, out) == 0)
		return 0;
	conf_free(table, out);
	return -1;
}

void conf_free(const struct conf_table *table, void *out)
{
	for (const struct conf_field *f = table->fields; f->key != NULL; f++) {
		void *at = (char *)out + f->offset;
		struct conf_list *list = at;

		switch (f->type) {
		case CONF_STRING:
			free(*(char **)at);
			break;
		case CONF_TREE:
			json_decref(*(json_t **)at);
			break;
		case CONF_OBJECT:
			conf_free(f->table, at);
			break;
		case CONF_STRINGS:
			for (size_t i = 0; i < list->n; i++)
				free(((char **)list->items)[i]);
			free(list->items);
			break;
		case CONF_OBJECTS:
			for (size_t i = 0; i < list->n; i++)
				conf_free(f->table, (char *)list->items + i * f->table->size);
			free(list->items);
			break;
		default:
			break;
		}
	}
	memset(out, 0, table->size);
}

static json_t *conf_field_schema(const struct conf_field *f)
{
	json_t *s = NULL, *choices;

	switch (f->type) {
	case CONF_STRING:
		s = json_pack("{s:[sss]}", "type", "string", "number", "boolean");
		break;
	case CONF_INT:
		s = json_pack("{s:s}", "type", "integer");
		if (f->min != 0 || f->max != 0) {
			json_object_set_new(s, "minimum", json_integer(f->min));
			json_object_set_new(s, "maximum", json_integer(f->max));
		}
		break;
	case CONF_BOOL:
		s = json_pack("{s:s}", "type", "boolean");
		break;
	case CONF_CHOICE:
		choices = json_array();
		for (size_t i = 0; f->choices[i] != NULL; i++)
			json_array_append_new(choices, json_string(f->choices[i]));
		s = json_pack("{s:o}", "enum", choices);
		break;
	case CONF_DURATION:
		s = json_pack("{s:s,s:s}", "type", "string", "pattern", "^[0-9]+(ms|s|m|h|d)$");
		break;
	case CONF_TIME:
		s = json_pack("{s:s,s:s}", "type", "string", "pattern",
			      "^[0-2][0-9]:[0-5][0-9]$");
		break;
	case CONF_DATE:
		s = json_pack("{s:s,s:s}", "type", "string", "pattern",
			      "^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}/[0-9]{2}/[0-9]{4})$");
		break;
	case CONF_STRINGS:
		s = json_pack("{s:s,s:{s:[sss]}}", "type", "array", "items", "type", "string",
			      "number", "boolean");
		break;
	case CONF_OBJECT:
		s = conf_schema(f->table);
		break;
	case CONF_OBJECTS:
		s = json_pack("{s:s,s:o}", "type", "array", "items", conf_schema(f->table));
		break;
	case CONF_TREE:
		s = json_object();
		break;
	}
	if (f->help != NULL)
		json_object_set_new(s, "description", json_string(f->help));
	if (f->fallback != NULL)
		json_object_set_new(s, "default", json_string(f->fallback));
	return s;
}

json_t *conf_schema(const struct conf_table *table)
{
	json_t *props = json_object(), *required = json_array(), *s;

	for (const struct conf_field *f = table->fields; f->key != NULL; f++) {
		json_object_set_new(props, f->key, conf_field_schema(f));
		if (f->required)
			json_array_append_new(required, json_string(f->key));
	}
	s = json_pack("{s:s,s:b,s:o}", "type", "object", "additionalProperties", 0,
		      "properties", props);
	if (json_array_size(required) > 0)
		json_object_set(s, "required", required);
	json_decref(required);
	return s;
}
