/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <sys/stat.h>

#include "campaign_house.h"

static struct test_house home;

static int set_up(void **state)
{
	(void)state;
	test_house_open(&home);
	test_own_texts(&home);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	test_house_close(&home);
	return 0;
}

#define OFFICE "{{co_quan}} mời {{danh_xung}} "
#define PLACE  " đến Công an xã"

static void only_what_a_stencil_can_say_has_one(void **state)
{
	static const struct {
		const char *text;
		bool cut;
	} cases[] = {
	    {OFFICE "{{ten}}" PLACE, true},
	    {OFFICE "{{ten}} ({{to}}, {{ap}}, {{ten}})" PLACE, true},
	    {OFFICE "{{ten}}{{#ap}} ở {{ap}}{{/ap}}" PLACE, true},
	    {OFFICE "{{ten}}{{#han}}, hạn {{han|date:d/M}}{{/han}}" PLACE, true},
	    {OFFICE "{{ten|default:bà con}}" PLACE, true},
	    /* filters on what differs by row are the template's business */
	    {OFFICE "{{ten|lower}}" PLACE, false},
	    {OFFICE "{{ten|title}}" PLACE, false},
	    {OFFICE "{{ten|unaccent}}" PLACE, false},
	    {OFFICE "{{ten|max:40}}" PLACE, false},
	    {OFFICE "{{ten|trim}}" PLACE, false},
	    {OFFICE "{{ten}}, {{ap|max:30}}" PLACE, false},
	    /* so are facts */
	    {OFFICE "{{ten}} {{#fact.vneid}}x{{/fact.vneid}}" PLACE, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct campaign c = test_campaign("c", "vneid", "A1", "{}");
		struct err e = ERR_INIT;
		struct campaign_plan *p;

		test_write(&home, "sms/vneid/a1.txt", cases[i].text);
		p = campaign_plan_new(home.st, &home.house, &c, &e);
		if (p == NULL)
			fail_msg("case %zu: %s", i, e.text);
		if ((p->audiences[0].stencils[0] != NULL) != cases[i].cut)
			fail_msg("case %zu", i);
		campaign_plan_free(p);
	}
}

static void a_text_that_cannot_be_counted_by_its_length_has_none(void **state)
{
	struct stencil *s = stencil_new("Kính mời bà con");

	(void)state;
	assert_non_null(s);
	stencil_free(s);
	assert_null(stencil_new("khong dau: GSM-7 ca khi co dau"));
	assert_null(stencil_new("dấu ngoặc [ là hai đơn vị"));
	assert_null(stencil_new("€ cũng vậy, không có dạng không dấu"));
	assert_null(stencil_new("hình 😀 ngoài BMP, có dấu"));
}

/* Pieces that names are made of, and things that should never be in one. */
static const char *const parts[] = {
    "Nguyễn",	    "Trần",  "Đặng", "Ý", "út",	       "Hằng",	 "  ", "H'Mông",
    "(con ông Tư)", "NÉANG", "ß",    "Ł", "Hoa\u0300", "\u200B", "—",  "\xF0\x9F\x98\x80",
    "a\tb",	    "[x]",   "€",    "`", "\x7F",      "10/6",	 "đ",  "\u00A0"};

static unsigned seed = 46;

static unsigned next_random(unsigned below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void random_text(char out[256], int max)
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned k = next_random((unsigned)max); k > 0; k--)
		at += (size_t)snprintf(
		    out + at, 256 - at, "%s%s", at > 0 ? " " : "",
		    parts[next_random(next_random(3) == 0 ? sizeof(parts) / sizeof(parts[0])
							  : 6)]);
}

/* Renders with the stencils, then without them: the same text, the same counts, the same refusal. */
static void any_row_reads_as_the_template_alone_would_write_it(void **state)
{
	static const char *const texts[] = {
	    OFFICE "{{ten}}" PLACE " làm định danh mức 2, hỏi Văn phòng {{ap}}\n---\n" OFFICE
		   "{{ten}}" PLACE,
	    OFFICE "{{ten}} {{#to}}({{to}}){{/to}}{{^to}}(chưa rõ tổ){{/to}}" PLACE,
	    OFFICE "{{ten|default:bà con}}" PLACE " {{noi_lam}}",
	};
	struct stencil *none[PLAN_MAX_BODIES] = {NULL};
	int by_stencil = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (int accents = 0; accents < 3; accents++) {
			struct campaign c = test_campaign("c", "vneid", "A1",
							  "{\"noi_lam\":\"Văn phòng {{ap}}\"}");
			struct err why = ERR_INIT;
			struct stencil *kept[PLAN_MAX_BODIES];
			struct campaign_plan *p;
			struct plan_writer w;

			test_write(&home, "sms/vneid/a1.txt", texts[i]);
			c.accents = accents;
			p = campaign_plan_new(home.st, &home.house, &c, &why);
			if (p == NULL)
				fail_msg("%s", why.text);
			by_stencil += p->audiences[0].stencils[0] != NULL;
			memcpy(kept, p->audiences[0].stencils, sizeof(kept));
			plan_writer_init(&w, p);
			for (int n = 0; n < 3000; n++) {
				char name[256], group[256], label[256], key[] = "k";
				struct recipient r = {.key = key,
						      .name = name,
						      .group = group,
						      .sex = (int)next_random(3)};
				struct plan_unit unit = {.name = label, .label = label};
				struct plan_message a = {0}, b = {0};
				struct err ea = ERR_INIT, eb = ERR_INIT;
				int ra, rb;

				random_text(name, 14);
				random_text(group, 3);
				random_text(label, 4);
				memcpy(p->audiences[0].stencils, kept, sizeof(kept));
				ra = plan_render(&w, 0, &r, &unit, &a, &ea);
				memcpy(p->audiences[0].stencils, none, sizeof(none));
				rb = plan_render(&w, 0, &r, &unit, &b, &eb);
				assert_int_equal(ra, rb);
				if (ra == 0) {
					assert_string_equal(a.text, b.text);
					assert_memory_equal(&a.count, &b.count,
							    sizeof(a.count));
					assert_int_equal(a.segments_with, b.segments_with);
					assert_int_equal(a.segments_without,
							 b.segments_without);
				} else {
					assert_string_equal(ea.text, eb.text);
				}
				free(a.text);
				free(b.text);
			}
			memcpy(p->audiences[0].stencils, kept, sizeof(kept));
			plan_writer_free(&w);
			campaign_plan_free(p);
		}
	}
	assert_int_equal(by_stencil, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_what_a_stencil_can_say_has_one),
	    cmocka_unit_test(a_text_that_cannot_be_counted_by_its_length_has_none),
	    cmocka_unit_test(any_row_reads_as_the_template_alone_would_write_it),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
