/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "roster/programme.h"
#include "stored_schema.h"
#include "text/phone.h"

#define CONFIG SOURCE_DIR "/config"

static struct programme *load(const char *name)
{
	struct err e = ERR_INIT;
	struct programme *p = programme_load(CONFIG, name, &e);

	if (p == NULL)
		fail_msg("%s: %s", name, e.text);
	return p;
}

static bool holds(const struct programme *p, const char *text, const struct recipient *r,
		  const char *unit)
{
	struct predicate_row row = {.r = r, .unit_name = unit};
	struct err e = ERR_INIT;
	struct predicate *q = predicate_compile(p, text, "test", &e);
	bool yes;

	if (q == NULL)
		fail_msg("%s", e.text);
	yes = predicate_holds(q, &row);
	predicate_free(q);
	return yes;
}

/* A programme from text, as if it stood in a configuration. */
static struct programme *load_text(const char *text, struct err *e)
{
	char dir[] = "/tmp/moidan-programme-XXXXXX", path[128];
	struct programme *p;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/programmes", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/programmes/x.yaml", dir);
	f = fopen(path, "we");
	assert_non_null(f);
	(void)fputs(text, f);
	(void)fclose(f);
	p = programme_load(dir, "x", e);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/programmes", dir);
	(void)rmdir(path);
	(void)rmdir(dir);
	return p;
}

static void the_shipped_programmes_are_listed_and_load(void **state)
{
	char **names = programme_names(CONFIG);
	static const char *const want[] = {"cccd", "officials", "vneid", NULL};

	(void)state;
	for (size_t i = 0; want[i] != NULL; i++) {
		assert_non_null(names[i]);
		assert_string_equal(names[i], want[i]);
		programme_free(load(names[i]));
	}
	assert_null(names[3]);
	for (size_t i = 0; names[i] != NULL; i++)
		free(names[i]);
	free(names);
}

static void the_schema_in_the_repository_is_that_of_the_code(void **state)
{
	(void)state;
	assert_schema_is_stored(conf_schema(&programme_table),
				CONFIG "/schema/programme.schema.json");
}

static void the_plan_s_figures_stand_as_it_prints_them(void **state)
{
	struct programme *p = load("vneid"), *c = load("cccd");
	const struct programme_target *t = p->targets.items;
	const struct programme_share *s = t[0].by_unit.items;
	int64_t sum = 0, day;

	(void)state;
	assert_int_equal(p->targets.n, 2);
	assert_int_equal(t[0].assigned, 1057);
	assert_int_equal(conf_parse_date("20/06/2023", &day), 0);
	assert_int_equal(t[0].deadline, day);
	assert_true(t[0].inclusive);
	assert_int_equal(conf_parse_date("30/06/2023", &day), 0);
	assert_int_equal(t[1].deadline, day);
	assert_false(t[1].inclusive);
	for (size_t i = 0; i < t[0].by_unit.n; i++)
		sum += s[i].assigned;
	assert_int_equal(sum, 1157);
	assert_int_equal(((const struct programme_target *)c->targets.items)[0].assigned, 97);
	programme_free(p);
	programme_free(c);
}

static const char *audience(const struct programme *p, const struct recipient *r)
{
	struct predicate_row row = {.r = r};
	const struct programme_audience *a =
	    programme_audience_at(p, programme_audience_of(p, &row));

	return a == NULL ? "-" : a->id;
}

static void a_household_is_in_the_audience_of_its_state(void **state)
{
	struct programme *p = load("vneid");
	char account[] = "{\"tai_khoan\":\"co\",\"vneid\":\"chua\"}";
	char no_phone[] = "{\"tai_khoan\":\"co\",\"vneid\":\"chua\",\"smartphone\":\"khong\"}";
	char app[] = "{\"tai_khoan\":\"co\",\"vneid\":\"co\"}";
	char lone_app[] = "{\"tai_khoan\":\"chua\",\"vneid\":\"co\"}";
	struct recipient r = {.facts = account};
	struct predicate_row row = {.r = &r};

	(void)state;
	assert_string_equal(audience(p, &r), "A1");
	r.state = programme_state_of(p, &row);
	assert_string_equal(programme_state_at(p, r.state)->name, "account");
	assert_string_equal(audience(p, &r), "A2");
	assert_true(programme_target_reached(p, 0, &row));
	r.facts = no_phone;
	assert_string_equal(audience(p, &r), "-");
	r.facts = app;
	r.state = programme_state_of(p, &row);
	assert_true(programme_state_at(p, r.state)->done);
	assert_string_equal(audience(p, &r), "-");
	/* The app with a level-1 account is no account. */
	r.facts = lone_app;
	assert_int_equal(programme_state_of(p, &row), 0);
	programme_free(p);
}

static void a_person_is_in_the_audience_of_birth_and_residence(void **state)
{
	static const struct {
		const char *residence;
		int precision;
		const char *want;
	} cases[] = {{"thuong_tru", 3, "A3"},	 {"thuong_tru", 2, "A4"},
		     {"thuong_tru", 1, "A4"},	 {"thuong_tru", 0, "A4"},
		     {"tam_tru", 3, "A5"},	 {"tam_tru", 0, "A5"},
		     {"ngoai_dia_ban", 3, "A6"}, {"ngoai_dia_ban", 1, "A6"}};
	struct programme *p = load("cccd");
	char facts[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct recipient r = {.facts = facts,
				      .birth_precision = cases[i].precision,
				      .birth_year = 1970,
				      .birth_month = 5,
				      .birth_day = 20};

		(void)snprintf(facts, sizeof(facts), "{\"cu_tru\":\"%s\"}", cases[i].residence);
		assert_string_equal(audience(p, &r), cases[i].want);
		r.state = programme_state_find(p, "enrolled");
		assert_string_equal(audience(p, &r), "-");
	}
	programme_free(p);
}

/* Cards are given from fourteen years on, to the day; until eighteen it is the family that is invited. */
static void minors_are_invited_through_their_family_from_fourteen_on(void **state)
{
	static const struct {
		int year, month, day;
		const char *facts, *want;
	} cases[] = {{2009, 6, 8, "{}", "A17"},
		     {2009, 6, 9, "{}", "-"},
		     {2005, 6, 8, "{}", "A3"},
		     {2005, 6, 9, "{}", "A17"},
		     {2004, 1, 1, "{}", "A3"},
		     {2015, 1, 1, "{}", "-"},
		     {2004, 1, 1, "{\"doi_tuong\":\"hoc_sinh\"}", "A17"}};
	struct programme *p = load("cccd");

	(void)state;
	clock_set_virtual(INT64_C(1686200000000)); /* 08/06/2023 */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct recipient r = {.facts = (char *)(uintptr_t)cases[i].facts,
				      .birth_precision = 3,
				      .birth_year = cases[i].year,
				      .birth_month = cases[i].month,
				      .birth_day = cases[i].day};

		assert_string_equal(audience(p, &r), cases[i].want);
	}
	clock_set_real();
	programme_free(p);
}

/* The worst failure: whoever is or may be dead is in the audience that nobody writes to, whatever
 * else is said of them. */
static void whoever_may_be_dead_is_held_in_every_programme(void **state)
{
	static const char *const names[] = {"vneid", "cccd", "officials"};
	static const enum recipient_hold holds_of_death[] = {HOLD_DECEASED_SUSPECTED,
							     HOLD_DECEASED};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct programme *p = load(names[i]);

		for (int s = 0; s < (int)p->states.n; s++) {
			for (int b = 0; b < 4; b++) {
				for (int h = 0; h < 2; h++) {
					struct recipient r = {.state = s,
							      .birth_precision = b,
							      .hold = holds_of_death[h]};
					struct predicate_row row = {.r = &r};
					int a = programme_audience_of(p, &row);

					assert_true(a >= 0);
					assert_true(programme_audience_at(p, a)->hold);
				}
			}
		}
		programme_free(p);
	}
}

static void predicates_join_and_negate_as_logic_does(void **state)
{
	struct programme *p = load("vneid");
	char text[256];

	(void)state;
	/* All 16 rows of (a and not b) or (not (c or d) and a), against C itself. */
	for (int bits = 0; bits < 16; bits++) {
		bool a = bits & 1, b = bits & 2, c = bits & 4, d = bits & 8;
		char group[] = "x";
		struct recipient r = {.sex = a ? 1 : 0,
				      .group = b ? group : NULL,
				      .birth_precision = c ? 3 : 0,
				      .phone_status = d ? PHONE_MISSING : PHONE_OK};

		(void)snprintf(text, sizeof(text),
			       "(sex = 1 and not group = x) or (not (birth = day or phone = "
			       "missing) and sex = 1)");
		assert_int_equal(holds(p, text, &r, NULL), (a && !b) || (!(c || d) && a));
		(void)snprintf(text, sizeof(text),
			       "not (sex = 1 or group = x and birth = day) or not not phone = "
			       "missing and sex != 1");
		assert_int_equal(holds(p, text, &r, NULL), !(a || (b && c)) || (d && !a));
	}
	programme_free(p);
}

static void predicates_compare_text_folded_and_order_states_and_births(void **state)
{
	struct programme *p = load("vneid");
	char facts[] = "{ \"note\" : \"Đi \\\"làm\\\" xa\" , \"vneid\":\"co\"}";
	char group[] = "Tổ 1";
	struct recipient r = {.facts = facts, .birth_precision = 1, .state = 1, .group = group};

	(void)state;
	assert_true(holds(p, "unit in (\"Tân Phú\", \"Tân Mĩ\")", &r, "TÂN MỸ"));
	assert_false(holds(p, "unit in (\"Tân Phú\", \"Tân Mĩ\")", &r, "Tân Đông"));
	assert_true(holds(p, "unit = ''", &r, NULL));
	assert_true(holds(p, "group = \"to 1\"", &r, NULL));
	assert_true(holds(p, "fact.note = \"đi làm xa\"", &r, NULL));
	assert_true(holds(p, "fact.vneid = co and fact.tai_khoan = ''", &r, NULL));
	assert_true(holds(p, "birth < day and birth >= year and birth > none", &r, NULL));
	assert_true(holds(p, "state < app and state > none and state <= account", &r, NULL));
	assert_true(holds(p, "hold = none and hold != deceased", &r, NULL));
	programme_free(p);
}

static void a_wrong_predicate_says_what_is_wrong_and_where(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"state = nowhere", "this value does not occur on the left side, at \"nowhere\""},
	    {"birth = century", "this value does not occur"},
	    {"phone = maybe", "this value does not occur"},
	    {"sex = 3", "this value does not occur"},
	    {"hold = dead", "this value does not occur"},
	    {"fact.nothing = x", "no column has this fact"},
	    {"fact.vneid = maybe", "the fact has no such value"},
	    {"sex < 2", "only state, birth and age have an order"},
	    {"age = old", "this value does not occur"},
	    {"number = maybe", "this value does not occur"},
	    {"shared = perhaps", "this value does not occur"},
	    {"\"nobody\"", "no predicate has this name"},
	    {"A1 A2", "\"and\", \"or\" or the end is expected"},
	    {"colour = red", "fact.NAME is expected, at \"colour = red\""},
	    {"state none", "one of = != < <= > >= in is expected"},
	    {"state =", "a value is expected"},
	    {"(state = none", "\")\" is expected"},
	    {"state = none sex = 1", "\"and\", \"or\" or the end is expected"},
	    {"unit = \"Tân", "a quote is not closed"},
	    {"unit in \"Tân\"", "\"(\" is expected after in"},
	    {"", "is expected"},
	    {"not", "is expected"},
	};
	struct programme *p = load("vneid");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;

		assert_null(predicate_compile(p, cases[i].text, "here", &e));
		assert_int_equal(e.code, EX_CONFIG);
		assert_non_null(strstr(e.text, "here: "));
		if (strstr(e.text, cases[i].want) == NULL)
			fail_msg("case %zu said: %s", i, e.text);
	}
	programme_free(p);
}

static void deep_parentheses_are_refused_not_followed(void **state)
{
	struct programme *p = load("vneid");
	char text[1200];
	struct err e = ERR_INIT;

	(void)state;
	memset(text, '(', 1000);
	(void)snprintf(text + 1000, sizeof(text) - 1000, "sex = 1");
	assert_null(predicate_compile(p, text, NULL, &e));
	assert_non_null(strstr(e.text, "too many parentheses"));
	programme_free(p);
}

static void spellings_of_a_status_come_to_one_value(void **state)
{
	static const struct {
		const char *cell, *want;
	} cases[] = {{"Đã tạo", "co"},	   {"ĐÃ  TẠO", "co"}, {"da tao", "co"}, {"x", "co"},
		     {"X", "co"},	   {"rồi", "co"},     {"✓", "co"},	{"1", "co"},
		     {"Chưa tạo", "chua"}, {"chưa", "chua"},  {"-", "chua"},	{"0", "chua"},
		     {"", "chua"},	   {"Ko", "chua"}};
	struct programme *p = load("vneid");
	const struct programme_column *c = p->columns.items;
	size_t at = 0;

	(void)state;
	while (strcmp(c[at].name, "tai_khoan") != 0)
		at++;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(programme_fact_value(p, at, cases[i].cell), cases[i].want);
	assert_null(programme_fact_value(p, at, "đang chờ"));
	programme_free(p);
}

static void an_error_in_a_programme_names_file_line_and_key(void **state)
{
	static const char head[] = "title: T\nrow: người\n"
				   "columns:\n"
				   "  - field: name\n    spellings: [Họ tên]\n";
	static const char states[] = "states:\n  - name: none\n    title: chưa\n";
	static const struct {
		const char *more, *want;
	} cases[] = {
	    {"  - field: fact\n    spellings: [X]\n", "x.yaml:6:5: a fact needs a \"name\""},
	    {"  - field: fact\n    name: f\n    spellings: [X]\n    values:\n      a: [m]\n"
	     "      b: [M]\n",
	     "is a spelling of \"a\" and of \"b\""},
	    {"  - field: name\n    spellings: [Tên]\n", "the same column stands twice"},
	    {"  - field: colour\n    spellings: [Tên]\n", "x.yaml:6:5: \"field\" must be"},
	    {"audiences:\n  - id: A\n    title: t\n    when: state = gone\n",
	     "x.yaml:9:5: this value does not occur on the left side, at \"gone\" of \"state = "
	     "gone\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[1024];
		struct err e = ERR_INIT;

		(void)snprintf(text, sizeof(text), "%s%s%s", head, cases[i].more, states);
		assert_null(load_text(text, &e));
		assert_int_equal(e.code, EX_CONFIG);
		if (strstr(e.text, cases[i].want) == NULL)
			fail_msg("case %zu said: %s", i, e.text);
	}
}

/* A health-insurance programme: nothing in C knows of it. */
static void a_third_programme_needs_no_code(void **state)
{
	static const char text[] =
	    "title: Bảo hiểm y tế\nrow: người\n"
	    "columns:\n"
	    "  - field: name\n    spellings: [Họ tên]\n    required: true\n"
	    "  - field: fact\n    name: the\n    spellings: [Hạn thẻ]\n"
	    "    values:\n      con: [còn hạn]\n      het: [hết hạn]\n    empty: het\n"
	    "states:\n  - name: het\n    title: hết hạn\n"
	    "  - name: con\n    title: còn hạn\n    done: true\n    when: fact.the = con\n"
	    "audiences:\n  - id: B1\n    title: hết hạn\n    when: state = het\n"
	    "    sms: sms/bhyt/b1.txt\n";
	struct err e = ERR_INIT;
	struct programme *p = load_text(text, &e);
	char facts[] = "{\"the\":\"con\"}";
	struct recipient r = {.facts = facts};
	struct predicate_row row = {.r = &r};

	(void)state;
	if (p == NULL)
		fail_msg("%s", e.text);
	assert_int_equal(programme_state_of(p, &row), 1);
	assert_string_equal(audience(p, &r), "B1");
	programme_free(p);
}

static void a_decision_takes_less_than_a_microsecond_or_so(void **state)
{
	struct programme *p = load("cccd");
	char facts[] = "{\"thu_nhan\":\"chua\",\"cu_tru\":\"thuong_tru\",\"note\":\"\"}";
	struct recipient r = {.facts = facts,
			      .birth_precision = 3,
			      .birth_year = 1970,
			      .birth_month = 5,
			      .birth_day = 20};
	struct predicate_row row = {.r = &r};
	int64_t start = clock_mono_ms();
	int hits = 0;

	(void)state;
	for (int i = 0; i < 1000000; i++)
		hits += programme_audience_of(p, &row) >= 0;
	assert_int_equal(hits, 1000000);
	print_message("1,000,000 audiences of cccd in %lld ms\n",
		      (long long)(clock_mono_ms() - start));
	programme_free(p);
}

/* ---- the manual ---------------------------------------------------------------------------- */

static void explained(const char *manual, const char *word)
{
	char *bold = mem_printf("*%s*", word), *dotted = mem_printf("*%s.*", word);

	if (strstr(manual, bold) == NULL && strstr(manual, dotted) == NULL)
		fail_msg("moidan-programme(5) does not say what %s is", word);
	free(bold);
	free(dotted);
}

static void explained_all(const char *manual, const json_t *schema)
{
	const json_t *keys = json_object_get(schema, "properties"), *field, *items, *value;
	const char *key;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)keys, key, field)
	{
		explained(manual, key);
		items = json_object_get(field, "items");
		explained_all(manual, items != NULL ? items : field);
		if (strcmp(key, "field") != 0)
			continue;
		json_array_foreach(json_object_get(field, "enum"), i, value)
		    explained(manual, json_string_value(value));
	}
}

static void the_manual_explains_each_key(void **state)
{
	static const char *const lefts[] = {"state", "birth",  "phone",	 "sex",
					    "hold",  "number", "shared", "age",
					    "unit",  "group",  "fact"};
	char *manual = mem_calloc(1, 1 << 16);
	FILE *f = fopen(SOURCE_DIR "/contrib/man/moidan-programme.5.scd", "re");
	json_t *schema = conf_schema(&programme_table);
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(f);
	assert_true(fread(manual, 1, (1 << 16) - 1, f) > 0);
	(void)fclose(f);
	/* scdoc wants some underscores escaped */
	for (char *at = manual; (at = strchr(at, '\\')) != NULL;)
		memmove(at, at + 1, strlen(at));
	explained_all(manual, schema);
	for (size_t i = 0; i < sizeof(lefts) / sizeof(lefts[0]); i++)
		explained(manual, lefts[i]);
	json_decref(schema);
	free(manual);
	/* What is wrong there is answered with all that would be right. */
	assert_null(load_text("title: x\nrow: x\ncolumns: [{field: name, spellings: [Tên]}]\n"
			      "states: [{name: none, title: x}]\n"
			      "audiences: [{id: A1, title: x, when: stat = none}]\n",
			      &e));
	for (size_t i = 0; i + 1 < sizeof(lefts) / sizeof(lefts[0]); i++) {
		char *word = mem_printf("%s, ", lefts[i]);

		if (strstr(e.text, word) == NULL)
			fail_msg("%s is not offered: %s", lefts[i], e.text);
		free(word);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_shipped_programmes_are_listed_and_load),
	    cmocka_unit_test(the_schema_in_the_repository_is_that_of_the_code),
	    cmocka_unit_test(the_manual_explains_each_key),
	    cmocka_unit_test(the_plan_s_figures_stand_as_it_prints_them),
	    cmocka_unit_test(a_household_is_in_the_audience_of_its_state),
	    cmocka_unit_test(a_person_is_in_the_audience_of_birth_and_residence),
	    cmocka_unit_test(minors_are_invited_through_their_family_from_fourteen_on),
	    cmocka_unit_test(whoever_may_be_dead_is_held_in_every_programme),
	    cmocka_unit_test(predicates_join_and_negate_as_logic_does),
	    cmocka_unit_test(predicates_compare_text_folded_and_order_states_and_births),
	    cmocka_unit_test(a_wrong_predicate_says_what_is_wrong_and_where),
	    cmocka_unit_test(deep_parentheses_are_refused_not_followed),
	    cmocka_unit_test(spellings_of_a_status_come_to_one_value),
	    cmocka_unit_test(an_error_in_a_programme_names_file_line_and_key),
	    cmocka_unit_test(a_third_programme_needs_no_code),
	    cmocka_unit_test(a_decision_takes_less_than_a_microsecond_or_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
