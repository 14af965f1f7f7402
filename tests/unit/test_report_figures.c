/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <sys/mman.h>

#include "report/deliver.h"
#include "report/rollup.h"
#include "report_progress.h"
#include "store/subordinate.h"
#include "text/sms.h"

#define WEEK 24

static const char GOLDEN[] = TESTS_DIR "/data/report/weekly-2023-24.txt";

static json_t *figures_now(struct report_test *t)
{
	struct err e = ERR_INIT;
	json_t *o = report_figures(t->w.st, &t->h, 202300 + WEEK, clock_now_ms(), &e);

	world_must(o != NULL ? 0 : -1, &e, "figures");
	return o;
}

/* ---- numbers ------------------------------------------------------------------------------- */

static void what_was_counted_and_what_was_assigned_stand_side_by_side(void **state)
{
	struct report_test t;
	json_t *f;
	const json_t *target;
	char *text;

	(void)state;
	figures_open(&t);
	f = figures_now(&t);
	target = json_array_get(json_object_get(programme_of(f, 0), "targets"), 0);
	assert_int_equal(int_of(target, "assigned"), 1057);
	assert_int_equal(int_of(target, "count"), 1157);
	/* by hamlet the plan's own shares make another sum than its total */
	assert_int_equal(int_of(target, "assigned_sum"), 1157);
	assert_true(json_real_value(json_object_get(target, "percent_of_assigned")) >
		    json_real_value(json_object_get(target, "percent_of_count")));
	text = weekly_text(&t, f);
	assert_non_null(strstr(text, "Chỉ tiêu giao 1.057"));
	assert_non_null(strstr(text, "Danh sách 1.157"));
	assert_non_null(strstr(text, "số liệu kế hoạch giao 1.057, cộng theo danh sách 1.157"));
	free(text);
	json_decref(f);
	figures_close(&t);
}

/* Adds up every number of o, and of the objects in it, into sum. */
static void add_up(json_t *sum, const json_t *o)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)o, key, v)
	{
		if (json_is_integer(v))
			json_object_set_new(
			    sum, key,
			    json_integer(json_integer_value(json_object_get(sum, key)) +
					 json_integer_value(v)));
		else if (json_is_object(v)) {
			if (json_object_get(sum, key) == NULL)
				json_object_set_new(sum, key, json_object());
			add_up(json_object_get(sum, key), v);
		}
	}
}

static void the_hamlets_add_up_to_the_total_and_the_states_to_the_rows(void **state)
{
	struct report_test t;
	json_t *f;

	(void)state;
	figures_open(&t);
	f = figures_now(&t);
	for (size_t i = 0; i < 2; i++) {
		const json_t *p = programme_of(f, i), *total = json_object_get(p, "total"), *u;
		json_t *sum = json_object();
		size_t k;

		json_array_foreach(json_object_get(p, "units"), k, u)
		{
			const char *name;
			json_t *n;
			int64_t rows = 0;

			add_up(sum, u);
			json_object_foreach(json_object_get(u, "states"), name, n) rows +=
			    json_integer_value(n);
			assert_int_equal(rows, int_of(u, "total"));
		}
		assert_true(k >= 3);
		assert_true(json_equal(sum, total));
		json_decref(sum);
	}
	json_decref(f);
	figures_close(&t);
}

static void figures_hold_nobody_s_name_or_number(void **state)
{
	struct report_test t;
	char *text, line[1024];
	json_t *f;
	FILE *people;
	int names = 0;

	(void)state;
	figures_open(&t);
	f = figures_now(&t);
	text = json_dumps(f, JSON_REAL_PRECISION(6));
	people = fopen(TESTS_DIR "/data/my-phu-dong/can-bo.csv", "rb");
	assert_non_null(people);
	while (fgets(line, sizeof(line), people) != NULL) {
		char *name = strchr(line, ','), *end = name ? strchr(name + 1, ',') : NULL;

		if (end == NULL)
			continue;
		*end = '\0';
		names++;
		assert_null(strstr(text, name + 1));
	}
	assert_true(names > 50);
	(void)fclose(people);
	for (const char *p = text; *p != '\0';) { /* nor anything as long as a number */
		size_t digits = strspn(p, "0123456789");

		assert_true(digits < 9);
		p += digits + 1;
		if (p[-1] == '\0')
			break;
	}
	free(text);
	json_decref(f);
	figures_close(&t);
}

static void a_week_is_compared_with_the_one_before(void **state)
{
	struct report_test t;
	struct err e = ERR_INIT;
	json_t *first = NULL, *second = NULL, *none = NULL;
	const json_t *before;
	char *text;
	int64_t was, is;

	(void)state;
	figures_open(&t);
	(void)report_test_tick_at(&t, report_at(20230607, 17, 30));
	assert_int_equal(report_frozen(t.w.st, 202323, &first, &e), 1);
	assert_true(json_is_null(json_object_get(first, "before")));
	text = weekly_text(&t, first);
	assert_non_null(strstr(text, "Chưa có tuần trước"));
	free(text);
	twelve_get_an_account(&t);
	(void)report_test_tick_at(&t, report_at(20230614, 17, 30));
	assert_int_equal(report_frozen(t.w.st, 202324, &second, &e), 1);
	before = json_object_get(second, "before");
	assert_string_equal(json_string_value(json_object_get(before, "week")), "2023-W23");
	was = int_of(json_array_get(json_object_get(programme_of(before, 0), "targets"), 0),
		     "reached");
	is = int_of(json_array_get(json_object_get(programme_of(second, 0), "targets"), 0),
		    "reached");
	assert_int_equal(is - was, 12);
	text = weekly_text(&t, second);
	assert_non_null(strstr(text, "So với tuần"));
	assert_non_null(strstr(text, "(tuần này +12)"));
	free(text);
	/* what is frozen stays, whatever happens to the list */
	json_decref(first);
	assert_int_equal(report_frozen(t.w.st, 202323, &first, &e), 1);
	assert_int_equal(
	    int_of(json_array_get(json_object_get(programme_of(first, 0), "targets"), 0),
		   "reached"),
	    was);
	assert_int_equal(report_frozen(t.w.st, 202325, &none, &e), 0);
	assert_null(none);
	json_decref(first);
	json_decref(second);
	figures_close(&t);
}

static int wrong_person(struct store *st, void *arg, struct err *e)
{
	const uint64_t *number = arg;

	return store_contact_flags(st, *number, CONTACT_WRONG_PERSON, 0, "thu", e) < 0 ? -1 : 0;
}

static void a_hamlet_whose_head_cannot_be_written_to_is_named(void **state)
{
	struct report_test t;
	json_t *f;
	char *text;

	(void)state;
	clock_set_virtual(report_at(20230605, 8, 0));
	report_test_open(&t, NULL);
	report_test_import(&t, t.programmes[0], "ho-dan.csv");
	f = figures_now(&t);
	text = weekly_text(&t, f);
	assert_non_null(strstr(text, "Chưa gửi được bản tin tuần cho:\n- ấp Tân Phú: "));
	free(text);
	json_decref(f);
	figures_close(&t);
}

/* Nothing is sent to a number that is another's: nor is it said that something was. */
static void a_head_whose_number_is_another_s_cannot_be_written_to(void **state)
{
	static const uint64_t of_tan_phu = UINT64_C(84700000260);
	struct report_test t;
	json_t *f;
	char *text;

	(void)state;
	figures_open(&t);
	world_do(&t.w, wrong_person, (void *)(uintptr_t)&of_tan_phu);
	f = figures_now(&t);
	text = weekly_text(&t, f);
	assert_non_null(strstr(text, "- ấp Tân Phú: trưởng ấp chưa có số điện thoại nhắn tin "
				     "được.\n"));
	assert_null(strstr(text, "- ấp Tân Mỹ: "));
	free(text);
	json_decref(f);
	figures_close(&t);
}

/* The households' programme with a column that looks at the rows themselves. */
static struct programme *with_a_column_of_rows(const char *dir)
{
	char *folder = mem_printf("%s/programmes", dir);
	char *command = mem_printf(
	    "mkdir -p %s && sed 's/^    - title: Ghi chú$/&\\n    - title: Tổ 1\\n      when: "
	    "hold != gone and group = \"Tổ 1\"/' " SOURCE_DIR
	    "/config/programmes/vneid.yaml > %s/vneid.yaml",
	    folder, folder);
	struct err e = ERR_INIT;
	struct programme *p;

	assert_int_equal(system(command), 0);
	p = programme_load(dir, "vneid", &e);
	world_must(p != NULL ? 0 : -1, &e, "vneid");
	free(command);
	command = mem_printf("rm -r %s", folder);
	assert_int_equal(system(command), 0);
	free(command);
	free(folder);
	return p;
}

/* A list of a million is not gone over for what is counted beside it; a column that needs it is still right. */
static void an_appendix_counts_the_same_by_kinds_and_by_rows(void **state)
{
	struct report_test t;
	struct programme *by_kind;
	json_t *f, *other;
	const json_t *rows, *more, *a;
	size_t i, k;

	(void)state;
	figures_open(&t);
	twelve_get_an_account(&t);
	assert_true(programme_appendix_by_kind(t.programmes[0]));
	assert_true(programme_appendix_by_kind(t.programmes[1]));
	f = figures_now(&t);
	by_kind = t.programmes[0];
	t.programmes[0] = with_a_column_of_rows(t.w.dir);
	assert_false(programme_appendix_by_kind(t.programmes[0]));
	other = figures_now(&t);
	a = json_array_get(json_object_get(f, "appendices"), 2);
	rows = json_object_get(a, "rows");
	more = json_object_get(json_array_get(json_object_get(other, "appendices"), 2), "rows");
	assert_int_equal(json_array_size(rows), 3);
	assert_int_equal(json_array_size(more), 3);
	json_array_foreach(rows, i, a)
	{
		const json_t *row = json_array_get(more, i);

		assert_true(
		    json_equal(json_object_get(a, "unit"), json_object_get(row, "unit")));
		for (k = 0; k < 4; k++)
			assert_true(
			    json_equal(json_array_get(json_object_get(a, "counts"), k),
				       json_array_get(json_object_get(row, "counts"), k)));
		assert_true(
		    json_integer_value(json_array_get(json_object_get(row, "counts"), 5)) > 0);
	}
	programme_free(by_kind);
	json_decref(f);
	json_decref(other);
	figures_close(&t);
}

/* ---- digests --------------------------------------------------------------------------------- */

static void assert_one_plain_segment(const struct report_test *t, const json_t *figures,
				     const char *unit, const char *words)
{
	struct buf out = BUF_INIT(2000);
	struct err e = ERR_INIT;
	struct sms_count n;

	world_must(report_digest_text(&t->h, figures, unit, &out, &e), &e, "digest");
	n = sms_count(buf_text(&out));
	assert_false(n.ucs2);
	assert_int_equal(n.segments, 1);
	for (const char *p = buf_text(&out); *p != '\0'; p++)
		assert_true((unsigned char)*p < 0x80);
	assert_non_null(strstr(buf_text(&out), words));
	buf_free(&out);
}

static void the_digest_of_every_hamlet_is_one_message_without_accents(void **state)
{
	struct report_test t;
	struct err e = ERR_INIT;
	json_t *f = NULL;

	(void)state;
	figures_open(&t);
	(void)report_test_tick_at(&t, report_at(20230607, 17, 30));
	twelve_get_an_account(&t);
	(void)report_test_tick_at(&t, report_at(20230614, 17, 30));
	assert_int_equal(report_frozen(t.w.st, 202324, &f, &e), 1);
	assert_one_plain_segment(&t, f, "Tân Phú", "ap Tan Phu");
	assert_one_plain_segment(&t, f, "Tân Mỹ", "ap Tan My");
	assert_one_plain_segment(&t, f, "Tân Đông", "ap Tan Dong");
	json_decref(f);
	figures_close(&t);
}

/* Every number of a tree times n. */
static void multiply(json_t *o, int64_t n)
{
	const char *key;
	json_t *v;
	size_t i;

	json_object_foreach(o, key, v)
	{
		if (json_is_integer(v))
			(void)json_integer_set(v, json_integer_value(v) * n);
		multiply(v, n);
	}
	json_array_foreach(o, i, v) multiply(v, n);
}

static void rename_unit(json_t *o, const char *from, const char *to)
{
	const char *key;
	json_t *v;
	size_t i;

	json_object_foreach(o, key, v)
	{
		if (json_is_string(v) && strcmp(json_string_value(v), from) == 0)
			(void)json_string_set(v, to);
		rename_unit(v, from, to);
	}
	json_array_foreach(o, i, v) rename_unit(v, from, to);
}

static void a_digest_of_large_numbers_and_a_long_name_takes_the_shorter_text(void **state)
{
	static const char NAME[] = "Mỹ Phú Đông Thượng";
	struct report_test t;
	struct buf out = BUF_INIT(2000);
	struct err e = ERR_INIT;
	json_t *f;

	(void)state;
	figures_open(&t);
	f = figures_now(&t);
	multiply(f, 1000);
	rename_unit(f, "Tân Đông", NAME);
	assert_one_plain_segment(&t, f, NAME, "ap My Phu Dong Thuong");
	/* No hamlet is called so. When even the shortest does not fit it is said, and nothing is cut. */
	rename_unit(f, NAME, "Tân Đông Tân Đông Tân Đông Tân Đông Tân Đông Tân Đông Tân Đông");
	assert_int_equal(
	    report_digest_text(&t.h, f,
			       "Tân Đông Tân Đông Tân Đông Tân Đông Tân Đông Tân Đông Tân Đông",
			       &out, &e),
	    -1);
	assert_int_equal(e.code, EX_DATAERR);
	assert_int_equal(out.len, 0);
	err_clear(&e);
	assert_int_equal(report_digest_text(&t.h, f, "Tân Tây", &out, &e), -1);
	assert_int_equal(e.code, EX_DATAERR);
	buf_free(&out);
	json_decref(f);
	figures_close(&t);
}

/* ---- the summary ------------------------------------------------------------------------------ */

static void the_summary_reads_as_agreed(void **state)
{
	struct report_test t;
	struct err e = ERR_INIT;
	json_t *f = NULL;
	char *text, wanted[16384] = "";
	FILE *golden = fopen(GOLDEN, "rb");

	(void)state;
	figures_open(&t);
	(void)report_test_tick_at(&t, report_at(20230607, 17, 30));
	twelve_get_an_account(&t);
	(void)report_test_tick_at(&t, report_at(20230614, 17, 30));
	assert_int_equal(report_frozen(t.w.st, 202324, &f, &e), 1);
	text = weekly_text(&t, f);
	if (golden != NULL) {
		wanted[fread(wanted, 1, sizeof(wanted) - 1, golden)] = '\0';
		(void)fclose(golden);
		/* A file ends with a line end, a text that is put into others does not. */
		wanted[strlen(wanted) - 1] = '\0';
	}
	/* When it is meant to change: copy what is printed here over the file. */
	if (strcmp(text, wanted) != 0) {
		(void)puts(text);
		fail_msg("%s says something else", GOLDEN);
	}
	free(text);
	json_decref(f);
	figures_close(&t);
}

/* ---- those below ------------------------------------------------------------------------------ */

/* Room for JSON that is gone the moment it is given back, a page for each piece: jansson is built without ASan,
 * which sees what we do with what was freed, and not what we have it do. */
#define ROOM_PAGE  ((size_t)4096)
#define ROOM_PAGES ((size_t)1 << 17)
static struct {
	char *start;
	size_t used;
} room;

static void *room_get(size_t size)
{
	char *p = room.start + room.used * ROOM_PAGE;
	size_t pages = (size + ROOM_PAGE - 1) / ROOM_PAGE;

	room.used += pages;
	if (room.used > ROOM_PAGES || mprotect(p, pages * ROOM_PAGE, PROT_READ | PROT_WRITE))
		return NULL;
	return p;
}

/* Of a large piece the first page, which is enough. */
static void room_return(void *p)
{
	if ((char *)p < room.start || (char *)p >= room.start + ROOM_PAGES * ROOM_PAGE)
		free(p);
	else if (mprotect(p, ROOM_PAGE, PROT_NONE) < 0)
		abort();
}

static json_t *progress_in_room(struct report_test *t)
{
	struct err e = ERR_INIT;
	json_t *f;

	room.start =
	    mmap(NULL, ROOM_PAGES * ROOM_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(room.start != MAP_FAILED);
	json_set_alloc_funcs(room_get, room_return);
	f = report_progress(t->w.st, &t->h, clock_now_ms(), &e);
	world_must(f != NULL ? 0 : -1, &e, "progress");
	return f;
}

static void room_close(void)
{
	json_set_alloc_funcs(malloc, free);
	assert_int_equal(munmap(room.start, ROOM_PAGES * ROOM_PAGE), 0);
}

/* What a commune hands up for this week. */
static int hand_up(struct store *st, void *arg, struct err *e)
{
	const char *const *word = arg; /* commune, figures */
	char *body = mem_printf("{\"data\":{\"figures\":%s}}", word[1]);
	enum subordinate_put what;
	int rc = store_subordinate_put(st, word[0], 202300 + WEEK, word[0], body, strlen(body),
				       clock_now_ms(), &what, e);

	free(body);
	return rc;
}

static json_t *named_programme(json_t *figures, const char *name)
{
	json_t *p = NULL;
	size_t i;

	json_array_foreach(json_object_get(figures, "programmes"), i, p)
	{
		if (strcmp(json_string_value(json_object_get(p, "name")), name) == 0)
			return p;
	}
	fail_msg("no programme %s", name);
	return NULL;
}

static int64_t total_of(json_t *programme)
{
	return json_integer_value(
	    json_object_get(json_object_get(programme, "total"), "total"));
}

/* What is shown of the week that runs has no appendices, and what others hand up need not have our lists. */
static void progress_takes_in_what_communes_handed_up_whatever_its_shape(void **state)
{
	static const char *const words[][2] = {
	    {"Tân Phú",
	     "{\"programmes\":[{\"name\":\"vneid\",\"total\":{\"total\":40}},"
	     "{\"name\":\"khac\",\"total\":{\"total\":5}},{\"name\":\"khac\"},7,null],"
	     "\"appendices\":[{\"number\":\"I\",\"columns\":[{\"title\":\"x\"}],"
	     "\"rows\":[{\"counts\":[3]}]},{\"number\":\"99\"},null]}"},
	    {"Tân Đông",
	     "{\"programmes\":[{\"name\":\"vneid\",\"total\":{\"total\":2},\"targets\":["
	     "{\"id\":\"neu\",\"assigned\":9,\"count\":8,\"reached\":4},5]},"
	     "{\"name\":\"khac\",\"total\":7,\"targets\":3,\"units\":false}]}"},
	    {"Tân Mỹ", "{}"}};
	struct report_test t;
	struct err e = ERR_INIT;
	json_t *f, *p, *communes, *first;
	int64_t ours;

	(void)state;
	figures_open(&t);
	clock_set_virtual(report_at(20230614, 9, 30));
	f = report_progress(t.w.st, &t.h, clock_now_ms(), &e);
	world_must(f != NULL ? 0 : -1, &e, "progress");
	ours = total_of(named_programme(f, "vneid"));
	assert_true(ours > 0);
	json_decref(f);
	conf_free(&reports_config_table, &t.cfg);
	report_test_configure(&t.cfg, json_pack("{s:[{s:s,s:s},{s:s,s:s},{s:s,s:s},{s:s,s:s}]}",
						"communes", "name", "Tân Phú", "secret",
						"bi-mat-thu-nghiem", "name", "Tân Đông",
						"secret", "bi-mat-thu-nghiem", "name", "Tân Mỹ",
						"secret", "bi-mat-thu-nghiem", "name",
						"Tân Hiệp", "secret", "bi-mat-thu-nghiem"));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		world_do(&t.w, hand_up, (void *)(uintptr_t)words[i]);
	f = progress_in_room(&t);
	assert_null(json_object_get(f, "appendices"));
	assert_int_equal(total_of(named_programme(f, "vneid")), ours + 42);
	p = named_programme(f, "khac");
	assert_int_equal(total_of(p), 5);
	/* Each word of a commune is a row, though it counts nobody. */
	assert_int_equal(json_array_size(json_object_get(p, "units")), 3);
	communes = json_object_get(f, "communes");
	assert_int_equal(json_array_size(communes), 4);
	first = json_array_get(communes, 0);
	assert_string_equal(json_string_value(json_object_get(first, "name")), "Tân Phú");
	assert_true(json_is_false(json_object_get(first, "missing")));
	assert_true(json_is_true(json_object_get(json_array_get(communes, 3), "missing")));
	json_decref(f);
	room_close();
	/* The week's own have appendices: theirs stand in them. */
	f = figures_now(&t);
	assert_int_equal(total_of(named_programme(f, "vneid")), ours + 42);
	assert_true(json_array_size(json_object_get(f, "appendices")) >= 2);
	json_decref(f);
	figures_close(&t);
}

/* Anybody may send one: the signature is looked at later. */
static void a_moment_out_of_this_world_is_nobody_s(void **state)
{
	static const char *const stamps[] = {"-9223372036854775808", "9223372036854775807",
					     "99999999999999999999", "-1"};
	struct report_test t;
	struct err e = ERR_INIT;
	struct rollup_call call = {
	    .id = "x-weekly-202324-1", .signature = "v1,x", .body = "{}", .len = 2};
	struct rollup_word word;

	(void)state;
	figures_open(&t);
	conf_free(&reports_config_table, &t.cfg);
	report_test_configure(&t.cfg, json_pack("{s:[{s:s,s:s}]}", "communes", "name",
						"xã Vĩnh Phú", "secret", "bi-mat-thu-nghiem"));
	for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
		call.timestamp = stamps[i];
		err_clear(&e);
		assert_int_equal(rollup_verify(&t.cfg, &call, clock_now_ms(), &word, &e), -1);
		assert_int_equal(e.code, EX_NOPERM);
	}
	figures_close(&t);
}

/* Keyboards write one name in several ways. */
static void a_commune_is_known_however_its_name_is_spelt(void **state)
{
	static const char BODY[] =
	    "{\"type\":\"report.weekly\",\"data\":{\"figures\":{\"commune\":"
	    "\"xa\xCC\x83 Vi\xCC\x83nh Phu\xCC\x81\",\"week\":\"2023-W24\"}}}";
	static const char SECRET[] = "whsec_bWkgZGFuIHRodSBuZ2hpZW0ga2hvYSBreQ==";
	struct reports_config cfg;
	struct err e = ERR_INIT;
	char stamp[32], signature[64];
	int64_t now = report_at(20230615, 8, 0);
	struct rollup_call call = {.id = "x-weekly-202324-1",
				   .timestamp = stamp,
				   .signature = signature,
				   .body = BODY,
				   .len = sizeof(BODY) - 1};
	struct rollup_word word;

	(void)state;
	report_test_configure(&cfg, json_pack("{s:[{s:s,s:s}]}", "communes", "name",
					      "xã Vĩnh Phú", "secret", SECRET));
	(void)snprintf(stamp, sizeof(stamp), "%" PRId64, now / CLOCK_SECOND_MS);
	world_must(deliver_signature(SECRET, call.id, now / CLOCK_SECOND_MS, BODY, call.len,
				     signature, &e),
		   &e, "sign");
	world_must(rollup_verify(&cfg, &call, now, &word, &e), &e, "verify");
	assert_string_equal(word.commune, "xã Vĩnh Phú");
	assert_int_equal(word.week, 202324);
	conf_free(&reports_config_table, &cfg);
}

/* Else its people would be counted twice. */
static void a_commune_is_named_once(void **state)
{
	struct reports_config cfg;
	struct err e = ERR_INIT;

	(void)state;
	report_test_configure(&cfg, json_pack("{s:[{s:s,s:s},{s:s,s:s}]}", "communes", "name",
					      "xã Vĩnh Phú", "secret", "mot", "name",
					      "xã Vĩnh Phú", "secret", "hai"));
	cfg.weekly_ready_at = cfg.weekly_push_by = cfg.weekly_deadline = cfg.communes_by;
	assert_int_equal(reports_config_check(&cfg, NULL, &e), -1);
	assert_int_equal(e.code, EX_CONFIG);
	assert_non_null(strstr(e.text, "xã Vĩnh Phú"));
	conf_free(&reports_config_table, &cfg);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_counted_and_what_was_assigned_stand_side_by_side),
	    cmocka_unit_test(the_hamlets_add_up_to_the_total_and_the_states_to_the_rows),
	    cmocka_unit_test(figures_hold_nobody_s_name_or_number),
	    cmocka_unit_test(a_week_is_compared_with_the_one_before),
	    cmocka_unit_test(a_hamlet_whose_head_cannot_be_written_to_is_named),
	    cmocka_unit_test(a_head_whose_number_is_another_s_cannot_be_written_to),
	    cmocka_unit_test(a_moment_out_of_this_world_is_nobody_s),
	    cmocka_unit_test(a_commune_is_known_however_its_name_is_spelt),
	    cmocka_unit_test(a_commune_is_named_once),
	    cmocka_unit_test(an_appendix_counts_the_same_by_kinds_and_by_rows),
	    cmocka_unit_test(the_digest_of_every_hamlet_is_one_message_without_accents),
	    cmocka_unit_test(a_digest_of_large_numbers_and_a_long_name_takes_the_shorter_text),
	    cmocka_unit_test(the_summary_reads_as_agreed),
	    cmocka_unit_test(progress_takes_in_what_communes_handed_up_whatever_its_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
