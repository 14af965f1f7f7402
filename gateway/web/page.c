/* SPDX-License-Identifier: Apache-2.0 */
#include "web/page.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "report/report.h"
#include "text/template.h"

#define PAGE_TEXT_MAX	((size_t)64 * 1024)
#define PAGE_STATIC_MAX ((size_t)1 << 20)
#define PAGE_BODY_MAX	((size_t)2 << 20)
#define PAGE_DEPTH	8
/* Debian's libjs-bootstrap5. */
#define PAGE_BOOTSTRAP "/usr/share/javascript/bootstrap5/css/bootstrap.min.css"

struct page {
	char *name;
	struct template *text;
};

struct page_set {
	struct page *pages;
	size_t n_pages, cap_pages;
	json_t *words[PAGE_LANGUAGES]; /* flat: "area.key": "word" */
	json_t *sentences[PAGE_LANGUAGES]; /* as they are in the other one: as in this one */
	struct page_file *files;
	size_t n_files, cap_files;
	bool bootstrap;
};

const char *page_language_name(enum page_language l)
{
	static const char *const names[PAGE_LANGUAGES] = {"vi", "en"};

	return names[l];
}

/* ---- loading ----------------------------------------------------------------------------- */

/* The whole file; yours. NULL with e. */
static char *page_read(const char *path, size_t max, size_t *len, struct err *e)
{
	FILE *f = fopen(path, "re");
	char *text;

	if (f == NULL) {
		(void)err_set(e, EX_NOINPUT, "%s: %s", path, strerror(errno));
		return NULL;
	}
	text = mem_calloc(max + 1, 1);
	*len = fread(text, 1, max + 1, f);
	if (ferror(f) || *len > max) {
		(void)err_set(e, EX_CONFIG, "%s: %s", path,
			      ferror(f) ? "cannot be read" : "is too long");
		free(text);
		text = NULL;
	}
	(void)fclose(f);
	return text;
}

/* "2023-06-14T02:00:00.000Z" as "09:00 14/06/2023". */
static int page_when(const char *in, const char *arg, struct buf *out, struct err *e)
{
	struct civil c = {0};
	char text[32];

	(void)arg;
	if (sscanf(in, "%4d-%2d-%2dT%2d:%2d", &c.year, &c.month, &c.day, &c.hour, &c.minute) !=
	    5)
		return err_set(e, EX_DATAERR, "is no moment");
	/* The reading is in UTC, civil_to_ms() takes UTC+7. */
	clock_format_vi(civil_to_ms(&c) + 7 * CLOCK_HOUR_MS, text);
	return buf_adds(out, text);
}

/* "2023-W24" as "24 (12/06 – 18/06/2023)": nobody counts weeks. */
static int page_week(const char *in, const char *arg, struct buf *out, struct err *e)
{
	char first[16], last[16];
	civil_day monday;
	int week;

	(void)arg;
	if (*in == '\0')
		return err_set(e, EX_DATAERR, "is no week");
	if (report_week_parse(in, 0, &week, e) < 0)
		return -1;
	monday = civil_iso_week_monday(week);
	civil_day_format_vi(monday, first);
	civil_day_format_vi(monday + 6, last);
	return buf_addf(out, "%d (%.5s – %s)", week % 100, first, last);
}

/* A day as it is written, "2023-06-20" as 20/06/2023; what is none stays as it was typed. */
static int page_day(const char *in, const char *arg, struct buf *out, struct err *e)
{
	int year, month, day, used = 0;

	(void)arg;
	(void)e;
	if (sscanf(in, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 || in[used] != '\0')
		return buf_adds(out, in);
	return buf_addf(out, "%02d/%02d/%04d", day, month, year);
}

static int page_url(const char *in, const char *arg, struct buf *out, struct err *e)
{
	(void)arg;
	(void)e;
	return template_escape_url(in, out);
}

static const struct template_filter page_filters[] = {
    {"when", page_when}, {"week", page_week}, {"day", page_day}, {"url", page_url}, {NULL, NULL}};

static int page_load_text(struct page_set *p, const char *path, const char *file, struct err *e)
{
	size_t len = 0, stem = strlen(file) - strlen(".html");
	char *text = page_read(path, PAGE_TEXT_MAX, &len, e);
	struct template *t;

	if (text == NULL)
		return -1;
	t = template_compile(file, text, len, page_filters, e);
	free(text);
	if (t == NULL)
		return -1;
	if (template_is_raw(t) && strcmp(file, "layout.html") != 0) {
		template_free(t);
		return err_set(e, EX_CONFIG, "%s: {{{…}}} is for layout.html alone", path);
	}
	p->pages = mem_grow(p->pages, &p->cap_pages, p->n_pages + 1, sizeof(*p->pages));
	p->pages[p->n_pages++] = (struct page){.name = mem_strndup(file, stem), .text = t};
	return 0;
}

static int page_load_static(struct page_set *p, const char *path, const char *file,
			    struct err *e)
{
	static const char *const types[][2] = {{".css", "text/css; charset=utf-8"},
					       {".js", "text/javascript; charset=utf-8"},
					       {".svg", "image/svg+xml"}};
	const char *dot = strrchr(file, '.');
	unsigned char hash[crypto_hash_sha256_BYTES];
	struct page_file f = {0};

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i][0], dot) == 0)
			f.type = types[i][1];
	}
	if (f.type == NULL)
		return err_set(e, EX_CONFIG, "%s: only .css, .js and .svg are served", path);
	f.bytes = page_read(path, PAGE_STATIC_MAX, &f.len, e);
	if (f.bytes == NULL)
		return -1;
	(void)crypto_hash_sha256(hash, (const unsigned char *)f.bytes, f.len);
	f.etag[0] = '"';
	(void)sodium_bin2hex(f.etag + 1, 17, hash, 8);
	f.etag[17] = '"';
	f.name = mem_strdup(file);
	p->files = mem_grow(p->files, &p->cap_files, p->n_files + 1, sizeof(*p->files));
	p->files[p->n_files++] = f;
	return 0;
}

/* Each file of dir whose name ends so, or in anything for NULL. */
static int page_each(struct page_set *p, const char *dir, const char *end,
		     int (*load)(struct page_set *p, const char *path, const char *file,
				 struct err *e),
		     struct err *e)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int rc = 0;

	if (d == NULL)
		return err_set(e, EX_NOINPUT, "%s: %s", dir, strerror(errno));
	while (rc == 0 && (entry = readdir(d)) != NULL) {
		const char *dot = strrchr(entry->d_name, '.');
		char *path;

		if (entry->d_name[0] == '.' || dot == NULL ||
		    (end != NULL && strcmp(dot, end) != 0))
			continue;
		path = mem_printf("%s/%s", dir, entry->d_name);
		rc = load(p, path, entry->d_name, e);
		free(path);
	}
	(void)closedir(d);
	return rc;
}

/* {"area": {"key": "word"}} as {"area.key": "word"}. */
static void page_flatten(const char *prefix, const json_t *o, json_t *out)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)o, key, value)
	{
		char *name =
		    *prefix == '\0' ? mem_strdup(key) : mem_printf("%s.%s", prefix, key);

		if (json_is_object(value))
			page_flatten(name, value, out);
		else
			json_object_set(out, name, value);
		free(name);
	}
}

static int page_load_words(struct page_set *p, const char *dir, enum page_language l,
			   struct err *e)
{
	char *path = mem_printf("%s/%s.yaml", dir, page_language_name(l));
	struct ydoc doc = {0};
	int rc = ydoc_load_file(path, &doc, e);

	p->words[l] = json_object();
	if (rc == 0)
		page_flatten("", doc.root, p->words[l]);
	ydoc_free(&doc);
	free(path);
	return rc;
}

static int page_load_sentences(struct page_set *p, const char *dir, struct err *e)
{
	static const char *const areas[PAGE_LANGUAGES] = {"vietnamese", "english"};
	char *path = mem_printf("%s/sentences.yaml", dir);
	struct ydoc doc = {0};
	int rc = ydoc_load_file(path, &doc, e);

	for (int l = 0; rc == 0 && l < PAGE_LANGUAGES; l++) {
		json_t *area = json_object_get(doc.root, areas[l]), *to;
		const char *from;

		if (!json_is_object(area))
			rc = ydoc_error(&doc, doc.root, areas[l], 0, e, "sentences are missing");
		json_object_foreach(area, from, to)
		{
			if (rc == 0 && !json_is_string(to))
				rc = ydoc_error(&doc, area, from, 0, e, "must be a sentence");
		}
		p->sentences[l] = json_incref(area);
	}
	ydoc_free(&doc);
	free(path);
	return rc;
}

/* A word that one language lacks would be a hole in a page. */
static int page_compare_words(const struct page_set *p, struct err *e)
{
	for (int l = 0; l < PAGE_LANGUAGES; l++) {
		const char *key;
		json_t *value;

		json_object_foreach(p->words[1 - l], key, value)
		{
			if (json_is_string(json_object_get(p->words[l], key)) &&
			    json_is_string(value))
				continue;
			return err_set(e, EX_CONFIG, "console/%s.yaml: there is no word \"%s\"",
				       page_language_name((enum page_language)l), key);
		}
	}
	return 0;
}

/* Every {{t.…}} of the pages has its word. */
static int page_check_words(const struct page_set *p, struct err *e)
{
	for (size_t i = 0; i < p->n_pages; i++) {
		const struct template *t = p->pages[i].text;

		for (size_t k = 0; k < template_n_vars(t); k++) {
			const char *name = template_var(t, k);

			if (strncmp(name, "t.", 2) == 0 &&
			    json_object_get(p->words[PAGE_VI], name + 2) == NULL)
				return err_set(e, EX_CONFIG,
					       "console/%s.html: there is no word \"%s\"",
					       p->pages[i].name, name + 2);
		}
	}
	return 0;
}

struct page_set *page_set_load(const char *dir, struct err *e)
{
	struct page_set *p = mem_calloc(1, sizeof(*p));
	char *console = mem_printf("%s/console", dir), *statics;
	struct err none = ERR_INIT;
	int rc;

	statics = mem_printf("%s/static", console);
	rc = page_each(p, console, ".html", page_load_text, e);
	if (rc == 0)
		rc = page_each(p, statics, NULL, page_load_static, e);
	for (int l = 0; rc == 0 && l < PAGE_LANGUAGES; l++)
		rc = page_load_words(p, console, (enum page_language)l, e);
	if (rc == 0)
		rc = page_load_sentences(p, console, e);
	if (rc == 0)
		rc = page_compare_words(p, e);
	if (rc == 0)
		rc = page_check_words(p, e);
	p->bootstrap = page_load_static(p, PAGE_BOOTSTRAP, "bootstrap.css", &none) == 0;
	free(console);
	free(statics);
	if (rc < 0) {
		page_set_free(p);
		return NULL;
	}
	return p;
}

void page_set_free(struct page_set *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n_pages; i++) {
		free(p->pages[i].name);
		template_free(p->pages[i].text);
	}
	for (size_t i = 0; i < p->n_files; i++) {
		free(p->files[i].name);
		free(p->files[i].bytes);
	}
	for (int l = 0; l < PAGE_LANGUAGES; l++) {
		json_decref(p->words[l]);
		json_decref(p->sentences[l]);
	}
	free(p->pages);
	free(p->files);
	free(p);
}

/* ---- rendering --------------------------------------------------------------------------- */

struct page_view {
	const struct page_set *set;
	enum page_language language;
	const json_t *scopes[PAGE_DEPTH]; /* innermost last */
	size_t depth;
	const char *body; /* of the page that a layout stands around */
	char number[32];
};

/* "who.name" within o. */
static const json_t *page_member(const json_t *o, const char *name)
{
	const char *dot;

	while ((dot = strchr(name, '.')) != NULL && json_is_object(o)) {
		o = json_object_getn(o, name, (size_t)(dot - name));
		name = dot + 1;
	}
	return json_object_get(o, name);
}

static const json_t *page_find(const struct page_view *v, const char *name)
{
	for (size_t i = v->depth; i > 0; i--) {
		const json_t *scope = v->scopes[i - 1];
		const json_t *value = strcmp(name, ".") == 0 ? scope : page_member(scope, name);

		if (value != NULL)
			return value;
	}
	return NULL;
}

/* "message.state.FIELD": the word message.state.VALUE. */
static const char *page_translated(struct page_view *v, const char *name)
{
	const char *field = strrchr(name, '.'), *value;
	const char *word;
	char *key;

	if (field == NULL)
		return NULL;
	value = json_string_value(page_find(v, field + 1));
	if (value == NULL)
		return NULL;
	key = mem_printf("%.*s.%s", (int)(field - name), name, value);
	word = page_word(v->set, v->language, key);
	free(key);
	/* What is new below has no word yet: better its name than a broken page. */
	return word != NULL ? word : value;
}

static const char *page_get(void *arg, size_t var, const char *name)
{
	struct page_view *v = arg;
	const json_t *value;

	(void)var;
	if (strncmp(name, "t.", 2) == 0)
		return page_word(v->set, v->language, name + 2);
	if (strncmp(name, "tr.", 3) == 0)
		return page_translated(v, name + 3);
	if (v->body != NULL && strcmp(name, "body") == 0)
		return v->body;
	value = page_find(v, name);
	if (json_is_integer(value)) {
		(void)snprintf(v->number, sizeof(v->number), "%" PRId64,
			       (int64_t)json_integer_value(value));
		return v->number;
	}
	if (json_is_true(value) || json_is_object(value))
		return "1";
	return json_string_value(value);
}

static int page_count(void *arg, size_t var, const char *name)
{
	const json_t *value = page_find(arg, name);

	(void)var;
	return json_is_array(value) ? (int)json_array_size(value) : -1;
}

static void page_enter(void *arg, size_t var, const char *name, int index)
{
	struct page_view *v = arg;
	const json_t *value = json_array_get(page_find(v, name), (size_t)index);

	(void)var;
	if (v->depth == PAGE_DEPTH)
		abort(); /* models are made by this floor and are not that deep */
	v->scopes[v->depth++] = value;
}

static void page_leave(void *arg)
{
	struct page_view *v = arg;

	v->depth--;
}

static const struct template *page_text(const struct page_set *p, const char *name)
{
	for (size_t i = 0; i < p->n_pages; i++) {
		if (strcmp(p->pages[i].name, name) == 0)
			/* cppcheck-suppress CastIntegerToAddressAtReturn ; it is a pointer */
			return p->pages[i].text;
	}
	return NULL;
}

int page_render(const struct page_set *p, enum page_language l, const char *name, bool fragment,
		const json_t *model, struct buf *out, struct err *e)
{
	struct page_view v = {.set = p, .language = l, .scopes = {model}, .depth = 1};
	struct template_source src = {.get = page_get,
				      .count = page_count,
				      .enter = page_enter,
				      .leave = page_leave,
				      .arg = &v};
	const struct template *inner = page_text(p, name), *layout = page_text(p, "layout");
	struct buf body = BUF_INIT(PAGE_BODY_MAX);
	int rc = -1;

	if (inner == NULL || layout == NULL)
		return err_set(e, EX_SOFTWARE, "there is no page \"%s\"", name);
	if (template_render(inner, &src, template_escape_html, fragment ? out : &body, e) < 0)
		goto out;
	if (!fragment) {
		v.body = buf_text(&body);
		if (template_render(layout, &src, template_escape_html, out, e) < 0)
			goto out;
	}
	rc = body.overflow || out->overflow
		 ? err_set(e, EX_SOFTWARE, "%s.html: the page becomes too long", name)
		 : 0;
out:
	buf_free(&body);
	return rc;
}

const char *page_word(const struct page_set *p, enum page_language l, const char *key)
{
	return json_string_value(json_object_get(p->words[l], key));
}

json_t *page_sentences(const struct page_set *p, enum page_language l)
{
	return p->sentences[l];
}

const struct page_file *page_static(const struct page_set *p, const char *name)
{
	for (size_t i = 0; i < p->n_files; i++) {
		if (strcmp(p->files[i].name, name) == 0)
			return &p->files[i];
	}
	return NULL;
}

bool page_has_bootstrap(const struct page_set *p)
{
	return p->bootstrap;
}
