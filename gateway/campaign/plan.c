/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign/plan.h"
#include "campaign/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/text_version.h"
#include "text/lint.h"
#include "text/vi.h"

#define PLAN_FILE_MAX 65536

/* The parameter that says until when, and the two that say when to come: what is void after it is
 * not sent. */
#define PLAN_DEADLINE "han"
#define PLAN_DAY      "ngay"
#define PLAN_HOUR     "gio"
#define PLAN_WHERE    "noi_lam"

/* ---- values ------------------------------------------------------------------------------ */

/* What a name means in a text, apart from the campaign's parameters. */
static const struct {
	const char *name;
	enum plan_source source;
} plan_names[] = {
    {"ten", PLAN_NAME},
    {"danh_xung", PLAN_TITLE},
    {"ap", PLAN_UNIT},
    {"to", PLAN_GROUP},
    {"ma", PLAN_KEY},
    {PLAN_WHERE, PLAN_PLACE},
    {"co_quan", PLAN_FIXED},
    {"xa", PLAN_FIXED},
    {"ten_the", PLAN_FIXED},
    {"dien_thoai", PLAN_FIXED},
    {"han", PLAN_FIXED},
    {"truc_ten", PLAN_DUTY_NAME},
    {"truc_noi", PLAN_DUTY_PLACE},
    {"truc_gio", PLAN_DUTY_HOURS},
    {"truc_ngay", PLAN_DUTY_DAY},
};

/* What they mean in a text about a session. */
static const struct {
	const char *name;
	enum plan_source source;
} plan_session_names[] = {
    {PLAN_DAY, PLAN_SESSION_DAY},	 {PLAN_HOUR, PLAN_SESSION_OPENS},
    {"gio_den", PLAN_SESSION_CLOSES},	 {PLAN_WHERE, PLAN_SESSION_PLACE},
    {"giay_to", PLAN_SESSION_DOCUMENTS},
};

/* What the house knows; NULL when it knows nothing of that name. */
static const char *plan_house_value(const struct campaign_plan *p, const char *name)
{
	const struct campaign_house *h = p->house;

	if (strcmp(name, "co_quan") == 0)
		return h->office;
	if (strcmp(name, "xa") == 0)
		return h->commune;
	if (strcmp(name, "ten_the") == 0)
		return h->card_name;
	if (strcmp(name, "dien_thoai") == 0)
		return h->phone_office;
	if (strcmp(name, PLAN_DEADLINE) == 0)
		return p->deadline;
	return NULL;
}

static const char *plan_parameter(const struct campaign_plan *p, const char *name)
{
	return json_string_value(json_object_get(p->parameters, name));
}

static bool plan_has_fact(const struct programme *g, const char *fact)
{
	const struct programme_column *c = g->columns.items;

	for (size_t i = 0; i < g->columns.n; i++)
		if (c[i].field == COLUMN_FACT && strcmp(c[i].name, fact) == 0)
			return true;
	return false;
}

/* Says once where variable i of t comes from. */
static int plan_resolve_var(const struct campaign_plan *p, const struct plan_text *t, size_t i,
			    const char *file, const json_t *more, struct err *e)
{
	const char *name = template_var(t->t, i), *fixed;
	struct plan_var *v = &t->vars[i];

	if (strncmp(name, "fact.", 5) == 0) {
		v->source = PLAN_FACT;
		v->value = mem_strdup(name + 5);
		if (!plan_has_fact(p->programme, v->value))
			return err_set(e, EX_CONFIG,
				       "%s: chương trình %s không có cột nào tên \"%s\"", file,
				       p->programme->name, v->value);
		return 0;
	}
	v->source = PLAN_FIXED;
	for (size_t k = 0; k < sizeof(plan_names) / sizeof(plan_names[0]); k++)
		if (strcmp(name, plan_names[k].name) == 0)
			v->source = plan_names[k].source;
	for (size_t k = 0;
	     t->seat && k < sizeof(plan_session_names) / sizeof(plan_session_names[0]); k++)
		if (strcmp(name, plan_session_names[k].name) == 0)
			v->source = plan_session_names[k].source;
	if (v->source != PLAN_FIXED)
		return 0;
	fixed = json_string_value(json_object_get(more, name));
	if (fixed == NULL)
		fixed = plan_parameter(p, name);
	if (fixed == NULL)
		fixed = plan_house_value(p, name);
	if (fixed != NULL && *fixed != '\0')
		v->value = mem_strdup(fixed);
	else if (template_var_required(t->t, i))
		return err_set(
		    e, EX_DATAERR,
		    "%s: chưa có giá trị cho {{%s}}: hãy thêm tham số \"%s\" vào chiến dịch",
		    file, name, name);
	return 0;
}

void plan_text_free(struct plan_text *t)
{
	for (size_t i = 0; i < t->n_vars; i++)
		free(t->vars[i].value);
	free(t->vars);
	template_free(t->t);
	memset(t, 0, sizeof(*t));
}

int plan_text_compile(const struct campaign_plan *p, struct plan_text *t, const char *name,
		      const char *text, size_t len, const json_t *more, struct err *e)
{
	t->t = template_compile(name, text, len, NULL, e);
	if (t->t == NULL)
		return -1;
	t->n_vars = template_n_vars(t->t);
	t->vars = mem_calloc(t->n_vars, sizeof(*t->vars));
	for (size_t i = 0; i < t->n_vars; i++)
		if (plan_resolve_var(p, t, i, name, more, e) < 0)
			return -1;
	return 0;
}

bool plan_text_uses(const struct plan_text *t, enum plan_source source)
{
	for (size_t i = 0; i < t->n_vars; i++)
		if (t->vars[i].source == source)
			return true;
	return false;
}

/* ---- parameters and deadlines ------------------------------------------------------------- */

/* Parameters become texts; dates, however they were written, the ISO form that the date filter
 * reads. */
static int plan_read_parameters(struct campaign_plan *p, struct err *e)
{
	const char *text = p->row->parameters, *name;
	json_error_t je;
	json_t *in = json_loads(text != NULL && *text != '\0' ? text : "{}", 0, &je), *value;
	int rc = 0;

	if (!json_is_object(in)) {
		json_decref(in);
		return err_set(e, EX_DATAERR, "tham số của chiến dịch không phải là JSON {…}");
	}
	p->parameters = json_object();
	json_object_foreach(in, name, value)
	{
		const char *s = json_string_value(value);
		char iso[16], *number = NULL;
		int64_t day;

		if (json_is_integer(value))
			s = number = mem_printf("%lld", (long long)json_integer_value(value));
		if (s == NULL) {
			rc = err_set(e, EX_DATAERR, "tham số \"%s\" phải là chữ hoặc số", name);
			break;
		}
		if (conf_parse_date(s, &day) == 0) {
			civil_day_format_iso((civil_day)day, iso);
			s = iso;
		}
		json_object_set_new(p->parameters, name, json_string(s));
		free(number);
	}
	json_decref(in);
	return rc;
}

/* A date parameter: 1 and *day, 0 when it is not there. */
static int plan_date_parameter(const struct campaign_plan *p, const char *name, int64_t *day,
			       struct err *e)
{
	const char *s = plan_parameter(p, name);

	if (s == NULL)
		return 0;
	if (conf_parse_date(s, day) < 0)
		return err_set(e, EX_DATAERR,
			       "tham số \"%s\" phải là ngày, như 20/06/2023, không phải \"%s\"",
			       name, s);
	return 1;
}

/* {{han}} is the last good day: the campaign's own, else that of the earliest target that is not over
 * when the campaign starts. "Đến ngày 20/6" means the 20th, "trước ngày 20/6" the 19th. */
static int plan_find_deadline(struct campaign_plan *p, struct err *e)
{
	const struct programme_target *t = p->programme->targets.items;
	civil_day starts = civil_day_of(p->row->starts_at);
	int64_t day = 0;
	char iso[16];
	int rc = plan_date_parameter(p, PLAN_DEADLINE, &day, e);

	if (rc < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < p->programme->targets.n; i++) {
		int64_t last = t[i].inclusive ? t[i].deadline : t[i].deadline - 1;

		if (t[i].deadline != 0 && last >= starts && (day == 0 || last < day))
			day = last;
	}
	if (day == 0)
		return 0;
	civil_day_format_iso((civil_day)day, iso);
	p->deadline = mem_strdup(iso);
	return 0;
}

/* From when on the texts of an audience are no longer true: the end of the deadline they name, the
 * hour they invite to. */
static int plan_find_void(const struct campaign_plan *p, struct plan_audience *a, struct err *e)
{
	bool deadline = false, appointment = false;
	const char *hour = plan_parameter(p, PLAN_HOUR);
	int64_t day = 0, minute = 1440;

	for (int b = 0; b < a->n_bodies; b++) {
		for (size_t i = 0; i < a->bodies[b].n_vars; i++) {
			const char *name = template_var(a->bodies[b].t, i);

			deadline = deadline || strcmp(name, PLAN_DEADLINE) == 0;
			appointment = appointment || strcmp(name, PLAN_DAY) == 0;
		}
	}
	if (deadline && p->deadline != NULL && conf_parse_date(p->deadline, &day) == 0)
		a->void_at = civil_day_start_ms((civil_day)day + 1);
	if (!appointment || a->seat)
		return 0;
	if (plan_date_parameter(p, PLAN_DAY, &day, e) < 0)
		return -1;
	if (hour != NULL && conf_parse_time(hour, &minute) < 0)
		return err_set(e, EX_DATAERR,
			       "tham số \"" PLAN_HOUR "\" phải là giờ, như 08:00, không phải "
			       "\"%s\"",
			       hour);
	/* A machine may come on a Saturday; to an office nobody is sent then. */
	if (a->a->seat ? calendar_is_holiday(p->house->calendar, (civil_day)day)
		       : !calendar_office_open(p->house->calendar, NULL, (civil_day)day))
		return err_set(e, EX_DATAERR,
			       "tham số \"" PLAN_DAY
			       "\": %s là ngày nghỉ, không mời ai đến; nếu "
			       "vẫn làm việc, hãy ghi ngày ấy vào hours.worked",
			       plan_parameter(p, PLAN_DAY));
	if (civil_day_start_ms((civil_day)day) + minute * CLOCK_MINUTE_MS < a->void_at)
		a->void_at = civil_day_start_ms((civil_day)day) + minute * CLOCK_MINUTE_MS;
	return 0;
}

/* ---- texts ------------------------------------------------------------------------------- */

static void plan_strip_cr(char *s)
{
	char *out = s;

	for (; *s != '\0'; s++)
		if (*s != '\r')
			*out++ = *s;
	*out = '\0';
}

char *plan_read_file(const struct campaign_house *h, const char *name, struct err *e)
{
	char *path = mem_printf("%s/%s", h->templates, name), *text = NULL;
	char *bytes = mem_calloc(1, PLAN_FILE_MAX + 1);
	FILE *f = fopen(path, "rbe");
	size_t n = f == NULL ? 0 : fread(bytes, 1, PLAN_FILE_MAX + 1, f);

	if (f == NULL || ferror(f) != 0)
		err_set(e, EX_CONFIG, "không đọc được bản mẫu %s", path);
	else if (n > PLAN_FILE_MAX)
		err_set(e, EX_CONFIG, "bản mẫu %s quá dài", path);
	else if (strlen(bytes) != n || (text = vi_nfc(bytes)) == NULL)
		err_set(e, EX_CONFIG, "bản mẫu %s không phải là chữ UTF-8", path);
	else
		plan_strip_cr(text);
	if (f != NULL)
		(void)fclose(f);
	free(bytes);
	free(path);
	return text;
}

/* What counts of a message's text: what is tried, what an officer saved, the file. */
static char *plan_read_message(const struct campaign_plan *p, const char *name, struct err *e)
{
	const struct plan_loading *l = &p->loading;
	char *text = NULL;
	int version;

	if (l->trial != NULL && strcmp(l->trial->name, name) == 0) {
		if (l->trial->text[strspn(l->trial->text, " \t\n")] != '\0')
			return mem_strdup(l->trial->text);
		(void)err_set(e, EX_DATAERR, "%s: tin chưa có chữ nào", name);
		return NULL;
	}
	if (l->st != NULL && store_text_now(l->st, name, &version, &text, e) < 0)
		return NULL;
	return text != NULL ? text : plan_read_file(p->house, name, e);
}

/* The end of the body that begins at s: the line "---" or the end of the text; *next is behind it,
 * NULL at the end. */
static const char *plan_body_end(const char *s, const char **next)
{
	const char *line = s;

	do {
		size_t len = strcspn(line, "\n");

		if (len == 3 && strncmp(line, "---", 3) == 0) {
			*next = line + len + (line[len] == '\n');
			return line;
		}
		line = line[len] == '\0' ? NULL : line + len + 1;
	} while (line != NULL);
	*next = NULL;
	return s + strlen(s);
}

/* Compiles the bodies of an audience's file, longest first, parted by lines "---". */
static int plan_compile_bodies(const struct campaign_plan *p, struct plan_audience *a,
			       struct err *e)
{
	const char *at = a->file, *next;

	do {
		const char *end = plan_body_end(at, &next);
		char name[256];

		if (a->n_bodies == PLAN_MAX_BODIES)
			return err_set(e, EX_CONFIG, "%s: nhiều nhất %d thân tin", a->a->sms,
				       PLAN_MAX_BODIES);
		while (end > at && strchr(" \t\n", end[-1]) != NULL)
			end--;
		(void)snprintf(name, sizeof(name), a->n_bodies == 0 ? "%s" : "%s (thân %d)",
			       a->a->sms, a->n_bodies + 1);
		a->bodies[a->n_bodies].seat = a->seat;
		if (plan_text_compile(p, &a->bodies[a->n_bodies], name, at, (size_t)(end - at),
				      NULL, e) < 0)
			return -1;
		a->n_bodies++;
		at = next;
	} while (at != NULL);
	return 0;
}

/* The place of an audience: a text of its own, since it may name the hamlet. */
static int plan_compile_place(const struct campaign_plan *p, struct plan_audience *a,
			      struct err *e)
{
	const char *place = p->place_parameter != NULL ? p->place_parameter : a->a->place;
	bool wanted = false;

	for (int b = 0; b < a->n_bodies; b++)
		wanted = wanted || plan_text_uses(&a->bodies[b], PLAN_PLACE);
	wanted = wanted || plan_form_uses(a, PLAN_PLACE);
	if (!wanted)
		return 0;
	if (place == NULL || *place == '\0')
		return err_set(e, EX_DATAERR,
			       "%s: đối tượng %s chưa có nơi đến ({{" PLAN_WHERE "}})",
			       a->a->sms, a->a->id);
	if (plan_text_compile(p, &a->place, PLAN_WHERE, place, strlen(place), NULL, e) < 0)
		return -1;
	if (plan_text_uses(&a->place, PLAN_PLACE))
		return err_set(e, EX_CONFIG, "%s: nơi đến không thể nhắc lại chính nó",
			       a->a->id);
	return 0;
}

/* ---- lint -------------------------------------------------------------------------------- */

/* A row as lists have them: what the texts are tried on before anybody is written to. */
static json_t *plan_sample_facts(const struct programme *g)
{
	const struct programme_column *c = g->columns.items;
	json_t *facts = json_object();

	for (size_t i = 0; i < g->columns.n; i++) {
		const char *value = "mẫu";

		if (c[i].field != COLUMN_FACT)
			continue;
		if (c[i].values != NULL)
			value = json_object_iter_key(json_object_iter(c[i].values));
		json_object_set_new(facts, c[i].name,
				    json_string(value != NULL ? value : "mẫu"));
	}
	return facts;
}

static int plan_lint_body(struct plan_writer *w, const struct plan_audience *a, int body,
			  struct err *e)
{
	const struct campaign_house *h = w->plan->house;
	const char *const offices[] = {h->office, NULL};
	const char *const places[] = {a->place.t != NULL ? buf_text(&w->place) : "Văn phòng",
				      "Công an xã", "Văn phòng ấp", "Một cửa", NULL};
	struct lint_rules rules = {.offices = offices,
				   .places = places,
				   .forbidden = h->forbidden,
				   .max_segments_unaccented = body == a->n_bodies - 1 ? 1 : 0};
	struct lint_finding found;

	if (lint_text(buf_text(&w->text), &rules, &found, 1) > 0)
		return err_set(e, EX_DATAERR, "%s: %s", a->a->sms, found.message);
	return 0;
}

static int plan_lint(struct campaign_plan *p, const struct plan_audience *a, struct err *e)
{
	char *const *units = p->programme->units.items;
	const char *hamlet = p->programme->units.n > 0 ? units[0] : "Tân Phú";
	char *label = mem_printf("ấp %s", hamlet), *name = mem_strdup("Trần Thị Ngọc Hân");
	char *group = mem_strdup("Tổ 1"), *key = mem_strdup("TP-0001");
	char *place = mem_printf("Văn phòng %s", label);
	struct plan_unit unit = {.id = 1, .name = label, .label = label};
	struct recipient r = {.key = key, .name = name, .group = group, .sex = 2};
	struct session session = {.day = civil_day_of(p->row->starts_at) + 7,
				  .opens = 450,
				  .closes = 660,
				  .place = place};
	struct plan_writer w;
	int rc = 0;

	plan_writer_init(&w, p);
	plan_writer_session(&w, a->seat ? &session : NULL);
	w.r = &r;
	w.unit = &unit;
	w.facts = plan_sample_facts(p->programme);
	for (int b = 0; rc == 0 && b < a->n_bodies; b++) {
		rc = plan_write(&w, a, b, e);
		if (rc == 0)
			rc = plan_lint_body(&w, a, b, e);
	}
	plan_writer_free(&w);
	free(label);
	free(name);
	free(group);
	free(key);
	free(place);
	return rc;
}

/* ---- the plan ---------------------------------------------------------------------------- */

static int plan_load_audience(struct campaign_plan *p, struct plan_audience *a, struct err *e)
{
	for (int i = 0; i < a->like; i++) {
		if (strcmp(p->audiences[i].a->sms, a->a->sms) == 0) {
			a->like = i;
			break;
		}
	}
	a->file = plan_read_message(p, a->a->sms, e);
	if (a->file == NULL || plan_compile_bodies(p, a, e) < 0 ||
	    (!a->step && plan_form_load(p, a, e) < 0) || plan_compile_place(p, a, e) < 0 ||
	    plan_find_void(p, a, e) < 0)
		return -1;
	for (int b = 0; b < a->n_bodies; b++)
		a->uses_facts = a->uses_facts || plan_text_uses(&a->bodies[b], PLAN_FACT) ||
				plan_text_uses(&a->bodies[b], PLAN_KEY);
	a->uses_facts = a->uses_facts || plan_text_uses(&a->place, PLAN_FACT) ||
			plan_text_uses(&a->place, PLAN_KEY);
	a->office = a->place.t != NULL && !a->seat;
	a->hamlet = plan_text_uses(&a->place, PLAN_UNIT);
	for (int b = 0; b < a->n_bodies; b++) {
		a->hamlet = a->hamlet || plan_text_uses(&a->bodies[b], PLAN_UNIT);
		for (int s = PLAN_DUTY_NAME; s <= PLAN_DUTY_DAY; s++)
			a->duty = a->duty || plan_text_uses(&a->bodies[b], (enum plan_source)s);
	}
	if (a->step && a->duty)
		return err_set(
		    e, EX_CONFIG,
		    "%s: chỉ tin mời nói được ai đang trực (truc_ten …), vì tin nhắc đi "
		    "vào ngày khác",
		    a->a->sms);
	if (plan_lint(p, a, e) < 0)
		return -1;
	if (!a->seat)
		plan_cut_stencils(p, a);
	return 0;
}

/* The texts of an audience's steps. */
static int plan_load_steps(struct campaign_plan *p, struct plan_audience *a, struct err *e)
{
	const struct programme_step *s = a->a->steps.items;

	a->steps = mem_calloc(a->a->steps.n, sizeof(*a->steps));
	for (size_t i = 0; i < a->a->steps.n; i++) {
		struct plan_step *step = &a->steps[i];

		step->s = &s[i];
		step->as = *a->a;
		step->as.sms = s[i].sms;
		step->text.a = &step->as;
		step->text.void_at = INT64_MAX;
		step->text.seat = a->seat;
		step->text.step = true;
		a->n_steps++;
		if (plan_load_audience(p, &step->text, e) < 0)
			return -1;
	}
	return 0;
}

static int plan_add_audience(struct campaign_plan *p, const char *id, struct err *e)
{
	int index = programme_audience_find(p->programme, id);
	struct plan_audience *a = &p->audiences[p->n_audiences];

	if (index < 0)
		return err_set(e, EX_DATAERR, "chương trình %s không có đối tượng \"%s\"",
			       p->programme->name, id);
	if (p->of_programme[index] >= 0)
		return 0;
	if (p->n_audiences == PLAN_MAX_AUDIENCES)
		return err_set(e, EX_DATAERR, "nhiều nhất %d đối tượng trong một chiến dịch",
			       PLAN_MAX_AUDIENCES);
	a->a = programme_audience_at(p->programme, index);
	a->void_at = INT64_MAX;
	if (a->a->hold)
		return err_set(e, EX_DATAERR,
			       "đối tượng %s (%s) không bao giờ được nhắn tin: do cán bộ đến "
			       "gặp trực tiếp",
			       a->a->id, a->a->title);
	if (!p->row->stream && (a->a->sms == NULL || *a->a->sms == '\0'))
		return err_set(e, EX_DATAERR, "đối tượng %s chưa có bản mẫu tin nhắn",
			       a->a->id);
	p->of_programme[index] = p->n_audiences;
	a->like = p->n_audiences++;
	if (p->row->stream)
		return 0;
	/* A campaign that says itself which day it invites to needs no session. */
	a->seat = a->a->seat && plan_parameter(p, PLAN_DAY) == NULL;
	p->seats = p->seats || a->seat;
	p->steps = p->steps || a->seat || (a->a->steps.n > 0 && !a->a->seat);
	if (plan_load_audience(p, a, e) < 0)
		return -1;
	if (a->a->steps.n == 0 || (a->a->seat && !a->seat))
		return 0;
	if (p->row->step != 0)
		return err_set(e, EX_DATAERR,
			       "đối tượng %s có các bước riêng: không dùng --step", a->a->id);
	return plan_load_steps(p, a, e);
}

/* Reads "A1,A2". */
static int plan_add_audiences(struct campaign_plan *p, struct err *e)
{
	const char *s = p->row->audiences != NULL ? p->row->audiences : "";
	int rc = 0;

	p->of_programme = mem_calloc(p->programme->audiences.n, sizeof(*p->of_programme));
	for (size_t i = 0; i < p->programme->audiences.n; i++)
		p->of_programme[i] = -1;
	while (rc == 0 && *s != '\0') {
		size_t n;
		char *id;

		s += strspn(s, ", ");
		n = strcspn(s, ", ");
		id = mem_strndup(s, n);
		if (n > 0)
			rc = plan_add_audience(p, id, e);
		free(id);
		s += n;
	}
	if (rc == 0 && p->n_audiences == 0 && !p->row->stream)
		return err_set(e, EX_DATAERR, "chiến dịch chưa chọn đối tượng nào");
	return rc;
}

/* Whoever a hold audience takes is written to by nobody, wherever it stands in the programme. */
static int plan_add_holds(struct campaign_plan *p, struct err *e)
{
	p->holds = mem_calloc(p->programme->audiences.n, sizeof(struct predicate *));
	for (size_t i = 0; i < p->programme->audiences.n; i++) {
		const struct programme_audience *a =
		    programme_audience_at(p->programme, (int)i);

		if (!a->hold)
			continue;
		p->holds[p->n_holds] = predicate_compile(p->programme, a->when, a->id, e);
		if (p->holds[p->n_holds] == NULL)
			return -1;
		p->n_holds++;
	}
	return 0;
}

/* A rung that nobody could be reached on is found out before anybody waits there. */
static int plan_check_channels(const struct campaign_plan *p, struct err *e)
{
	const struct campaign_house *h = p->house;

	for (int i = 0; h->channels != NULL && p->ladder.n > 1 && i < p->ladder.n; i++) {
		const struct ladder_rung *r = &p->ladder.rungs[i];
		size_t k = 0;

		while (k < h->n_channels && strcmp(h->channels[k].name, r->channel) != 0)
			k++;
		if (!r->paper && k == h->n_channels)
			return err_set(e, EX_DATAERR,
				       "chưa cấu hình nhà cung cấp nào cho kênh %s",
				       r->channel);
	}
	return 0;
}

struct campaign_plan *campaign_plan_new(struct store *st, const struct campaign_house *house,
					const struct campaign *row, struct err *e)
{
	return campaign_plan_try(st, house, row, NULL, e);
}

struct campaign_plan *campaign_plan_try(struct store *st, const struct campaign_house *house,
					const struct campaign *row,
					const struct campaign_trial *trial, struct err *e)
{
	struct campaign_plan *p = mem_calloc(1, sizeof(*p));

	p->house = house;
	p->row = row;
	p->accents = house->can_ucs2 ? (enum sms_accents)row->accents : SMS_WITHOUT_ACCENTS;
	p->year = civil_from_ms(row->starts_at).year;
	p->answers = row->stream && strcmp(row->name, REPLY_CAMPAIGN) == 0;
	if (ladder_parse(row->ladder, row->channel, &p->ladder, e) < 0 ||
	    plan_check_channels(p, e) < 0)
		goto fail;
	/* A stream's texts are made by whoever feeds it: its plan only judges. */
	if (row->stream && (row->programme == NULL || *row->programme == '\0'))
		return p;
	p->programme = programme_load(house->dir, row->programme, e);
	if (p->programme == NULL || plan_read_parameters(p, e) < 0 ||
	    plan_find_deadline(p, e) < 0)
		goto fail;
	if (plan_parameter(p, PLAN_WHERE) != NULL)
		p->place_parameter = mem_strdup(plan_parameter(p, PLAN_WHERE));
	p->loading = (struct plan_loading){.st = st, .trial = trial};
	if (plan_add_holds(p, e) < 0 || plan_add_audiences(p, e) < 0)
		goto fail;
	p->loading = (struct plan_loading){.st = NULL};
	if (row->only_when != NULL && *row->only_when != '\0') {
		p->only = predicate_compile(p->programme, row->only_when, "only", e);
		if (p->only == NULL)
			goto fail;
	}
	return p;
fail:
	campaign_plan_free(p);
	return NULL;
}

static void plan_audience_free(struct plan_audience *a)
{
	for (int i = 0; i < a->n_steps; i++) {
		struct plan_audience *t = &a->steps[i].text;

		for (int b = 0; b < PLAN_MAX_BODIES; b++) {
			plan_text_free(&t->bodies[b]);
			stencil_free(t->stencils[b]);
		}
		plan_text_free(&t->place);
		free(t->file);
	}
	for (int b = 0; b < PLAN_MAX_BODIES; b++) {
		plan_text_free(&a->bodies[b]);
		stencil_free(a->stencils[b]);
	}
	plan_text_free(&a->place);
	plan_form_free(a->form);
	free(a->file);
	free(a->steps);
}

void campaign_plan_free(struct campaign_plan *p)
{
	if (p == NULL)
		return;
	for (int i = 0; i < p->n_audiences; i++)
		plan_audience_free(&p->audiences[i]);
	for (size_t i = 0; i < p->n_holds; i++)
		predicate_free(p->holds[i]);
	free(p->holds);
	predicate_free(p->only);
	free(p->of_programme);
	free(p->place_parameter);
	free(p->deadline);
	json_decref(p->parameters);
	programme_free(p->programme);
	free(p);
}

const struct programme *campaign_plan_programme(const struct campaign_plan *p)
{
	return p->programme;
}

const struct ladder *campaign_plan_ladder(const struct campaign_plan *p)
{
	return &p->ladder;
}

int64_t plan_expires_at(const struct campaign_plan *p, int audience)
{
	int64_t a = p->audiences[audience].void_at;

	return a < p->row->expires_at ? a : p->row->expires_at;
}
