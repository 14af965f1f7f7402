/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/form.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "provider/rules.h"
#include "text/template.h"
#include "text/vi.h"

enum { FORM_WORDING_MAX = 4096, FORM_PARAMETERS_MAX = 20 };

#define AT(type, member) .offset = offsetof(struct type, member)

/* In the order of enum form_type. */
static const char *const types[] = {"text", "number", "date", NULL};

static const struct conf_field parameter_fields[] = {
    {.key = "name",
     .type = CONF_STRING,
     AT(form_parameter, name),
     .required = true,
     .help = "as registered; a-z, 0-9 and _"},
    {.key = "value",
     .type = CONF_STRING,
     AT(form_parameter, value),
     .required = true,
     .help = "what to put there, {{NAME}} as in the texts for SMS"},
    {.key = "max",
     .type = CONF_INT,
     AT(form_parameter, max),
     .required = true,
     .min = 1,
     .max = 1000,
     .help = "characters it may have, as registered"},
    {.key = "type",
     .type = CONF_CHOICE,
     AT(form_parameter, type),
     .choices = types,
     .fallback = "text",
     .help = "text, number (digits only) or date (dd/MM/yyyy)"},
    {.key = NULL},
};
static const struct conf_table parameter_table = {"a parameter", sizeof(struct form_parameter),
						  parameter_fields};

static const struct conf_field form_fields[] = {
    {.key = "template",
     .type = CONF_STRING,
     AT(form, template),
     .required = true,
     .help = "the number under which the template is registered"},
    {.key = "parameters",
     .type = CONF_OBJECTS,
     AT(form, parameters),
     .required = true,
     .min = 1,
     .max = FORM_PARAMETERS_MAX,
     .table = &parameter_table,
     .help = "its parameters, in their order"},
    {.key = "text",
     .type = CONF_STRING,
     AT(form, text),
     .required = true,
     .help = "its wording, <name> where a parameter stands"},
    {.key = NULL},
};
static const struct conf_table form_table = {"a registered template", sizeof(struct form),
					     form_fields};

const struct form_parameter *form_parameter_at(const struct form *f, size_t i)
{
	return (const struct form_parameter *)f->parameters.items + i;
}

static const struct form_parameter *form_find(const struct form *f, const char *name,
					      size_t len, size_t *at)
{
	for (size_t i = 0; i < f->parameters.n; i++) {
		const struct form_parameter *p = form_parameter_at(f, i);

		if (strlen(p->name) == len && strncmp(p->name, name, len) == 0) {
			*at = i;
			return p;
		}
	}
	return NULL;
}

/* The next <name> in text: where it begins, its name in *name and *len; NULL when there is none. */
static const char *form_mark(const char *text, const char **name, size_t *len)
{
	while ((text = strchr(text, '<')) != NULL) {
		*name = text + 1;
		*len = strspn(*name, "abcdefghijklmnopqrstuvwxyz0123456789_");
		if (*len > 0 && (*name)[*len] == '>')
			return text;
		text++;
	}
	return NULL;
}

static int form_check_parameters(const struct ydoc *doc, const struct form *f, struct err *e)
{
	const json_t *list = json_object_get(doc->root, "parameters");

	for (size_t i = 0; i < f->parameters.n; i++) {
		const struct form_parameter *p = form_parameter_at(f, i);
		const json_t *at = json_array_get(list, i);
		char *mark = mem_printf("<%s>", p->name);
		bool said = strstr(f->text, mark) != NULL;
		struct err why = ERR_INIT;
		struct template *t;
		size_t first = 0;

		free(mark);
		(void)form_find(f, p->name, strlen(p->name), &first);
		if (strspn(p->name, "abcdefghijklmnopqrstuvwxyz0123456789_") !=
			strlen(p->name) ||
		    *p->name == '\0' || first != i)
			return ydoc_error(doc, at, "name", 0, e,
					  "\"%s\" is no name or stands there twice", p->name);
		if (!said)
			return ydoc_error(doc, at, "name", 0, e,
					  "the wording (text) has no <%s>", p->name);
		t = template_compile("value", p->value, strlen(p->value), NULL, &why);
		template_free(t);
		if (t == NULL)
			return ydoc_error(doc, at, "value", 0, e, "%s", why.text);
	}
	return 0;
}

static int form_check(const struct ydoc *doc, const struct form *f, struct err *e)
{
	const char *at = f->text, *name;
	size_t len, i;

	if (*f->template == '\0' ||
	    strspn(f->template, "0123456789abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") != strlen(f->template))
		return ydoc_error(doc, doc->root, "template", 0, e,
				  "\"template\" is letters and digits");
	while (form_mark(at, &name, &len) != NULL) {
		if (form_find(f, name, len, &i) == NULL)
			return ydoc_error(doc, doc->root, "text", 0, e,
					  "the wording has <%.*s>, which is no parameter",
					  (int)len, name);
		at = name + len;
	}
	return form_check_parameters(doc, f, e);
}

static int form_read_doc(struct ydoc *doc, struct form *out, struct err *e)
{
	int rc = -1;

	*out = (struct form){0};
	if (!json_is_object(doc->root))
		(void)ydoc_error(doc, NULL, NULL, 0, e,
				 "a registered template is keys and values");
	else if (conf_read(doc, doc->root, &form_table, NULL, out, e) == 0)
		rc = form_check(doc, out, e);
	if (rc < 0)
		form_free(out);
	ydoc_free(doc);
	return rc;
}

int form_load(const char *path, struct form *out, struct err *e)
{
	struct ydoc doc = {0};

	return ydoc_load_file(path, &doc, e) < 0 ? -1 : form_read_doc(&doc, out, e);
}

int form_read(const char *name, const char *text, size_t len, struct form *out, struct err *e)
{
	struct ydoc doc = {0};

	return ydoc_load_text(name, text, len, &doc, e) < 0 ? -1 : form_read_doc(&doc, out, e);
}

void form_free(struct form *f)
{
	conf_free(&form_table, f);
}

bool form_registered(const struct form *f)
{
	return strspn(f->template, "0") != strlen(f->template);
}

static size_t form_length(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* "dd/MM/yyyy", and a day that exists. */
static bool form_is_date(const char *s)
{
	bool exists = true;

	if (strlen(s) != 10 || s[2] != '/' || s[5] != '/' || strspn(s, "0123456789/") != 10)
		return false;
	(void)civil_day_from_date((int)strtol(s + 6, NULL, 10), (int)strtol(s + 3, NULL, 10),
				  (int)strtol(s, NULL, 10), &exists);
	return exists;
}

static int form_check_value(const struct form_parameter *p, const char *v, struct err *e)
{
	size_t n = form_length(v);

	if (n == 0)
		return err_set(e, EX_DATAERR, "tham số %s trống", p->name);
	if (n > (size_t)p->max)
		return err_set(e, EX_DATAERR, "tham số %s dài %zu ký tự, mẫu chỉ cho %lld",
			       p->name, n, (long long)p->max);
	if (p->type == FORM_NUMBER && strspn(v, "0123456789") != strlen(v))
		return err_set(e, EX_DATAERR, "tham số %s phải là số", p->name);
	if (p->type == FORM_DATE && !form_is_date(v))
		return err_set(e, EX_DATAERR, "tham số %s phải là ngày dd/mm/yyyy", p->name);
	return 0;
}

/* The wording with the values in it. */
static void form_put_wording(const struct form *f, const char *const *values, struct buf *out)
{
	const char *from = f->text, *at = from, *name;
	size_t len, i;

	while ((at = form_mark(at, &name, &len)) != NULL) {
		(void)buf_add(out, from, (size_t)(at - from));
		if (form_find(f, name, len, &i) != NULL)
			(void)buf_adds(out, values[i]);
		from = at = name + len + 1;
	}
	(void)buf_adds(out, from);
}

int form_write(const struct form *f, const char *const *values, struct buf *out, struct err *e)
{
	struct buf wording = BUF_INIT(FORM_WORDING_MAX);
	json_t *parameters = json_object(), *message;
	char *text;
	int rc = 0;

	for (size_t i = 0; i < f->parameters.n && rc == 0; i++) {
		const struct form_parameter *p = form_parameter_at(f, i);

		rc = form_check_value(p, values[i], e);
		if (rc == 0 &&
		    json_object_set_new(parameters, p->name, json_string(values[i])) < 0)
			rc = err_set(e, EX_DATAERR, "tham số %s không phải là chữ", p->name);
	}
	if (rc == 0)
		form_put_wording(f, values, &wording);
	message = json_pack("{s:s, s:o, s:s}", "template", f->template, "parameters",
			    parameters, "text", buf_text(&wording));
	text = json_dumps(message, JSON_COMPACT);
	if (rc == 0 && (text == NULL || buf_adds(out, text) < 0))
		rc = err_set(e, EX_DATAERR, "tin quá dài");
	free(text);
	json_decref(message);
	buf_free(&wording);
	return rc;
}

char *form_wording(const char *message)
{
	json_t *root =
	    *message == '{' ? values_parse_json(message, strlen(message), NULL) : NULL;
	const char *text = json_string_value(json_object_get(root, "text"));
	char *out = mem_strdup(
	    text != NULL && json_object_get(root, "template") != NULL ? text : message);

	json_decref(root);
	return out;
}

json_t *form_schema(void)
{
	json_t *s = conf_schema(&form_table);

	json_object_set_new(s, "$schema",
			    json_string("https://json-schema.org/draft/2020-12/schema"));
	json_object_set_new(s, "title", json_string("templates/zalo/PROGRAMME/AUDIENCE.yaml"));
	return s;
}
