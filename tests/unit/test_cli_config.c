/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/config.h"
#include "provider/form.h"
#include "stored_schema.h"

#define CONFIG SOURCE_DIR "/config"

/* ---- a configuration of its own ---------------------------------------------------------- */

struct office {
	char dir[64], path[96];
	struct err e;
};

static int setup(void **state)
{
	struct office *o = mem_calloc(1, sizeof(*o));

	(void)snprintf(o->dir, sizeof(o->dir), "/tmp/moidan-config-XXXXXX");
	assert_non_null(mkdtemp(o->dir));
	(void)snprintf(o->path, sizeof(o->path), "%s/moidan.yaml", o->dir);
	*state = o;
	return 0;
}

static int teardown(void **state)
{
	struct office *o = *state;
	char *command = mem_printf("rm -rf %s", o->dir);

	assert_int_equal(system(command), 0);
	free(command);
	free(o);
	return 0;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* The file with the shipped descriptions and texts, and lines. */
static void write_config(const struct office *o, const char *lines)
{
	char *text = mem_printf("descriptions: " CONFIG "\ntemplates: " SOURCE_DIR
				"/templates\nunit: {name: xã A, office: UBND xã A}\n%s",
				lines);

	write_file(o->path, text, 0600);
	free(text);
}

static struct house *load(struct office *o)
{
	struct house *h = house_load(o->path, &o->e);

	if (h == NULL)
		fail_msg("%s", o->e.text);
	return h;
}

/* ---- the shipped file -------------------------------------------------------------------- */

/* Where the key of an option begins in a line: "key:", "#key:", "#  - key:"; NULL when the line is
 * empty or a remark, which has a word and no colon after it. */
static const char *option_of(const char *line)
{
	const char *key = line + strspn(line, " #"), *end;

	if (key[0] == '-' && key[1] == ' ')
		key += 2;
	for (end = key; islower((unsigned char)*end) || *end == '_'; end++)
		;
	return end > key && end[0] == ':' && (end[1] == ' ' || end[1] == '\0') ? key : NULL;
}

/* A line as it is when the "#" before its option is taken away. */
static void uncomment(char *line)
{
	char *hash = line + strspn(line, " ");

	if (*hash == '#' && option_of(line) != NULL)
		memmove(hash, hash + 1, strlen(hash));
}

/* An empty list is said as "key: []", and an example of its elements stands below. */
static void open_list(char *line, const char *next)
{
	char *empty = strstr(line, ": []");

	if (empty != NULL && next[strspn(next, " ")] == '-')
		memcpy(empty + 1, "   ", 3);
}

/* The shipped file with every option in force. Yours to free(). */
static char *everything(void)
{
	struct buf out = BUF_INIT(1u << 16);
	char *lines[400], text[256], *whole;
	size_t n = 0;
	FILE *f = fopen(CONFIG "/moidan.yaml", "re");

	assert_non_null(f);
	while (fgets(text, sizeof(text), f) != NULL) {
		text[strcspn(text, "\n")] = '\0';
		if (option_of(text) == NULL)
			continue;
		assert_true(n < 400);
		lines[n] = mem_strdup(text);
		uncomment(lines[n++]);
	}
	(void)fclose(f);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n)
			open_list(lines[i], lines[i + 1]);
		(void)buf_addf(&out, "%s\n", lines[i]);
		free(lines[i]);
	}
	whole = mem_strdup(buf_text(&out));
	buf_free(&out);
	return whole;
}

static void expect_default(const struct conf_field *f, const json_t *v, const char *where)
{
	const char *want = f->fallback != NULL ? f->fallback : "";
	char *is = NULL;

	if (f->required)
		return;
	if (json_is_integer(v))
		is = mem_printf("%lld", (long long)json_integer_value(v));
	else if (json_is_boolean(v))
		is = mem_strdup(json_is_true(v) ? "true" : "false");
	else if (json_is_null(v))
		is = mem_strdup("");
	else if (json_is_string(v))
		is = mem_strdup(json_string_value(v));
	if (is == NULL || strcmp(is, want) != 0)
		fail_msg("config/moidan.yaml: %s shows \"%s\", its default is \"%s\"", where,
			 is != NULL ? is : "?", want);
	free(is);
}

/* Every option of table stands in obj, outside of lists (whose elements are examples) with its default. */
static void expect_table(const struct conf_table *table, const json_t *obj, const char *prefix,
			 bool example)
{
	for (const struct conf_field *f = table->fields; f->key != NULL; f++) {
		const json_t *v = json_object_get(obj, f->key);
		char *where = mem_printf("%s%s", prefix, f->key);
		char *deeper = mem_printf("%s.", where);

		if (v == NULL)
			fail_msg("config/moidan.yaml does not show %s: %s", where, f->help);
		if (f->help == NULL || *f->help == '\0')
			fail_msg("%s has no line of help", where);
		if (f->type == CONF_OBJECT)
			expect_table(f->table, v, deeper, example);
		else if (f->type == CONF_OBJECTS)
			expect_table(f->table, json_array_get(v, 0), deeper, true);
		else if (f->type == CONF_STRINGS)
			assert_true(example || json_array_size(v) == 0);
		else if (!example)
			expect_default(f, v, where);
		free(where);
		free(deeper);
	}
}

static void the_shipped_file_shows_every_option_with_its_default(void **state)
{
	struct ydoc doc = {0};
	struct err e = ERR_INIT;
	char *text = everything();

	(void)state;
	if (ydoc_load_text("moidan.yaml", text, strlen(text), &doc, &e) < 0)
		fail_msg("%s\n%s", e.text, text);
	expect_table(&config_table, doc.root, "", false);
	ydoc_free(&doc);
	free(text);
}

/* What is shown is what can be written: nothing in it is unknown or has a wrong type. */
static void the_shipped_file_can_be_read_with_every_option_in_force(void **state)
{
	struct ydoc doc = {0};
	struct config c;
	struct err e = ERR_INIT;
	char *text = everything();

	(void)state;
	if (ydoc_load_text("moidan.yaml", text, strlen(text), &doc, &e) < 0 ||
	    conf_read(&doc, doc.root, &config_table, NULL, &c, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(c.providers.n, 1);
	assert_int_equal(c.reports.push.n, 1);
	conf_free(&config_table, &c);
	ydoc_free(&doc);
	free(text);
}

static void the_shipped_file_makes_a_house_as_it_is(void **state)
{
	struct err e = ERR_INIT;
	struct house *h = house_load(CONFIG "/moidan.yaml", &e);

	(void)state;
	if (h == NULL)
		fail_msg("%s", e.text);
	assert_string_equal(h->cfg.database, "/var/lib/moidan/moidan.db");
	assert_string_equal(h->cfg.listen, "127.0.0.1:8080");
	assert_true(h->cfg.two_person);
	assert_int_equal(h->n_providers, 0);
	assert_int_equal(h->report.n_programmes, 2);
	house_free(h);
}

/* ---- the schemas ------------------------------------------------------------------------- */

static void the_schemas_in_the_repository_are_those_of_the_code(void **state)
{
	(void)state;
	assert_schema_is_stored(conf_schema(&config_table),
				CONFIG "/schema/moidan.schema.json");
	assert_schema_is_stored(provider_description_schema(),
				CONFIG "/schema/provider.schema.json");
	assert_schema_is_stored(form_schema(), CONFIG "/schema/form.schema.json");
}

/* ---- what is refused --------------------------------------------------------------------- */

static void what_is_wrong_is_named_with_file_line_and_key(void **state)
{
	/* write_config() writes three lines before these */
	static const struct {
		const char *lines, *at, *says;
	} cases[] = {
	    {"databse: x.db\n", ":4:", "unknown key \"databse\""},
	    {"caps:\n  per_day: 1\n  per_month: 3\n", ":6:", "unknown key \"per_month\""},
	    {"caps: {per_day: 4}\n", ":4:", "from 1 to 3"},
	    {"providers:\n  - name: a\n    descripton: esms\n",
	     ":6:", "unknown key \"descripton\""},
	    {"providers: esms\n", ":4:", "a list"},
	    {"log_level: loud\n", ":4:", "\"debug\", \"info\", \"warn\" or \"error\""},
	    {"hours:\n  from: 7h30\n", ":5:", "a time of day"},
	    {"dispatch: {backoff: 60}\n", ":4:", "a duration"},
	    {"listen: localhost\n", ":4:", "address:port"},
	    {"public_url: http://moidan.xa.example\n", ":4:", "https://"},
	    {"console_url: http://console.xa.example\n", ":4:", "\"console_url\" must begin with https://"},
	    {"reports: {programmes: [vneid, khac]}\n", ":4:", "no programme \"khac\""},
	    {"providers:\n  - {name: Ê, description: esms}\n", ":5:", "a-z, 0-9"},
	    {"two_person: yes\ntwo_person: no\n", ":5:", "two_person"},
	};
	struct office *o = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;

		write_config(o, cases[i].lines);
		assert_null(house_load(o->path, &e));
		assert_int_equal(e.code, EX_CONFIG);
		if (strncmp(e.text, o->path, strlen(o->path)) != 0 ||
		    strncmp(e.text + strlen(o->path), cases[i].at, strlen(cases[i].at)) != 0 ||
		    strstr(e.text, cases[i].says) == NULL)
			fail_msg("%s gives \"%s\", which does not say %s … %s", cases[i].lines,
				 e.text, cases[i].at, cases[i].says);
	}
}

static void the_environment_overrides_a_scalar_and_is_checked(void **state)
{
	struct office *o = *state;
	struct house *h;

	write_config(o, "caps: {per_day: 1}\n");
	assert_int_equal(setenv("MOIDAN_CAPS_PER_DAY", "3", 1), 0);
	h = load(o);
	assert_int_equal(h->cfg.caps.per_day, 3);
	house_free(h);
	assert_int_equal(setenv("MOIDAN_CAPS_PER_DAY", "30", 1), 0);
	assert_null(house_load(o->path, &o->e));
	assert_non_null(strstr(o->e.text, "MOIDAN_CAPS_PER_DAY"));
	assert_int_equal(unsetenv("MOIDAN_CAPS_PER_DAY"), 0);
}

/* ---- paths and secrets ------------------------------------------------------------------- */

#define WITH_SECRETS                                                                           \
	"database: data/moidan.db\n"                                                           \
	"providers:\n"                                                                         \
	"  - name: esms\n"                                                                     \
	"    settings: {brandname: XA}\n"                                                      \
	"    secrets: {api_key_file: secrets/api, secret_key_file: secrets/key}\n"             \
	"reports:\n"                                                                           \
	"  push: [{url: https://a.example/, secret_file: secrets/push}]\n"                     \
	"  email: {server: \"smtp://m.example:587\", password_file: secrets/mail,\n"           \
	"    from: a@b.example, to: [c@b.example]}\n"

static void write_secrets(const struct office *o, mode_t mode)
{
	static const char *const names[] = {"api", "key", "push", "mail"};
	char *dir = mem_printf("%s/secrets", o->dir);

	(void)mkdir(dir, 0700);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = mem_printf("%s/%s", dir, names[i]);

		write_file(path, "whsec_bW9pZGFuLXRoaS1uZ2hpZW0=\n", mode);
		free(path);
	}
	free(dir);
}

struct seen {
	char *text[8];
	int n;
};

static void see(const char *line, void *arg)
{
	struct seen *s = arg;

	assert_true(s->n < 8);
	s->text[s->n++] = mem_strdup(line);
}

static void seen_free(struct seen *s)
{
	for (int i = 0; i < s->n; i++)
		free(s->text[i]);
	s->n = 0;
}

static void relative_paths_are_relative_to_the_file(void **state)
{
	static const char *const want[] = {"api", "key", "push", "mail"};
	struct office *o = *state;
	struct seen s = {.n = 0};
	struct house *h;
	char *path = mem_printf("%s/data/moidan.db", o->dir);

	write_secrets(o, 0600);
	write_config(o, WITH_SECRETS);
	assert_int_equal(chdir("/"), 0);
	h = load(o);
	assert_string_equal(h->cfg.database, path);
	house_each_secret(h, see, &s);
	assert_int_equal(s.n, 4);
	for (int i = 0; i < s.n; i++) {
		free(path);
		path = mem_printf("%s/secrets/%s", o->dir, want[i]);
		assert_string_equal(s.text[i], path);
	}
	seen_free(&s);
	free(path);
	house_free(h);
}

static void texts_and_descriptions_beside_the_file_come_before_the_installed_ones(void **state)
{
	struct office *o = *state;
	struct house *h;
	char *command = mem_printf("cp -r " CONFIG "/programmes " CONFIG
				   "/providers " SOURCE_DIR "/templates %s/",
				   o->dir);
	char *path = mem_printf("%s/templates", o->dir);

	assert_int_equal(system(command), 0);
	write_file(o->path, "unit: {name: xã A, office: UBND xã A}\n", 0600);
	h = load(o);
	assert_string_equal(h->cfg.templates, path);
	assert_string_equal(h->cfg.descriptions, o->dir);
	house_free(h);
	free(command);
	free(path);
}

static void a_secret_that_everybody_can_read_is_warned_of_and_only_that(void **state)
{
	struct office *o = *state;
	struct seen s = {.n = 0};
	char *key = mem_printf("%s/secrets/key", o->dir);

	write_secrets(o, 0640);
	write_config(o, WITH_SECRETS);
	assert_int_equal(chmod(o->path, 0644), 0); /* there is no secret in it */
	log_set_sink(see, &s);
	house_free(load(o));
	assert_int_equal(s.n, 0);
	assert_int_equal(chmod(key, 0644), 0);
	house_free(load(o));
	log_set_sink(NULL, NULL);
	assert_int_equal(s.n, 1);
	assert_non_null(strstr(s.text[0], "level=warn"));
	assert_non_null(strstr(s.text[0], key));
	assert_null(strstr(s.text[0], "whsec"));
	seen_free(&s);
	free(key);
}

static void a_secret_in_the_file_makes_the_file_a_secret(void **state)
{
	struct office *o = *state;
	struct seen s = {.n = 0};

	write_config(o, "providers:\n  - name: esms\n    settings: {brandname: XA}\n"
			"    secrets: {api_key: abcdef, secret_key: ghijkl}\n");
	assert_int_equal(chmod(o->path, 0644), 0);
	log_set_sink(see, &s);
	house_free(load(o));
	log_set_sink(NULL, NULL);
	assert_int_equal(s.n, 1);
	assert_non_null(strstr(s.text[0], o->path));
	assert_null(strstr(s.text[0], "abcdef"));
	seen_free(&s);
}

#define OFFICE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- what is wrong, and where ------------------------------------------------------------- */

#define ESMS	   "providers:\n  - name: a\n    description: esms\n"
#define ESMS_SET   ESMS "    settings: {brandname: XA}\n"
#define ESMS_WHOLE ESMS_SET "    secrets: {api_key: key-of-a, secret_key: secret-of-a}\n"

static void each_error_names_the_place(void **state)
{
	/* write_config() writes three lines before these. */
	static const struct {
		const char *lines, *place, *want;
	} cases[] = {
	    {"databse: x\n", "4:1", "unknown key \"databse\""},
	    {"database: x\nlisten: 127.0.0.1:99999\n", "5:1", "the port from 1 to 65535"},
	    {"listen: 8080\n", "4:1", "must be address:port"},
	    {"hours:\n  from: \"25:00\"\n", "5:3", "a time of day"},
	    {"hours:\n  holidays: [2027-02-30]\n", "4:1",
	     "hours.holidays: \"2027-02-30\" is no date"},
	    {"hours: {from: \"23:00\", to: \"05:00\"}\n", "4:1", "between 07:00 and 22:00"},
	    {"reports:\n  weekly_push_by: \"12:00\"\n", "4:1", "must follow each other"},
	    {"reports:\n  enabled: true\n  digest_weekday: 7\n  digest_at: \"23:00\"\n", "6:3",
	     "Sunday at 20:00"},
	    {"reports:\n  push:\n    - url: http://x.example\n", "6:7",
	     "must begin with https://"},
	    {"reports:\n  email:\n    server: x.example\n", "6:5", "smtp:// or smtps://"},
	    {"reports:\n  email:\n    server: smtp://x.example\n    from: x\n", "7:5",
	     "an e-mail address"},
	    {ESMS, "5:5", "provider a: settings.brandname is missing"},
	    {ESMS "    settings:\n      sms_type: 7\n", "7:5", "settings.brandname is missing"},
	    {ESMS "    settings:\n      brandname: XA\n      brand: XA\n", "9:7",
	     "unknown key \"brand\" in its settings; known: brandname"},
	    {ESMS "    settings:\n      brandname: XA\n      sms_type: 7\n", "9:7",
	     "settings.sms_type must be one of \""},
	    {ESMS_SET, "5:5", "secrets.api_key is missing"},
	    {ESMS_SET "    secrets:\n      api_key: key-of-a\n      secret_key_file: none\n",
	     "10:7", "secrets.secret_key: "},
	    {ESMS_WHOLE "    base_url: http://x.example\n", "9:5",
	     "base_url must begin with https://"},
	    {ESMS_WHOLE "    rate_per_second: fast\n", "9:5", "a whole number from 0 to"},
	    {"providers:\n  - name: a\n    description: nobody\n", "6:5",
	     "provider a: no description "},
	    {ESMS_WHOLE "  - name: a\n    description: esms\n", "9:5", "two providers"},
	};
	struct office *o = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *place = mem_printf("%s:%s: ", o->path, cases[i].place);

		write_config(o, cases[i].lines);
		err_clear(&o->e);
		assert_null(house_load(o->path, &o->e));
		if (strncmp(o->e.text, place, strlen(place)) != 0 ||
		    strstr(o->e.text, cases[i].want) == NULL || o->e.code != EX_CONFIG)
			fail_msg("case %zu, which is wrong at %s, said (%d): %s", i, place,
				 o->e.code, o->e.text);
		free(place);
	}
}

static void an_office_without_a_name_is_refused(void **state)
{
	struct office *o = *state;

	write_file(o->path, "unit:\n  name: xã A\n  office: \"\"\n", 0600);
	assert_null(house_load(o->path, &o->e));
	assert_non_null(strstr(o->e.text, ":3:3: \"office\" is missing"));
}

static void the_environment_is_told_what_is_allowed(void **state)
{
	struct office *o = *state;

	write_config(o, "");
	setenv("MOIDAN_CAPS_PER_DAY", "9", 1);
	assert_null(house_load(o->path, &o->e));
	unsetenv("MOIDAN_CAPS_PER_DAY");
	assert_string_equal(o->e.text,
			    "MOIDAN_CAPS_PER_DAY in the environment: \"per_day\" must "
			    "be a whole number from 1 to 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_shipped_file_shows_every_option_with_its_default),
	    cmocka_unit_test(the_shipped_file_can_be_read_with_every_option_in_force),
	    cmocka_unit_test(the_shipped_file_makes_a_house_as_it_is),
	    cmocka_unit_test(the_schemas_in_the_repository_are_those_of_the_code),
	    OFFICE_TEST(what_is_wrong_is_named_with_file_line_and_key),
	    OFFICE_TEST(the_environment_overrides_a_scalar_and_is_checked),
	    OFFICE_TEST(relative_paths_are_relative_to_the_file),
	    OFFICE_TEST(texts_and_descriptions_beside_the_file_come_before_the_installed_ones),
	    OFFICE_TEST(a_secret_that_everybody_can_read_is_warned_of_and_only_that),
	    OFFICE_TEST(a_secret_in_the_file_makes_the_file_a_secret),
	    cmocka_unit_test_setup_teardown(each_error_names_the_place, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_office_without_a_name_is_refused, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(the_environment_is_told_what_is_allowed, setup,
					    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
