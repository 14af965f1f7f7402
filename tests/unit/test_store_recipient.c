/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"
#include "store_sql.h"

#include "text/phone.h"

struct seen {
	int n;
	struct recipient_counts counts[4];
	int64_t ids[8];
	char names[8][32];
};

static void put(struct fixture *f, struct recipient *r, enum recipient_put *what)
{
	OK(store_recipient_put(f->st, "vneid", r, what, &f->e));
}

static struct recipient person(const char *key)
{
	return (struct recipient){.key = (char *)(uintptr_t)key,
				  .name = "Lê Văn Mẫu",
				  .name_fold = "le van mau",
				  .name_sort = "mau le van",
				  .number = FIRST,
				  .facts = "{\"app\":false}",
				  .raw = "[\"1\"]",
				  .source_row = 7};
}

static void a_list_put_twice_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct recipient r = person("TP-1"), got = {0};
	enum recipient_put what;

	OK(store_begin(f->st, &f->e));
	put(f, &r, &what);
	assert_int_equal(what, RECIPIENT_NEW);
	r = person("TP-1");
	put(f, &r, &what);
	assert_int_equal(what, RECIPIENT_SAME);
	OK(store_commit(f->st, &f->e));
	assert_int_equal(store_recipient_find(f->st, "vneid", "TP-1", &got, &f->e), 1);
	assert_int_equal(got.rev, 1);
	assert_int_equal(got.contact_shared, 1);
	assert_string_equal(got.raw, "[\"1\"]");
	assert_int_equal(got.source_row, 7);
	recipient_clear(&got);
	assert_int_equal(store_recipient_find(f->st, "vneid", "TP-2", &got, &f->e), 0);
	assert_int_equal(store_recipient_find(f->st, "cccd", "TP-1", &got, &f->e), 0);
}

static void only_what_matters_to_sending_raises_the_revision(void **state)
{
	struct fixture *f = *state;
	struct recipient r = person("TP-1");
	enum recipient_put what;

	OK(store_begin(f->st, &f->e));
	put(f, &r, &what);
	r.group = "Tổ 3";
	put(f, &r, &what);
	assert_int_equal(what, RECIPIENT_UPDATED);
	assert_int_equal(r.rev, 1);
	r.state = 1;
	put(f, &r, &what);
	assert_int_equal(r.rev, 2);
	r.facts = "{\"app\":true}";
	put(f, &r, &what);
	assert_int_equal(r.rev, 3);
	r.number = FIRST + 5;
	put(f, &r, &what);
	assert_int_equal(r.rev, 4);
	put(f, &r, &what);
	assert_int_equal(what, RECIPIENT_SAME);
	assert_int_equal(r.rev, 4);
	OK(store_commit(f->st, &f->e));
}

static void rows_of_one_number_share_a_contact_and_a_move_recounts_both(void **state)
{
	struct fixture *f = *state;
	struct recipient a = person("TP-1"), b = person("TP-2"), got = {0};
	enum recipient_put what;

	OK(store_begin(f->st, &f->e));
	put(f, &a, &what);
	put(f, &b, &what);
	assert_int_equal(a.contact_id, b.contact_id);
	OK(store_commit(f->st, &f->e));
	assert_int_equal(store_recipient_get(f->st, a.id, &got, &f->e), 1);
	assert_int_equal(got.contact_shared, 2);
	recipient_clear(&got);

	OK(store_begin(f->st, &f->e));
	b.number = FIRST + 1;
	put(f, &b, &what);
	OK(store_commit(f->st, &f->e));
	assert_int_equal(store_recipient_get(f->st, a.id, &got, &f->e), 1);
	assert_int_equal(got.contact_shared, 1);
	recipient_clear(&got);
	assert_int_equal(store_recipient_get(f->st, b.id, &got, &f->e), 1);
	assert_int_equal(got.contact_shared, 1);
	assert_int_not_equal(got.contact_id, a.contact_id);
	recipient_clear(&got);
}

static void a_landline_has_no_contact_and_a_renumbered_one_is_unconfirmed_once(void **state)
{
	struct fixture *f = *state;
	struct recipient r = person("TP-1"), got = {0};
	enum recipient_put what;

	OK(store_begin(f->st, &f->e));
	r.phone_status = PHONE_LANDLINE;
	put(f, &r, &what);
	assert_int_equal(r.contact_id, 0);
	r.phone_status = PHONE_OK;
	r.phone_flags = PHONE_MIGRATED_2018;
	put(f, &r, &what);
	assert_int_equal(store_recipient_get(f->st, r.id, &got, &f->e), 1);
	assert_int_equal(got.contact_flags, CONTACT_UNCONFIRMED);
	recipient_clear(&got);
	OK(store_contact_flags(f->st, FIRST, CONTACT_OPTED_OUT, CONTACT_UNCONFIRMED, "lan",
			       &f->e));
	put(f, &r, &what);
	assert_int_equal(store_recipient_get(f->st, r.id, &got, &f->e), 1);
	assert_int_equal(got.contact_flags, CONTACT_OPTED_OUT);
	recipient_clear(&got);
	OK(store_commit(f->st, &f->e));
}

static void a_list_lifts_no_hold_but_brings_back_who_was_gone(void **state)
{
	static const struct {
		enum recipient_hold before, list, after;
	} cases[] = {
	    {HOLD_OFFICER, HOLD_NONE, HOLD_OFFICER},
	    {HOLD_DECEASED, HOLD_NONE, HOLD_DECEASED},
	    {HOLD_DECEASED, HOLD_DECEASED_SUSPECTED, HOLD_DECEASED},
	    {HOLD_DECEASED_SUSPECTED, HOLD_NONE, HOLD_DECEASED_SUSPECTED},
	    {HOLD_OFFICER, HOLD_DECEASED_SUSPECTED, HOLD_OFFICER},
	    {HOLD_GONE, HOLD_NONE, HOLD_NONE},
	    {HOLD_GONE, HOLD_DECEASED_SUSPECTED, HOLD_DECEASED_SUSPECTED},
	    {HOLD_NONE, HOLD_DECEASED_SUSPECTED, HOLD_DECEASED_SUSPECTED},
	};
	struct fixture *f = *state;

	OK(store_begin(f->st, &f->e));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char key[16];
		struct recipient r = person(key), got = {0};
		enum recipient_put what;

		(void)snprintf(key, sizeof(key), "K-%zu", i);
		put(f, &r, &what);
		assert_int_equal(
		    store_recipient_hold(f->st, r.id, cases[i].before, "tay", "lan", &f->e), 1);
		r.hold = cases[i].list;
		r.hold_reason = r.hold ? "đã chết, chưa khai tử" : NULL;
		put(f, &r, &what);
		assert_int_equal(store_recipient_get(f->st, r.id, &got, &f->e), 1);
		assert_int_equal(got.hold, cases[i].after);
		recipient_clear(&got);
	}
	OK(store_commit(f->st, &f->e));
}

static void a_suspicion_that_was_lifted_comes_back_only_with_another_note(void **state)
{
	struct fixture *f = *state;
	struct recipient r = person("TP-1"), got = {0};
	enum recipient_put what;

	OK(store_begin(f->st, &f->e));
	r.hold = HOLD_DECEASED_SUSPECTED;
	r.hold_reason = "mất?";
	put(f, &r, &what);
	assert_int_equal(store_recipient_hold(f->st, r.id, HOLD_NONE, NULL, "lan", &f->e), 1);
	put(f, &r, &what);
	assert_int_equal(what, RECIPIENT_SAME);
	assert_int_equal(store_recipient_get(f->st, r.id, &got, &f->e), 1);
	assert_int_equal(got.hold, HOLD_NONE);
	recipient_clear(&got);
	r.hold_reason = "đã mất ngày 5/5/2023";
	put(f, &r, &what);
	assert_int_equal(store_recipient_get(f->st, r.id, &got, &f->e), 1);
	assert_int_equal(got.hold, HOLD_DECEASED_SUSPECTED);
	assert_string_equal(got.hold_reason, "đã mất ngày 5/5/2023");
	recipient_clear(&got);
	OK(store_commit(f->st, &f->e));
}

static int state_of(struct fixture *f, int64_t id)
{
	struct recipient got = {0};
	int state;

	assert_int_equal(store_recipient_get(f->st, id, &got, &f->e), 1);
	state = got.state;
	recipient_clear(&got);
	return state;
}

static void an_officers_state_stands_against_lists_without_news_or_of_before(void **state)
{
	struct fixture *f = *state;
	struct import_record old = {.programme = "vneid", .at = T0},
			     new = {.programme = "vneid", .at = T0 + 2 * CLOCK_DAY_MS};
	struct recipient r = person("TP-1");
	enum recipient_put what;

	OK(store_begin(f->st, &f->e));
	OK(store_import_add(f->st, &old, &f->e));
	OK(store_import_add(f->st, &new, &f->e));
	r.import_id = old.id;
	put(f, &r, &what);
	clock_advance_virtual(CLOCK_DAY_MS);
	assert_int_equal(store_recipient_set_state(f->st, r.id, 2, "lan", &f->e), 1);
	r.state = 1; /* the old list, differently */
	put(f, &r, &what);
	assert_int_equal(state_of(f, r.id), 2);
	r.import_id = new.id; /* a later list that repeats itself */
	put(f, &r, &what);
	assert_int_equal(state_of(f, r.id), 2);
	r.state = 0; /* a later list with something new */
	put(f, &r, &what);
	assert_int_equal(state_of(f, r.id), 0);
	OK(store_commit(f->st, &f->e));
}

static bool see(const struct recipient *r, void *arg)
{
	struct seen *s = arg;

	s->ids[s->n] = r->id;
	(void)snprintf(s->names[s->n], sizeof(s->names[0]), "%s", r->name);
	return ++s->n < 3;
}

static void a_scan_goes_by_programme_in_order_of_id_until_told_to_stop(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};
	struct recipient other = person("X-1");
	enum recipient_put what;

	fixture_people(f, 2, false);
	OK(store_begin(f->st, &f->e));
	OK(store_recipient_put(f->st, "cccd", &other, &what, &f->e));
	for (int i = 0; i < 3; i++) {
		char key[16];
		struct recipient r = person(key);

		(void)snprintf(key, sizeof(key), "Y-%d", i);
		put(f, &r, &what);
	}
	OK(store_commit(f->st, &f->e));
	OK(store_recipient_scan(f->st, "vneid", 0, 100, true, see, &s, &f->e));
	assert_int_equal(s.n, 3);
	assert_true(s.ids[0] == 1 && s.ids[1] == 2 && s.ids[2] == 4);
	s.n = 0;
	OK(store_recipient_scan(f->st, "vneid", 4, 1, false, see, &s, &f->e));
	assert_int_equal(s.n, 1);
	assert_int_equal(s.ids[0], 5);
}

static void count(const struct recipient_counts *c, void *arg)
{
	struct seen *s = arg;

	s->counts[s->n++] = *c;
}

static void counts_per_unit_add_up(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};
	int64_t tan_phu, my_hoa, again;
	enum recipient_put what;

	OK(store_begin(f->st, &f->e));
	OK(store_unit_put(f->st, "ấp", "Tân Phú", 0, &tan_phu, &f->e));
	OK(store_unit_put(f->st, "ấp", "Mỹ Hòa", 0, &my_hoa, &f->e));
	OK(store_unit_put(f->st, "ấp", "TÂN PHÚ", 0, &again, &f->e));
	assert_int_equal(tan_phu, again);
	assert_int_equal(store_unit_find(f->st, "tan phu", &again, &f->e), 1);
	assert_int_equal(tan_phu, again);
	assert_int_equal(store_unit_find(f->st, "Tân Lộc", &again, &f->e), 0);
	for (int i = 0; i < 6; i++) {
		char key[16];
		struct recipient r = person(key);

		(void)snprintf(key, sizeof(key), "K-%d", i);
		r.unit_id = i < 4 ? tan_phu : my_hoa;
		r.state = i % 2;
		r.number = i == 0 ? 0 : FIRST + (uint64_t)i;
		r.phone_status = i == 0 ? PHONE_MISSING : PHONE_OK;
		r.hold = i == 5 ? HOLD_DECEASED_SUSPECTED : HOLD_NONE;
		r.birth_precision = 3;
		put(f, &r, &what);
	}
	OK(store_commit(f->st, &f->e));
	OK(store_recipient_counts(f->st, "vneid", count, &s, &f->e));
	assert_int_equal(s.n, 2);
	assert_int_equal(s.counts[0].unit_id, tan_phu);
	assert_int_equal(s.counts[0].total, 4);
	assert_int_equal(s.counts[0].by_state[0], 2);
	assert_int_equal(s.counts[0].by_state[1], 2);
	assert_int_equal(s.counts[0].no_phone, 1);
	assert_int_equal(s.counts[0].held, 0);
	assert_int_equal(s.counts[1].total, 2);
	assert_int_equal(s.counts[1].held, 1);
	assert_int_equal(s.counts[1].held_deceased, 1);
	assert_int_equal(s.counts[1].by_birth_precision[3], 2);
}

static void decisions_about_rows_that_are_not_there_say_so(void **state)
{
	struct fixture *f = *state;

	OK(store_begin(f->st, &f->e));
	assert_int_equal(store_recipient_hold(f->st, 99, HOLD_OFFICER, NULL, "lan", &f->e), 0);
	assert_int_equal(store_recipient_set_state(f->st, 99, 1, "lan", &f->e), 0);
	store_rollback(f->st);
}

static void imports(const struct import_record *r, void *arg)
{
	struct seen *s = arg;

	s->ids[s->n] = r->id;
	(void)snprintf(s->names[s->n++], sizeof(s->names[0]), "%s/%d/%d", r->file, r->rows,
		       r->same);
}

static void imports_are_listed_newest_first(void **state)
{
	struct fixture *f = *state;
	struct import_record a = {.programme = "vneid", .file = "a.xlsx", .at = T0},
			     b = {.programme = "cccd", .file = "b.csv", .at = T0 + 1};
	struct seen s = {0};

	OK(store_begin(f->st, &f->e));
	OK(store_import_add(f->st, &a, &f->e));
	OK(store_import_add(f->st, &b, &f->e));
	a.rows = 10;
	a.same = 3;
	OK(store_import_finish(f->st, &a, &f->e));
	OK(store_commit(f->st, &f->e));
	OK(store_import_list(f->st, NULL, 10, imports, &s, &f->e));
	assert_int_equal(s.n, 2);
	assert_string_equal(s.names[0], "b.csv/0/0");
	assert_string_equal(s.names[1], "a.xlsx/10/3");
	s.n = 0;
	OK(store_import_list(f->st, "vneid", 10, imports, &s, &f->e));
	assert_int_equal(s.n, 1);
}

static bool found(const char *programme, const struct recipient *r, void *arg)
{
	struct seen *s = arg;

	assert_string_equal(programme, r->id == 4 ? "cccd" : "vneid");
	assert_true(s->n < 8);
	s->ids[s->n++] = r->id;
	return true;
}

/* Who is found, as "1 2 4". */
static void finds(struct fixture *f, const struct recipient_search *q, const char *want)
{
	struct seen s = {0};
	char got[64] = "";

	OK(store_recipient_search(f->st, q, 8, found, &s, &f->e));
	for (int i = 0; i < s.n; i++)
		(void)snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%d",
			       i > 0 ? " " : "", (int)s.ids[i]);
	if (strcmp(got, want) != 0)
		fail_msg("\"%s\": found %s, not %s", q->text, got, want);
}

/* Somebody else, held. */
static void holds(struct fixture *f, int i)
{
	char key[24];
	struct recipient r;
	enum recipient_put what;

	(void)snprintf(key, sizeof(key), "Q%d", i);
	r = person(key);
	r.name = r.name_fold = (char *)(uintptr_t)"quy";
	r.number = 0;
	r.hold = HOLD_OFFICER;
	OK(store_recipient_put(f->st, "vneid", &r, &what, &f->e));
}

static void people_are_found_without_accents_and_by_last_digits(void **state)
{
	static const struct {
		const char *key, *name, *fold;
		uint64_t number;
		const char *programme;
		enum recipient_hold hold;
	} people[] = {
	    {"TP-0001", "Nguyễn Văn Đức", "nguyen van duc", 84912345678, "vneid", HOLD_NONE},
	    {"TP-0002", "Nguyễn Thị Đào", "nguyen thi dao", 84912345679, "vneid", HOLD_OFFICER},
	    {"TM-0001", "Lê Văn Tám", "le van tam", 0, "vneid", HOLD_NONE},
	    {"TP-0001", "Nguyễn Văn Đức", "nguyen van duc", 84912345678, "cccd", HOLD_NONE},
	};
	static const struct {
		const char *text, *want;
	} asked[] = {
	    {"", "1 2 3 4"},
	    {"duc", "1 4"},
	    {"Đức", "1 4"},
	    {"NGUYỄN v", "1 4"},
	    {"dao thi", "2"},
	    {"678", "1 4"},
	    {"0912345678", "1 4"},
	    {"+84 912.345 678", "1 4"},
	    {"84912345678", "1 4"},
	    {"34567", ""},
	    {"5679", "2"},
	    {"tp-0002", "2"},
	    {"0001", "1 3 4"},
	    {"uc", ""},
	    {"\" OR name:a", ""},
	    {"nguyen* NOT duc", ""},
	    {"(", ""},
	    {"\xe4\xb8\xad", ""},
	};
	struct fixture *f = *state;
	int64_t unit;

	OK(store_begin(f->st, &f->e));
	OK(store_unit_put(f->st, "ấp", "Tân Phú", 0, &unit, &f->e));
	for (size_t i = 0; i < 4; i++) {
		struct recipient r = person(people[i].key);
		enum recipient_put what;

		r.name = (char *)(uintptr_t)people[i].name;
		r.name_fold = (char *)(uintptr_t)people[i].fold;
		r.number = people[i].number;
		r.unit_id = i == 2 ? unit : 0;
		r.hold = people[i].hold;
		OK(store_recipient_put(f->st, people[i].programme, &r, &what, &f->e));
	}
	OK(store_commit(f->st, &f->e));
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		finds(f, &(struct recipient_search){.text = asked[i].text}, asked[i].want);
	finds(f, &(struct recipient_search){.text = "duc", .after_id = 1}, "4");
	finds(f, &(struct recipient_search){.text = "duc", .programme = "cccd"}, "4");
	finds(f, &(struct recipient_search){.text = "van", .unit_id = unit}, "3");
	/* No value gets out of its place in the query. */
	finds(f,
	      &(struct recipient_search){.programme = "vneid\" OR name:\"nguyen\"",
					 .unit_id = unit},
	      "");
	finds(f,
	      &(struct recipient_search){.programme = "vneid\" OR place:\"x", .unit_id = unit},
	      "");
	finds(f,
	      &(struct recipient_search){.programme = "\" OR name:\"nguyen", .unit_id = unit},
	      "");
	finds(f, &(struct recipient_search){.programme = "(", .text = "duc"}, "");
	finds(f, &(struct recipient_search){.unit_id = unit}, "3");
	/* Whoever sees three digits finds by these, by the whole number, and by nothing between: by 5678, 45678 … it
	 * could be guessed. A code of digits is no number. */
	finds(f, &(struct recipient_search){.text = "678", .shown_digits = 3}, "1 4");
	finds(f, &(struct recipient_search){.text = "+84 912.345 678", .shown_digits = 3}, "1 4");
	finds(f, &(struct recipient_search){.text = "5678", .shown_digits = 3}, "");
	finds(f, &(struct recipient_search){.text = "12345678", .shown_digits = 3}, "");
	finds(f, &(struct recipient_search){.text = "duc 5678", .shown_digits = 3}, "");
	finds(f, &(struct recipient_search){.text = "0001", .shown_digits = 3}, "1 3 4");
	finds(f, &(struct recipient_search){.held = true}, "2");
	finds(f, &(struct recipient_search){.held = true, .text = "nguyen"}, "2");
	finds(f, &(struct recipient_search){.held = true, .text = "van"}, "");
	/* Few who are held are looked at one by one, many by the index: they find alike. */
	for (int many = 0; many < 2; many++) {
		OK(store_begin(f->st, &f->e));
		for (int64_t id = 1; id <= 4; id++)
			assert_int_equal(
			    store_recipient_hold(f->st, id, HOLD_OFFICER, "", "a", &f->e), 1);
		for (int i = 0; many && i < 5001; i++)
			holds(f, i);
		OK(store_commit(f->st, &f->e));
		for (size_t i = many ? 1 : 0; i < sizeof(asked) / sizeof(asked[0]); i++)
			finds(f,
			      &(struct recipient_search){.text = asked[i].text, .held = true},
			      asked[i].want);
		finds(
		    f,
		    &(struct recipient_search){.held = true, .text = "duc", .programme = "cccd"},
		    "4");
		finds(f,
		      &(struct recipient_search){.held = true, .text = "van", .unit_id = unit},
		      "3");
		finds(f,
		      &(struct recipient_search){.held = true, .text = "duc", .after_id = 1},
		      "4");
	}
}

/* What is new goes into the index at the commit, whatever else became of it before that. */
static void who_came_and_changed_in_one_transaction_is_found_as_they_are(void **state)
{
	struct fixture *f = *state;
	struct recipient old = person("TP-1"), r = person("TP-2"), gone = person("TP-3");
	enum recipient_put what;

	OK(store_begin(f->st, &f->e));
	put(f, &old, &what);
	OK(store_commit(f->st, &f->e));
	OK(store_begin(f->st, &f->e));
	put(f, &r, &what);
	assert_int_equal(what, RECIPIENT_NEW);
	r.name = "Trần Thị Khác";
	r.name_fold = "tran thi khac";
	r.number = FIRST + 900;
	put(f, &r, &what);
	assert_int_equal(what, RECIPIENT_UPDATED);
	old.name = "Phạm Văn Đổi";
	old.name_fold = "pham van doi";
	put(f, &old, &what);
	OK(store_nest_begin(f->st, &f->e));
	put(f, &gone, &what);
	OK(store_nest_end(f->st, false, &f->e));
	OK(store_commit(f->st, &f->e));
	finds(f, &(struct recipient_search){.text = "khac"}, "2");
	finds(f, &(struct recipient_search){.text = "doi"}, "1");
	finds(f, &(struct recipient_search){.text = "mau"}, "");
	finds(f, &(struct recipient_search){.text = "12000901"}, "2");
	/* Its number is given again, and nothing of what was taken back is found. */
	OK(store_begin(f->st, &f->e));
	gone.name = "Võ Văn Sau";
	gone.name_fold = "vo van sau";
	put(f, &gone, &what);
	OK(store_commit(f->st, &f->e));
	finds(f, &(struct recipient_search){.text = "sau"}, "3");
	OK(store_begin(f->st, &f->e));
	gone.key = (char[]){"TP-4"};
	put(f, &gone, &what);
	store_rollback(f->st);
	OK(store_begin(f->st, &f->e));
	OK(store_commit(f->st, &f->e));
	finds(f, &(struct recipient_search){.text = "sau"}, "3");
	finds(f, &(struct recipient_search){.text = "tp"}, "1 2 3");
}

/* A key made for want of a code begins with the name, which the index then has from there: as if it had been said
 * twice, as older versions did. */
static void who_has_a_made_key_is_found_by_name_and_year_and_taken_out_whole(void **state)
{
	struct fixture *f = *state;
	struct recipient r = person("nguyen thi mau|1950|tan phu"), other = person("TP-2");
	enum recipient_put what;

	r.name_fold = "nguyen thi mau";
	OK(store_begin(f->st, &f->e));
	put(f, &r, &what);
	put(f, &other, &what);
	OK(store_commit(f->st, &f->e));
	finds(f, &(struct recipient_search){.text = "mau"}, "1 2");
	finds(f, &(struct recipient_search){.text = "mau 1950"}, "1");
	finds(f, &(struct recipient_search){.text = "tan phu"}, "1");
	sql(f, "INSERT INTO recipient_search(recipient_search, rowid, name, digits, place)"
	       " SELECT 'delete', id, list_key, '100000219', 'pvneid u0' FROM recipient WHERE id = 1;"
	       "INSERT INTO recipient_search(rowid, name, digits, place)"
	       " SELECT id, name_fold || ' ' || list_key, '100000219', 'pvneid u0' FROM recipient"
	       " WHERE id = 1");
	finds(f, &(struct recipient_search){.text = "mau 1950"}, "1");
	r.name = "Lê Văn Khác";
	r.name_fold = "le van khac";
	OK(store_begin(f->st, &f->e));
	put(f, &r, &what);
	OK(store_commit(f->st, &f->e));
	assert_int_equal(what, RECIPIENT_UPDATED);
	finds(f, &(struct recipient_search){.text = "khac 1950"}, "1");
	/* by the key still */
	finds(f, &(struct recipient_search){.text = "mau"}, "1 2");
	sql(f, "INSERT INTO recipient_search(recipient_search) VALUES ('integrity-check')");
}

/* Rows by the ten thousand stay in many pieces of the index, and are found and changed all the same. */
static void people_of_a_large_list_are_found_and_change_like_any_other(void **state)
{
	struct fixture *f = *state;
	struct recipient r;
	enum recipient_put what;
	char key[16];

	OK(store_begin_large(f->st, &f->e));
	for (int i = 1; i <= 12000; i++) {
		(void)snprintf(key, sizeof(key), "TP-%05d", i);
		r = person(key);
		r.number += UINT64_C(20000) + (uint64_t)i;
		put(f, &r, &what);
	}
	OK(store_commit(f->st, &f->e));
	finds(f, &(struct recipient_search){.text = "tp 00001"}, "1");
	finds(f, &(struct recipient_search){.text = "mau 12000"}, "12000");
	for (int i = 0; i < 200; i++) {
		(void)snprintf(key, sizeof(key), "TP-%05d", 1 + i * 60);
		r = person(key);
		r.name = "Lê Văn Khác";
		r.name_fold = "le van khac";
		OK(store_begin(f->st, &f->e));
		put(f, &r, &what);
		OK(store_commit(f->st, &f->e));
		assert_int_equal(what, RECIPIENT_UPDATED);
	}
	finds(f, &(struct recipient_search){.text = "khac", .after_id = 11850}, "11881 11941");
	finds(f, &(struct recipient_search){.text = "mau tp 11881"}, "");
	sql(f, "INSERT INTO recipient_search(recipient_search) VALUES ('integrity-check')");
}

static void who_is_renamed_or_renumbered_is_found_by_the_new_alone(void **state)
{
	struct fixture *f = *state;
	struct recipient r = person("TP-1");
	enum recipient_put what;

	OK(store_begin(f->st, &f->e));
	put(f, &r, &what);
	r = person("TP-1");
	r.name = "Lê Văn Khác";
	r.name_fold = "le van khac";
	r.number = FIRST + 900;
	put(f, &r, &what);
	OK(store_commit(f->st, &f->e));
	finds(f, &(struct recipient_search){.text = "mau"}, "");
	finds(f, &(struct recipient_search){.text = "khac"}, "1");
	finds(f, &(struct recipient_search){.text = "12000001"}, "");
	finds(f, &(struct recipient_search){.text = "12000901"}, "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(a_list_put_twice_changes_nothing),
	    STORE_TEST(only_what_matters_to_sending_raises_the_revision),
	    STORE_TEST(rows_of_one_number_share_a_contact_and_a_move_recounts_both),
	    STORE_TEST(a_landline_has_no_contact_and_a_renumbered_one_is_unconfirmed_once),
	    STORE_TEST(a_list_lifts_no_hold_but_brings_back_who_was_gone),
	    STORE_TEST(a_suspicion_that_was_lifted_comes_back_only_with_another_note),
	    STORE_TEST(an_officers_state_stands_against_lists_without_news_or_of_before),
	    STORE_TEST(a_scan_goes_by_programme_in_order_of_id_until_told_to_stop),
	    STORE_TEST(counts_per_unit_add_up),
	    STORE_TEST(decisions_about_rows_that_are_not_there_say_so),
	    STORE_TEST(imports_are_listed_newest_first),
	    STORE_TEST(people_are_found_without_accents_and_by_last_digits),
	    STORE_TEST(who_has_a_made_key_is_found_by_name_and_year_and_taken_out_whole),
	    STORE_TEST(people_of_a_large_list_are_found_and_change_like_any_other),
	    STORE_TEST(who_is_renamed_or_renumbered_is_found_by_the_new_alone),
	    STORE_TEST(who_came_and_changed_in_one_transaction_is_found_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
