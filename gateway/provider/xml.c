/* SPDX-License-Identifier: Apache-2.0 */
/* Answers in XML (SOAP): the text of elements by the path of their local names.
 * A document type, and with it every entity of its own, ends the reading. */
#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "provider/rules.h"

enum { XML_DEPTH = 32, XML_PATH_MAX = 1024 };

struct xml_reader {
	XML_Parser parser;
	const struct fields *f;
	struct values *v;
	struct buf path;
	size_t lengths[XML_DEPTH]; /* of the path, before each element */
	int depth;
	int field;	       /* whose element is open; -1 = none */
	size_t at[FIELDS_MAX]; /* where its text begins; 0 = not seen */
	const char *why;       /* NULL = nothing wrong so far */
};

static void xml_stop(struct xml_reader *r, const char *why)
{
	r->why = why;
	(void)XML_StopParser(r->parser, XML_FALSE);
}

static void xml_on_start(void *arg, const char *name, const char **attributes)
{
	struct xml_reader *r = arg;
	const char *local = strrchr(name, ':');

	(void)attributes;
	if (r->depth == XML_DEPTH) {
		xml_stop(r, "XML nested too deeply");
		return;
	}
	r->lengths[r->depth++] = r->path.len;
	if (buf_addf(&r->path, "/%s", local != NULL ? local + 1 : name) < 0) {
		xml_stop(r, "XML with names too long");
		return;
	}
	if (r->field >= 0)
		return;
	for (size_t i = FIELD_BODY + 1; i < r->f->n; i++) {
		if (r->at[i] != 0 || r->f->field[i].at == NULL ||
		    strcmp(r->f->field[i].at, buf_text(&r->path)) != 0)
			continue;
		r->field = (int)i;
		r->at[i] = r->v->text.len;
		return;
	}
}

static void xml_on_end(void *arg, const char *name)
{
	struct xml_reader *r = arg;

	(void)name;
	/* An empty element ends even when its beginning was refused, and has no path then. */
	if (r->why != NULL)
		return;
	if (r->field >= 0 && strcmp(r->f->field[r->field].at, buf_text(&r->path)) == 0) {
		(void)buf_addc(&r->v->text, '\0');
		r->field = -1;
	}
	r->path.len = r->lengths[--r->depth];
	r->path.data[r->path.len] = '\0';
}

static void xml_on_text(void *arg, const char *text, int len)
{
	struct xml_reader *r = arg;

	if (r->field >= 0 && buf_add(&r->v->text, text, (size_t)len) < 0)
		xml_stop(r, "XML too long");
}

static void xml_on_doctype(void *arg, const char *name, const char *system, const char *public,
			   int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	xml_stop(arg, "XML with a document type");
}

int values_read_xml(const struct fields *f, const char *text, size_t len, struct values *v,
		    struct err *e)
{
	struct xml_reader r = {.f = f, .v = v, .path = BUF_INIT(XML_PATH_MAX), .field = -1};
	bool read;

	/* A byte of another encoding is at most two of UTF-8. */
	buf_init(&v->text, 2 * len + 64);
	(void)buf_addc(&v->text, '\0'); /* so that an offset of 0 means absent */
	r.parser = XML_ParserCreate(NULL);
	if (r.parser == NULL)
		abort();
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, xml_on_start, xml_on_end);
	XML_SetCharacterDataHandler(r.parser, xml_on_text);
	XML_SetStartDoctypeDeclHandler(r.parser, xml_on_doctype);
	read = XML_Parse(r.parser, text, (int)len, 1) == XML_STATUS_OK && r.why == NULL;
	XML_ParserFree(r.parser);
	buf_free(&r.path);
	if (!read)
		return err_set(e, EX_DATAERR, "%s", r.why != NULL ? r.why : "not XML");
	for (size_t i = FIELD_BODY + 1; i < f->n; i++)
		v->value[i] = r.at[i] == 0 ? NULL : v->text.data + r.at[i];
	return 0;
}
