/* SPDX-License-Identifier: Apache-2.0 */
/* Lists come in in three steps: sent here, every row checked and shown, taken in. Between the steps the file
 * lies beside the database, under a name that nobody guesses, for a day. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "roster/roster.h"
#include "roster/undo.h"
#include "web/desk.h"
#include "web/model.h"
#include "web/screen.h"

#define IMPORTS_SHOWN                                                                          \
	50 /* faulty rows on the page; all of them are in the file that goes back */
#define IMPORTS_HISTORY 10
#define IMPORTS_UNDONE	1000 /* of the newest one may be taken back */
#define IMPORTS_PLACES	3
#define IMPORTS_NAME	200 /* bytes of a file's name; NAME_MAX is 255 */
#define IMPORTS_ENDING	10  /* that are kept of ".xlsx" */
#define IMPORTS_KEPT_MS CLOCK_DAY_MS
/* Work on a list that is larger takes longer than people wait for without a word: some thousand rows, a fifth of a
 * second. */
#define IMPORTS_LONG_BYTES ((size_t)256 << 10)
#define IMPORTS_LONG_ROWS  5000
#define IMPORTS_REFRESH	   "2" /* seconds, where there are no scripts */

/* A file of an upload, in a directory of the upload's own. Yours. */
static char *imports_path(const struct visit *v, const char *token, const char *name)
{
	return mem_printf("%s-uploads/%s/%s", v->house->database, token, name);
}

static int imports_make_directory(const struct visit *v, const char *token, struct err *e)
{
	char *all = mem_printf("%s-uploads", v->house->database),
	     *dir = mem_printf("%s/%s", all, token);
	int rc = 0;

	if ((mkdir(all, 0700) < 0 && errno != EEXIST) || mkdir(dir, 0700) < 0)
		rc = err_set(e, EX_CANTCREAT, "%s: %s", dir, strerror(errno));
	free(all);
	free(dir);
	return rc;
}

/* The list keeps the name that it came with, as errors and the history name it, but for what a path could
 * be made of, for what no file system takes, and for a dot in front: so are our own files beside it called. */
static char *imports_list(const struct visit *v, const char *token, const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t ending = dot != NULL ? strlen(dot) : 0;
	char *safe, *path;

	if (strlen(name) <= IMPORTS_NAME || ending > IMPORTS_ENDING)
		ending = 0;
	safe = mem_printf("%s%.*s%s", *name == '.' || *name == '\0' ? "list-" : "",
			  buf_fit(name, IMPORTS_NAME - ending), name, ending > 0 ? dot : "");
	for (char *p = safe; *p != '\0'; p++) {
		if (*p == '/' || *p == '\\')
			*p = '_';
	}
	path = imports_path(v, token, safe);
	free(safe);
	return path;
}

static void imports_empty(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dirfd(d), entry->d_name, 0);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(dir);
}

static void imports_remove(const struct visit *v, const char *token)
{
	char *dir = mem_printf("%s-uploads/%s", v->house->database, token);

	imports_empty(dir);
	free(dir);
}

/* Uploads that nobody came back for. */
static void imports_sweep(const struct visit *v)
{
	char *all = mem_printf("%s-uploads", v->house->database);
	DIR *d = opendir(all);
	struct dirent *entry;
	struct stat is;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		if (entry->d_name[0] != '.' && fstatat(dirfd(d), entry->d_name, &is, 0) == 0 &&
		    (time(NULL) - is.st_mtime) * 1000 > IMPORTS_KEPT_MS)
			imports_remove(v, entry->d_name);
	}
	if (d != NULL)
		(void)closedir(d);
	free(all);
}

/* Errors do not name the file: its name may be a person's, and they are logged. */
static int imports_write(const char *path, const char *bytes, size_t n, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_set(e, EX_CANTCREAT, "the upload: %s", strerror(errno));
	while (n > 0) {
		ssize_t done = write(fd, bytes, n);

		if (done < 0) {
			(void)close(fd);
			return err_set(e, EX_UNAVAILABLE, "the upload: %s", strerror(errno));
		}
		bytes += done;
		n -= (size_t)done;
	}
	return close(fd);
}

/* ---- the first step -------------------------------------------------------------------------- */

static void imports_row(const struct import_record *r, void *arg)
{
	json_t *o =
	    json_pack("{s:I, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:b}", "id",
		      (json_int_t)r->id, "file", r->file != NULL ? r->file : "", "programme", r->programme, "who",
		      r->who != NULL ? r->who : "", "rows", r->rows, "accepted", r->accepted,
		      "rejected", r->rejected, "added", r->added, "updated", r->updated, "undoable",
		      r->undoable && r->added + r->updated > 0);

	visit_time(o, "at", r->at);
	visit_time(o, "undone_at", r->undone_at);
	json_object_set_new(o, "undone_by",
			    json_string(r->undone_by != NULL ? r->undone_by : ""));
	json_array_append_new(arg, o);
}

/* The names of columns that there are, for whoever puts a heading to one by hand. */
static json_t *imports_known(const struct visit *v)
{
	json_t *seen = json_object(), *list = json_array(), *ignored;
	const char *name;

	for (size_t i = 0; i < v->house->n_programmes; i++) {
		const struct programme_column *c = v->house->programmes[i]->columns.items;

		for (size_t k = 0; k < v->house->programmes[i]->columns.n; k++)
			json_object_set_new(seen, ((char **)c[k].spellings.items)[0],
					    json_true());
	}
	json_object_foreach(seen, name, ignored)
	    json_array_append_new(list, json_pack("{s:s}", "name", name));
	json_decref(seen);
	return list;
}

/* Three places to put a heading to a column, as they were filled in. */
static json_t *imports_places(const struct visit *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < IMPORTS_PLACES; i++) {
		const char *h =
		    json_string_value(json_array_get(visit_several(v, "heading"), i));
		const char *c =
		    json_string_value(json_array_get(visit_several(v, "column"), i));

		json_array_append_new(list, json_pack("{s:i, s:s, s:s}", "n", (int)i + 1,
						      "heading", h != NULL ? h : "", "column",
						      c != NULL ? c : ""));
	}
	return list;
}

int screen_imports(struct visit *v, struct err *e)
{
	json_t *history = json_array();

	v->model = json_pack("{s:o, s:o}", "items", history, "programmes",
			     model_programmes(v, visit_text(v, "programme")));
	json_object_set_new(v->model, "known", imports_known(v));
	json_object_set_new(v->model, "places", imports_places(v));
	return store_import_list(v->st, NULL, IMPORTS_HISTORY, imports_row, history, e);
}

/* What the officer wrote beside each other: "HEADING=COLUMN" each. Yours. */
static json_t *imports_columns(const struct visit *v)
{
	const json_t *headings = visit_several(v, "heading"), *heading;
	json_t *list = json_array();
	size_t i;

	json_array_foreach(headings, i, heading)
	{
		const char *column =
		    json_string_value(json_array_get(visit_several(v, "column"), i));

		if (*json_string_value(heading) != '\0' && column != NULL && *column != '\0')
			json_array_append_new(
			    list, json_sprintf("%s=%s", json_string_value(heading), column));
	}
	return list;
}

/* The columns of found for o; free() what comes back after o is done with. */
static const char **imports_hand(const json_t *list, struct roster_options *o)
{
	const char **items = mem_calloc(json_array_size(list) + 1, sizeof(*items));
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) items[i] = json_string_value(one);
	o->columns = items;
	o->n_columns = json_array_size(list);
	return items;
}

static struct roster_options imports_options(const struct visit *v, const char *rejects)
{
	return (struct roster_options){
	    .rejects = rejects,
	    .who = v->who.name,
	    .unit_kind = v->house->unit_kind,
	    .others = (const struct programme *const *)v->house->programmes,
	    .n_others = v->house->n_programmes,
	    .list_year = civil_from_ms(clock_now_ms()).year};
}

/* What is to be done with an upload, whoever does it and when. */
struct imports_job {
	char *token, *who, *programme, *file;
	json_t *columns; /* that a person named */
	bool check;	 /* else it is taken in */
};

static struct imports_job *imports_job_new(const struct visit *v, bool check, const char *token,
					   const char *programme, const char *file,
					   json_t *columns)
{
	struct imports_job *j = mem_calloc(1, sizeof(*j));

	j->token = mem_strdup(token);
	j->who = mem_strdup(v->who.name);
	j->programme = mem_strdup(programme);
	j->file = mem_strdup(file);
	j->columns = columns;
	j->check = check;
	return j;
}

static void imports_job_free(struct imports_job *j)
{
	free(j->token);
	free(j->who);
	free(j->programme);
	free(j->file);
	json_decref(j->columns);
	free(j);
}

struct imports_told {
	struct errands *errands;
	const char *token;
};

static void imports_told(int done, int of, void *arg)
{
	const struct imports_told *t = arg;

	errands_step(t->errands, t->token, done, of);
}

/* Keeps what was found beside the file. */
static int imports_keep_found(struct visit *v, const struct imports_job *j,
			      const struct roster_result *r, struct err *e)
{
	char *path = imports_path(v, j->token, ".found"), *text;
	json_t *found = roster_result_json(r);
	int rc;

	json_object_set_new(found, "who", json_string(j->who));
	json_object_set_new(found, "programme", json_string(j->programme));
	json_object_set_new(found, "file", json_string(j->file));
	json_object_set(found, "columns", j->columns);
	text = json_dumps(found, JSON_COMPACT);
	json_decref(found);
	rc = imports_write(path, text, strlen(text), e);
	free(text);
	free(path);
	return rc;
}

/* Reads the list as an import would, without taking it in, and keeps what was found; or takes it in. What is refused
 * at the first leaves nothing, what was taken in neither. *model (or NULL): what came of it. */
static int imports_run(struct visit *v, const struct imports_job *j, json_t **model,
		       struct err *e)
{
	const struct programme *p = model_programme(v, j->programme);
	char *list = imports_list(v, j->token, j->file),
	     *xlsx = imports_path(v, j->token, ".rejects");
	struct imports_told told = {clerk_errands(v->clerk), j->token};
	struct roster_options o = imports_options(v, j->check ? xlsx : NULL);
	struct roster_result r = {0};
	struct store *w = visit_writer(v, e);
	const char **hand = imports_hand(j->columns, &o);
	int rc = -1;

	o.who = j->who;
	o.dry_run = j->check;
	o.progress = imports_told;
	o.progress_arg = &told;
	if (p == NULL)
		(void)say(e, EX_DATAERR, "no_programme", j->programme, NULL);
	else if (w != NULL)
		rc = roster_import(w, p, list, &o, &r, e);
	if (rc == 0 && j->check)
		rc = imports_keep_found(v, j, &r, e);
	if (rc == 0 && model != NULL)
		*model = roster_result_json(&r);
	if ((rc < 0) == j->check)
		imports_remove(v, j->token);
	if (rc == 0 && !j->check)
		visit_changed(v);
	roster_result_free(&r);
	free(hand);
	free(list);
	free(xlsx);
	return rc;
}

static void imports_errand(struct visit *v, void *arg)
{
	struct imports_job *j = arg;
	struct err e = ERR_INIT;
	int rc = imports_run(v, j, NULL, &e);

	if (rc == 0 && j->check)
		errands_forget(clerk_errands(v->clerk), j->token);
	else
		errands_end(clerk_errands(v->clerk), j->token,
			    rc < 0 ? ERRAND_REFUSED : ERRAND_IMPORTED, &e);
	imports_job_free(j);
}

/* What is long is done once a person was answered, who looks on; another system waits for what comes of it. Takes j
 * when it is. */
static bool imports_afterwards(struct visit *v, struct imports_job *j)
{
	if (v->api ||
	    !errands_begin(clerk_errands(v->clerk), j->token, j->who, j->file,
			   j->check ? ERRAND_CHECKING : ERRAND_IMPORTING))
		return false;
	clerk_afterwards(v->clerk, imports_errand, j);
	return true;
}

int screen_import_upload(struct visit *v, struct err *e)
{
	const struct programme *p = model_programme(v, visit_text(v, "programme"));
	char token[SECRET_TOKEN], *list;
	struct imports_job *j;
	int rc;

	if (p == NULL)
		return visit_refuse(v, 422, e, "choose_programme");
	if (v->file == NULL)
		return visit_refuse(v, 422, e, "choose_list");
	imports_sweep(v);
	secret_token_new(token);
	list = imports_list(v, token, v->file_name);
	rc = imports_make_directory(v, token, e);
	if (rc == 0)
		rc = imports_write(list, v->file, v->file_len, e);
	free(list);
	if (rc < 0) {
		imports_remove(v, token);
		return -1;
	}
	j = imports_job_new(v, true, token, p->name, v->file_name, imports_columns(v));
	if (v->file_len < IMPORTS_LONG_BYTES || !imports_afterwards(v, j)) {
		rc = imports_run(v, j, NULL, e);
		imports_job_free(j);
	}
	if (rc < 0)
		return -1;
	v->model = json_pack("{s:s}", "token", token);
	return visit_go(v, "/imports/%s", token);
}

/* ---- the second ------------------------------------------------------------------------------ */

/* What was found; only for whoever sent the file. Yours; NULL with e. */
static json_t *imports_found(struct visit *v, struct err *e)
{
	const char *token = v->params.value[0];
	char *path;
	json_t *found = NULL;

	if (strlen(token) == SECRET_TOKEN - 1 &&
	    strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
		SECRET_TOKEN - 1) {
		path = imports_path(v, token, ".found");
		found = json_load_file(path, 0, NULL);
		free(path);
	}
	if (found == NULL ||
	    strcmp(json_string_value(json_object_get(found, "who")), v->who.name) != 0) {
		json_decref(found);
		(void)say(e, EX_NOINPUT, "upload_gone", NULL);
		return NULL;
	}
	return found;
}

static json_t *imports_first(const json_t *list)
{
	json_t *first = json_array();

	for (size_t i = 0; i < json_array_size(list) && i < IMPORTS_SHOWN; i++)
		json_array_append(first, json_array_get(list, i));
	return first;
}

/* What is said of the whole list stands at its headings: not among the rows, where nobody looks. The others
 * go to rows. */
static json_t *imports_about(const json_t *notes, const char *headings, json_t *rows)
{
	json_t *about = json_array(), *note;
	int at = (int)strtol(headings, NULL, 10);
	size_t i;

	json_array_foreach(notes, i, note)
	{
		bool whole = json_integer_value(json_object_get(note, "row")) == at &&
			     *json_string_value(json_object_get(note, "column")) == '\0';

		json_array_append(whole ? about : rows, note);
	}
	return about;
}

/* How far the work on it is, or why it came to nothing. */
static json_t *imports_now(const struct visit *v, const struct errand *now)
{
	bool working = errand_under_way(now), worded;
	json_t *o = json_pack("{s:s, s:s, s:s, s:b, s:b, s:i, s:i}", "token", now->token, "state",
			      errand_state_name(now->state), "file", now->file, "working", working,
			      "checking", now->state == ERRAND_CHECKING, "done", now->done, "of",
			      now->of);
	char *why;

	json_object_set_new(o, "known", json_boolean(now->of > 0));
	json_object_set_new(o, "importing", json_boolean(now->state == ERRAND_IMPORTING));
	if (working)
		json_object_set_new(o, "refresh", json_string(IMPORTS_REFRESH));
	if (now->state == ERRAND_REFUSED) {
		why = say_text(v->pages, v->language, &now->why, &worded);
		json_object_set_new(o, "refused", json_string(why));
		json_object_set_new(o, "refused_lang",
				    json_string(worded ? page_language_name(v->language) : "vi"));
		free(why);
	}
	return o;
}

int screen_import(struct visit *v, struct err *e)
{
	const struct programme *p;
	const json_t *rejected;
	struct errand now;
	json_t *found, *notes;

	if (errands_look(clerk_errands(v->clerk), v->params.value[0], v->who.name, &now)) {
		v->model = imports_now(v, &now);
		return now.state == ERRAND_IMPORTED ? visit_go(v, "/imports?done=imported") : 0;
	}
	found = imports_found(v, e);
	if (found == NULL)
		return -1;
	json_object_set_new(found, "state", json_string("checked"));
	json_object_set_new(found, "listed", json_true());
	p = model_programme(v, json_string_value(json_object_get(found, "programme")));
	rejected = json_object_get(found, "rejected");
	notes = json_array();
	json_object_set_new(
	    found, "about",
	    imports_about(json_object_get(found, "notes"),
			  json_string_value(json_object_get(found, "heading_rows")), notes));
	json_object_set_new(found, "n_rejected",
			    json_integer((json_int_t)json_array_size(rejected)));
	json_object_set_new(found, "any_rejected", json_boolean(json_array_size(rejected) > 0));
	json_object_set_new(found, "n_notes", json_integer((json_int_t)json_array_size(notes)));
	json_object_set_new(found, "any_notes", json_boolean(json_array_size(notes) > 0));
	json_object_set_new(found, "first_rejected", imports_first(rejected));
	json_object_set_new(found, "first_notes", imports_first(notes));
	json_decref(notes);
	json_object_set_new(found, "token", json_string(v->params.value[0]));
	json_object_set_new(found, "programme_title", json_string(p != NULL ? p->title : ""));
	json_object_set_new(found, "row_name", json_string(p != NULL ? p->row : ""));
	json_object_set_new(
	    found, "nothing",
	    json_boolean(json_integer_value(json_object_get(found, "accepted")) == 0));
	v->model = found;
	return 0;
}

/* The faulty rows as they stood, with what is wrong in a last column. */
int screen_import_rejects(struct visit *v, struct err *e)
{
	json_t *found = imports_found(v, e);
	char *path;
	int rc;

	if (found == NULL)
		return -1;
	json_decref(found);
	path = imports_path(v, v->params.value[0], ".rejects");
	rc = visit_answer_file(v, path, e);
	free(path);
	if (rc < 0)
		return -1;
	v->out_type = VISIT_XLSX;
	v->out_name = mem_strdup("dong-sai.xlsx");
	return 0;
}

/* ---- the third ------------------------------------------------------------------------------- */

/* Whether somebody is at it already: a button was pressed twice. */
static bool imports_busy(const struct visit *v)
{
	struct errand now;

	return errands_look(clerk_errands(v->clerk), v->params.value[0], v->who.name, &now) &&
	       errand_under_way(&now);
}

static int imports_at_it(struct visit *v, struct err *e)
{
	return v->api ? visit_refuse(v, 409, e, "under_way")
		      : visit_go(v, "/imports/%s", v->params.value[0]);
}

/* Of two who press at once one takes it in, whoever is first to say that it is under way; what was found is looked at
 * again after that: another may have come to its end. NULL with *rc: it was answered. Yours. */
static json_t *imports_claim(struct visit *v, int *rc, struct err *e)
{
	struct errands *all = clerk_errands(v->clerk);
	json_t *found = imports_busy(v) ? NULL : imports_found(v, e);
	bool ours;

	*rc = -1;
	if (found == NULL && e->code != 0)
		return NULL;
	ours = found != NULL &&
	       errands_begin(all, v->params.value[0], v->who.name,
			     json_string_value(json_object_get(found, "file")), ERRAND_IMPORTING);
	json_decref(found);
	if (!ours) {
		*rc = imports_at_it(v, e);
		return NULL;
	}
	found = imports_found(v, e);
	if (found == NULL)
		errands_forget(all, v->params.value[0]);
	return found;
}

int screen_import_confirm(struct visit *v, struct err *e)
{
	struct imports_job *j;
	json_t *found;
	bool later;
	int rc;

	found = imports_claim(v, &rc, e);
	if (found == NULL)
		return rc;
	j = imports_job_new(v, false, v->params.value[0],
			    json_string_value(json_object_get(found, "programme")),
			    json_string_value(json_object_get(found, "file")),
			    json_incref(json_object_get(found, "columns")));
	later = !v->api && json_integer_value(json_object_get(found, "rows")) >= IMPORTS_LONG_ROWS;
	json_decref(found);
	if (later) {
		clerk_afterwards(v->clerk, imports_errand, j);
		return visit_go(v, "/imports/%s", v->params.value[0]);
	}
	rc = imports_run(v, j, &v->model, e);
	/* What was refused is still there to be tried again. */
	if (rc < 0)
		errands_forget(clerk_errands(v->clerk), j->token);
	else
		errands_end(clerk_errands(v->clerk), j->token, ERRAND_IMPORTED, NULL);
	imports_job_free(j);
	return rc < 0 ? -1 : visit_go(v, "/imports?done=imported");
}

int screen_import_drop(struct visit *v, struct err *e)
{
	json_t *found;

	if (imports_busy(v))
		return visit_go(v, "/imports/%s", v->params.value[0]);
	found = imports_found(v, e);
	if (found == NULL)
		return -1;
	json_decref(found);
	imports_remove(v, v->params.value[0]);
	return visit_go(v, "/imports?done=dropped");
}

/* ---- taken back ------------------------------------------------------------------------------ */

struct imports_one {
	int64_t id;
	json_t *row;
};

static void imports_pick(const struct import_record *r, void *arg)
{
	struct imports_one *one = arg;
	json_t *list;

	if (r->id != one->id)
		return;
	list = json_array();
	imports_row(r, list);
	one->row = json_incref(json_array_get(list, 0));
	json_decref(list);
}

/* What taking it back would do. */
int screen_import_undo(struct visit *v, struct err *e)
{
	struct imports_one one = {.id = visit_id(v, 0, e)};
	struct import_undone u;
	struct err why = ERR_INIT;
	json_t *would;

	if (one.id < 0 ||
	    store_import_list(v->st, NULL, IMPORTS_UNDONE, imports_pick, &one, e) < 0)
		return -1;
	if (one.row == NULL)
		return say(e, EX_NOINPUT, "no_import", NULL);
	v->model = one.row;
	if (roster_undo_look(v->st, one.id, &u, &why) < 0) {
		if (why.code != EX_DATAERR) {
			*e = why;
			return -1;
		}
		json_object_set_new(v->model, "refused", visit_said(v, &why));
		return 0;
	}
	would = roster_undone_json(&u);
	json_object_set_new(would, "any_kept",
			    json_boolean(u.kept_listed + u.kept_decided + u.kept_written > 0));
	json_object_set_new(v->model, "would", would);
	return 0;
}

int screen_import_undo_post(struct visit *v, struct err *e)
{
	int64_t id = visit_id(v, 0, e);
	struct store *w = visit_writer(v, e);
	struct import_undone u;

	if (id < 0 || w == NULL || roster_undo(w, id, v->who.name, &u, e) < 0)
		return -1;
	v->model = roster_undone_json(&u);
	visit_changed(v);
	return visit_go(v, "/imports?done=undone");
}
