/* SPDX-License-Identifier: Apache-2.0 */
#include "text/phone.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/vi.h"

/* A cell longer than this is no telephone cell. */
#define PHONE_CELL_MAX 256
/* Digits of a number are looked at up to here; E.164 has at most 15. */
#define PHONE_DIGITS_MAX 48
#define PHONE_GROUPS_MAX 24
/* Stands in a plain cell for a character that has no ASCII form. */
#define PHONE_ODD '\x7F'

/* Mobile ranges by the first three digits of the national number (without the 0), after
 * libphonenumber resources/metadata/84/ranges.csv and resources/carrier/en/84.txt of 17/7/2026.
 * Without an operator: in use, holder not published. Itel, Wintel: guests in others'
 * networks. */
static const struct phone_range {
	uint16_t first, last;
	const char *operator;
} phone_ranges[] = {
    {300, 309, "MobiFone"},	{310, 399, "Viettel"},
    {510, 519, "MobiFone"},	{522, 523, "Vietnamobile"},
    {528, 528, "Vietnamobile"}, {559, 559, "Wintel"},
    {560, 569, "Vietnamobile"}, {580, 589, "Vietnamobile"},
    {590, 599, "Gmobile"},	{700, 709, "MobiFone"},
    {760, 799, "MobiFone"},	{810, 859, "VinaPhone"},
    {860, 869, "Viettel"},	{870, 879, "Itel"},
    {880, 889, "VinaPhone"},	{896, 899, "MobiFone"},
    {900, 909, "MobiFone"},	{910, 919, "VinaPhone"},
    {920, 929, "Vietnamobile"}, {930, 939, "MobiFone"},
    {940, 949, "VinaPhone"},	{950, 959, ""},
    {960, 989, "Viettel"},	{990, 991, ""},
    {993, 997, "Gmobile"},	{998, 999, "Indochina Telecom"},
};

/* The 21 rules of 2018: the prefix changes, the last seven digits stay. */
static const struct {
	uint16_t old;
	uint16_t now;
} phone_renumbered[] = {
    {162, 32}, {163, 33}, {164, 34}, {165, 35}, {166, 36}, {167, 37}, {168, 38},
    {169, 39}, {120, 70}, {121, 79}, {122, 77}, {126, 76}, {128, 78}, {123, 83},
    {124, 84}, {125, 85}, {127, 81}, {129, 82}, {186, 56}, {188, 58}, {199, 59},
};

static const struct {
	const char *name;
	int worth; /* which number of a cell is the one: the highest */
} phone_statuses[] = {
    [PHONE_OK] = {"ok", 6},
    [PHONE_MISSING] = {"missing", 0},
    [PHONE_LANDLINE] = {"landline", 4},
    [PHONE_UNKNOWN_RANGE] = {"unknown_range", 5},
    [PHONE_FOREIGN] = {"foreign", 3},
    [PHONE_SERVICE] = {"service", 2},
    [PHONE_INVALID] = {"invalid", 1},
};

static const char phone_no_number[] = "Ô không có số điện thoại";
static const char phone_too_long[] =
    "Thừa chữ số; nếu là hai số, hãy ngăn cách bằng dấu \"/\" hoặc \";\"";
static const char phone_too_short[] = "Thiếu chữ số";
static const char phone_letters[] = "Có chữ cái lẫn trong số, cần xem lại";

/* Reads n digits as a number; n <= 18. */
static uint64_t phone_digits(const char *d, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (uint64_t)(d[i] - '0');
	return v;
}

static const struct phone_range *phone_range_of(uint64_t first3)
{
	for (size_t i = 0; i < sizeof(phone_ranges) / sizeof(phone_ranges[0]); i++)
		if (first3 >= phone_ranges[i].first && first3 <= phone_ranges[i].last)
			return &phone_ranges[i];
	return NULL;
}

static struct phone phone_refused(enum phone_status status, const char *reason)
{
	return (struct phone){.status = status, .reason = reason};
}

/* A number within the country, digits without the leading 0. */
static struct phone phone_national(const char *d, size_t n)
{
	struct phone p = {.status = PHONE_OK};
	uint64_t v;

	if (n == 10 && d[0] == '1') { /* 11 digits with the 0: before 2018 */
		v = phone_digits(d, 3);
		for (size_t i = 0; i < sizeof(phone_renumbered) / sizeof(phone_renumbered[0]);
		     i++) {
			if (phone_renumbered[i].old != v)
				continue;
			p.flags = PHONE_MIGRATED_2018;
			p.number = (UINT64_C(8400) + phone_renumbered[i].now) * 10000000 +
				   phone_digits(d + 3, 7);
			return p;
		}
		return phone_refused(PHONE_INVALID, "Đầu số 11 chữ số này không có thật");
	}
	if (n == 10 && d[0] == '2') {
		p = phone_refused(PHONE_LANDLINE,
				  "Số điện thoại bàn, không nhận được tin nhắn");
		p.number = UINT64_C(840000000000) + phone_digits(d, n);
		return p;
	}
	if (n >= 7 && n <= 10 && (memcmp(d, "69", 2) == 0 || memcmp(d, "80", 2) == 0))
		return phone_refused(PHONE_SERVICE, "Số của mạng cơ quan nhà nước");
	if (n < 9)
		return phone_refused(PHONE_INVALID, phone_too_short);
	if (n > 9)
		return phone_refused(PHONE_INVALID, phone_too_long);
	if (strchr("35789", d[0]) == NULL)
		return phone_refused(PHONE_INVALID, "Đầu số này không có thật");
	p.number = UINT64_C(84000000000) + phone_digits(d, n);
	if (phone_range_of(phone_digits(d, 3)) == NULL) {
		p.status = PHONE_UNKNOWN_RANGE;
		p.reason = "Đầu số chưa được biết đến: vẫn nhắn tin, nhà mạng từ chối thì thôi";
	}
	return p;
}

/* Before 2017 a landline of An Giang was 076 and one of Kiên Giang 077, each with 7 digits: now
 * those are a stranger's mobile. */
static void phone_old_landline(struct phone *p, const char *d, int file_year)
{
	if (p->status == PHONE_OK && (memcmp(d, "76", 2) == 0 || memcmp(d, "77", 2) == 0) &&
	    (file_year < 2019 || d[2] == '3'))
		p->flags |= PHONE_CONFIRM;
}

static struct phone phone_foreign(const char *d, size_t n)
{
	struct phone p = phone_refused(PHONE_FOREIGN, "Số điện thoại nước ngoài");

	if (n < 8 || d[0] == '0')
		return phone_refused(PHONE_INVALID, phone_too_short);
	if (n > 15)
		return phone_refused(PHONE_INVALID, phone_too_long);
	p.number = phone_digits(d, n);
	return p;
}

/* 113, 156, 1900 0368 …: they are dialled without a 0. */
static bool phone_is_service(const char *d, size_t n)
{
	static const char *const numbers[] = {"111", "112", "113", "114", "115",
					      "116", "118", "119", "156", "5656"};

	if ((n == 8 || n == 10) && (memcmp(d, "1800", 4) == 0 || memcmp(d, "1900", 4) == 0))
		return true;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (n == strlen(numbers[i]) && memcmp(d, numbers[i], n) == 0)
			return true;
	return false;
}

/* What the digits of one number are; plus: "+" stood before them. */
static struct phone phone_classify(const char *d, size_t n, bool plus, int file_year)
{
	bool abroad = false, lost = false;
	struct phone p;

	if (n >= PHONE_DIGITS_MAX)
		return phone_refused(PHONE_INVALID, phone_too_long);
	if (plus) {
		abroad = true;
	} else if (n > 4 && memcmp(d, "00", 2) == 0) {
		abroad = true;
		d += 2;
		n -= 2;
	}
	if (abroad && (n < 2 || memcmp(d, "84", 2) != 0))
		return phone_foreign(d, n);
	/* 84 without a plus is the country only where a whole number follows: 841234567 is
	 * VinaPhone's 084 with its 0 lost */
	if (abroad || (n >= 11 && n <= 13 && memcmp(d, "84", 2) == 0)) {
		d += 2;
		n -= 2;
		if (n > 0 && d[0] == '0') {
			d++;
			n--;
		}
	} else if (n > 0 && d[0] == '0') {
		d++;
		n--;
	} else if (phone_is_service(d, n)) {
		return phone_refused(PHONE_SERVICE, "Số tổng đài, số khẩn cấp");
	} else {
		lost = true;
	}
	if (n < 7)
		return phone_refused(PHONE_INVALID, phone_too_short);
	p = phone_national(d, n);
	if (lost && p.number != 0)
		p.flags |= PHONE_LOST_ZERO;
	if (!(p.flags & PHONE_MIGRATED_2018))
		phone_old_landline(&p, d, file_year);
	return p;
}

/* The cell in plain lower-case ASCII; a character without an ASCII form is DEL. 0, or -1: too
 * long. */
static int phone_plain(const char *cell, char out[PHONE_CELL_MAX + 1])
{
	char *ascii;
	size_t o = 0;

	if (strnlen(cell, PHONE_CELL_MAX + 1) > PHONE_CELL_MAX)
		return -1;
	ascii = vi_unaccent(cell);
	for (const char *s = ascii; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c - 'A' + 'a');
		out[o++] = (char)(c < 0x80 ? c : PHONE_ODD);
	}
	out[o] = '\0';
	free(ascii);
	return 0;
}

static bool phone_is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool phone_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool phone_word_in(const char *w, size_t n, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strlen(*words) == n && memcmp(w, *words, n) == 0)
			return true;
	return false;
}

/* Words that stand before a number and say nothing more. */
static const char *const phone_labels[] = {
    "sdt",   "dt",  "dd",   "dtdd", "so",   "dien", "thoai", "di",  "dong", "tel",
    "phone", "mob", "zalo", "lh",   "lien", "he",   "goi",   "alo", NULL};

/* Whether a cell without digits says that there is no number: punctuation alone, or only words
 * of the kind "chưa có số", "ko", "x". */
static bool phone_says_none(const char *s)
{
	static const char *const none[] = {"khong", "ko",    "k",     "kg", "hok",
					   "chua",  "x",     "na",    "n",  "none",
					   "null",  "trong", "thieu", NULL};
	static const char *const filler[] = {"co",  "a",    "xai",  "dung", "biet", "ro",
					     "cap", "nhat", "cung", "du",   "duoc", NULL};
	bool some = false, says = false;

	while (*s != '\0') {
		size_t n = 0;

		while (phone_is_letter(s[n]))
			n++;
		if (n == 0) {
			some |= *s++ == PHONE_ODD;
			continue;
		}
		some = true;
		if (phone_word_in(s, n, none))
			says = true;
		else if (!phone_word_in(s, n, filler) && !phone_word_in(s, n, phone_labels))
			return false;
		s += n;
	}
	return says || !some;
}

/* A number Excel turned into a floating point one: "912345678.0", "9.12345678E8". Rewrites s
 * into its digits. 0, or -1: digits were lost. */
static int phone_undo_float(char *s)
{
	static const char numerals[] = "0123456789";
	size_t whole = strspn(s, numerals), frac = 0, mantissa = whole, exp;
	const char *e;

	if (s[whole] == '.' || s[whole] == ',') {
		frac = strspn(s + whole + 1, numerals);
		mantissa = whole + 1 + frac;
	}
	if (s[mantissa] == '\0') {
		if (whole >= 9 && frac > 0 && frac <= 2 && strspn(s + whole + 1, "0") == frac)
			s[whole] = '\0';
		return 0;
	}
	if (s[mantissa] != 'e' || whole != 1)
		return 0;
	e = s + mantissa + 1;
	e += *e == '+';
	if (*e == '\0' || strlen(e) > 2 || strspn(e, numerals) != strlen(e))
		return 0;
	exp = (size_t)phone_digits(e, strlen(e));
	/* a last 0 is not written; where more digits are missing they were rounded away */
	if (frac > exp || frac + 1 < exp)
		return -1;
	if (frac > 0)
		memmove(s + 1, s + 2, frac);
	memset(s + 1 + frac, '0', exp - frac);
	s[exp + 1] = '\0';
	return 0;
}

/* What was found in a cell so far. */
struct phone_cell {
	struct phone best;
	bool any; /* best holds something */
	int numbers;
	int file_year;
};

static void phone_cell_other(struct phone *best, uint64_t number)
{
	if (number == best->number || best->n_others == PHONE_MAX_NUMBERS)
		return;
	for (int i = 0; i < best->n_others; i++)
		if (best->others[i] == number)
			return;
	best->others[best->n_others++] = number;
}

static void phone_cell_add(struct phone_cell *c, struct phone p)
{
	struct phone worse = p;

	if (p.number != 0 && !(c->any && c->best.number == p.number))
		c->numbers++;
	if (!c->any || phone_statuses[p.status].worth > phone_statuses[c->best.status].worth) {
		worse = c->best;
		memcpy(p.others, worse.others, sizeof(p.others));
		p.n_others = worse.n_others;
		c->best = p;
	}
	if (c->any && (worse.status == PHONE_OK || worse.status == PHONE_LANDLINE))
		phone_cell_other(&c->best, worse.number);
	c->any = true;
}

/* One run of digits in groups: a number, or several with blanks between them. dash: a '-'
 * stands between groups, so that a long run cannot be cut safely. */
static void phone_cell_run(struct phone_cell *c, const char *digits, const size_t *ends,
			   size_t n_groups, bool plus, bool dash)
{
	size_t start = 0, total = ends[n_groups - 1];
	struct phone p = phone_classify(digits, total, plus, c->file_year);

	if (p.number != 0 || total < 18 || dash) {
		phone_cell_add(c, p);
		return;
	}
	for (size_t g = 0; g < n_groups; g++) {
		struct phone piece =
		    phone_classify(digits + start, ends[g] - start, plus, c->file_year);

		if (piece.number == 0)
			continue;
		phone_cell_add(c, piece);
		start = ends[g];
		plus = false;
	}
	if (start != total)
		phone_cell_add(c, phone_refused(PHONE_INVALID, phone_too_long));
}

/* Reads the run of digits at s, the grouping characters in it skipped; returns where it
 * ends. */
static const char *phone_cell_scan(struct phone_cell *c, const char *s, const char *grouping)
{
	char digits[PHONE_CELL_MAX];
	size_t ends[PHONE_GROUPS_MAX], n = 0, groups = 0;
	bool plus = *s == '+', dash = false;
	const char *end;

	s += plus;
	for (;;) {
		while (phone_is_digit(*s))
			digits[n++] = *s++;
		if (groups < PHONE_GROUPS_MAX)
			ends[groups++] = n;
		ends[groups - 1] = n;
		end = s;
		s += strspn(s, grouping);
		if (!phone_is_digit(*s))
			break;
		dash |= memchr(end, '-', (size_t)(s - end)) != NULL;
	}
	phone_cell_run(c, digits, ends, groups, plus, dash);
	return end;
}

/* Reads all numbers of a plain cell. Returns whether other text stands around them. */
static bool phone_cell_read(struct phone_cell *c, const char *s, const char *grouping)
{
	bool text = false, glued = false; /* glued: letters right before this place */

	while (*s != '\0') {
		size_t n = 0;

		if (phone_is_digit(*s) || (*s == '+' && phone_is_digit(s[1]))) {
			struct phone_cell before = *c;

			s = phone_cell_scan(c, s, grouping);
			if (glued || phone_is_letter(*s)) {
				*c = before;
				phone_cell_add(c, phone_refused(PHONE_INVALID, phone_letters));
			}
			continue;
		}
		while (phone_is_letter(s[n]))
			n++;
		glued = n > 0 && !phone_word_in(s, n, phone_labels);
		text |= glued || *s == PHONE_ODD;
		s += n > 0 ? n : 1;
	}
	return text;
}

struct phone phone_parse(const char *cell, int file_year)
{
	static const char grouping[] = " .-_()", commas[] = " .-_(),";
	struct phone_cell c = {.file_year = file_year};
	char room[PHONE_CELL_MAX + 1], *s = room;
	size_t len;
	bool text;

	if (phone_plain(cell, room) < 0)
		return phone_refused(PHONE_INVALID, "Ô quá dài");
	s += strspn(s, " '\"\n");
	for (len = strlen(s); len > 0 && strchr(" '\"\n", s[len - 1]) != NULL;)
		s[--len] = '\0';
	if (strpbrk(s, "0123456789") == NULL)
		return phone_says_none(s) ? phone_refused(PHONE_MISSING, phone_no_number)
					  : phone_refused(PHONE_INVALID, phone_no_number);
	if (phone_undo_float(s) < 0)
		return phone_refused(
		    PHONE_INVALID, "Số ở dạng 9,12E+08 của Excel đã mất chữ số, cần nhập lại");
	text = phone_cell_read(&c, s, grouping);
	if (c.best.number == 0 && strchr(s, ',') != NULL) { /* "912,345,678" */
		struct phone_cell again = {.file_year = file_year};

		text = phone_cell_read(&again, s, commas);
		if (again.best.number != 0)
			c = again;
	}
	if (text)
		c.best.flags |= PHONE_TEXT_AROUND;
	if (c.numbers > 1)
		c.best.flags |= PHONE_ALTERNATES;
	return c.best;
}

const char *phone_status_name(enum phone_status s)
{
	return phone_statuses[s].name;
}

const char *phone_flag_name(unsigned bit)
{
	switch (bit) {
	case PHONE_LOST_ZERO:
		return "lost_leading_zero";
	case PHONE_MIGRATED_2018:
		return "migrated_2018";
	case PHONE_CONFIRM:
		return "needs_confirmation";
	case PHONE_ALTERNATES:
		return "several_numbers";
	case PHONE_TEXT_AROUND:
		return "text_around";
	default:
		return NULL;
	}
}

/* Digits of the national number when this is one of ours, else 0. */
static uint64_t phone_nsn(uint64_t number)
{
	if (number / UINT64_C(1000000000) == 84)
		return number % UINT64_C(1000000000);
	if (number / UINT64_C(10000000000) == 84)
		return number % UINT64_C(10000000000);
	return 0;
}

void phone_format_e164(uint64_t number, char out[24])
{
	out[0] = '\0';
	if (number != 0)
		(void)snprintf(out, 24, "+%" PRIu64, number);
}

void phone_format_national(uint64_t number, char out[24])
{
	uint64_t nsn = phone_nsn(number);

	phone_format_e164(number, out);
	if (nsn != 0)
		(void)snprintf(out, 24, "0%" PRIu64, nsn);
}

void phone_mask(uint64_t number, char out[32])
{
	out[0] = '\0';
	if (number != 0)
		(void)snprintf(out, 32, "+%s•••••%03u", phone_nsn(number) != 0 ? "84" : "",
			       (unsigned)(number % 1000));
}

const char *phone_operator(uint64_t number)
{
	const struct phone_range *r = NULL;

	if (number / UINT64_C(1000000000) == 84)
		r = phone_range_of(number / 1000000 % 1000);
	return r == NULL ? "" : r->operator;
}
