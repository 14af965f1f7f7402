/* SPDX-License-Identifier: Apache-2.0 */
#include "text/template_filter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "text/vi.h"

/* Appends s, which it frees. */
static int filter_add_take(struct buf *out, char *s, struct err *e)
{
	int rc = buf_adds(out, s);

	free(s);
	return rc < 0 ? err_set(e, EX_DATAERR, "giá trị quá dài") : 0;
}

static int filter_upper(const char *in, const char *arg, struct buf *out, struct err *e)
{
	(void)arg;
	return filter_add_take(out, vi_upper(in), e);
}

static int filter_lower(const char *in, const char *arg, struct buf *out, struct err *e)
{
	(void)arg;
	return filter_add_take(out, vi_lower(in), e);
}

static int filter_unaccent(const char *in, const char *arg, struct buf *out, struct err *e)
{
	(void)arg;
	return filter_add_take(out, vi_unaccent(in), e);
}

static int filter_trim(const char *in, const char *arg, struct buf *out, struct err *e)
{
	size_t n;

	(void)arg;
	in += strspn(in, " \t\r\n");
	n = strlen(in);
	while (n > 0 && strchr(" \t\r\n", in[n - 1]) != NULL)
		n--;
	return filter_add_take(out, mem_strndup(in, n), e);
}

/* At most 18 digits, with a sign or not. */
static int filter_number(const char *in, const char *arg, struct buf *out, struct err *e)
{
	size_t sign = in[0] == '-', n = strspn(in + sign, "0123456789");
	char text[32];
	int64_t v = 0;

	(void)arg;
	if (n == 0 || n > 18 || in[sign + n] != '\0')
		return err_set(e, EX_DATAERR, "giá trị không phải là số nguyên");
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (in[sign + i] - '0');
	vi_number(sign ? -v : v, text);
	return filter_add_take(out, mem_strdup(text), e);
}

/* "30" -> 30; 0 when it is not 1 … 9999. */
static size_t filter_small_number(const char *s)
{
	size_t v = 0, n = strspn(s, "0123456789");

	if (n == 0 || n > 4 || s[n] != '\0')
		return 0;
	for (; *s != '\0'; s++)
		v = v * 10 + (size_t)(*s - '0');
	return v;
}

static int filter_max(const char *in, const char *arg, struct buf *out, struct err *e)
{
	size_t n = 0, max = filter_small_number(arg);

	for (const char *s = in; *s != '\0'; s++)
		n += (*s & 0xC0) != 0x80;
	if (n > max)
		return err_set(e, EX_DATAERR, "giá trị dài %zu ký tự, nhiều nhất là %zu", n,
			       max);
	return filter_add_take(out, mem_strdup(in), e);
}

static int filter_default(const char *in, const char *arg, struct buf *out, struct err *e)
{
	return filter_add_take(out, mem_strdup(in[0] == '\0' ? arg : in), e);
}

/* "ấp Tân Phú" -> "Ấp Tân Phú": the first letter of what begins a line. */
static int filter_capital(const char *in, const char *arg, struct buf *out, struct err *e)
{
	size_t n = *in != '\0';
	char *first;
	int rc;

	(void)arg;
	while (n > 0 && ((unsigned char)in[n] & 0xc0) == 0x80)
		n++;
	first = mem_strndup(in, n);
	rc = filter_add_take(out, vi_upper(first), e);
	free(first);
	return rc < 0 ? -1 : filter_add_take(out, mem_strdup(in + n), e);
}

static int filter_title(const char *in, const char *arg, struct buf *out, struct err *e)
{
	char *sex = vi_fold(in);
	const char *title = "Ông/Bà";

	(void)arg;
	if (strcmp(sex, "nam") == 0)
		title = "Ông";
	else if (strcmp(sex, "nu") == 0)
		title = "Bà";
	free(sex);
	return filter_add_take(out, mem_strdup(title), e);
}

/* Reads from min to max digits at *s as a number, moving on; -1 when they are not there. */
static int filter_digits(const char **s, int min, int max)
{
	int v = 0, n = 0;

	for (; n < max && (*s)[0] >= '0' && (*s)[0] <= '9'; n++)
		v = v * 10 + *(*s)++ - '0';
	return n < min ? -1 : v;
}

static int filter_time(const char *in, const char *arg, struct buf *out, struct err *e)
{
	int hour = filter_digits(&in, 1, 2), minute = -1;

	(void)arg;
	if (hour >= 0 && *in == ':') {
		in++;
		minute = filter_digits(&in, 2, 2);
	}
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || (*in != '\0' && *in != ':'))
		return err_set(e, EX_DATAERR, "giá trị không phải là giờ dạng 08:00");
	return filter_add_take(out, mem_printf("%d giờ %02d", hour, minute), e);
}

/* The pieces of a date form, the longer before the shorter. */
static const char *const filter_date_pieces[] = {"yyyy", "Thu", "thu", "dd",
						 "MM",	 "d",	"M",   NULL};

/* Which piece form starts with, or NULL. */
static const char *filter_date_piece(const char *form)
{
	for (const char *const *p = filter_date_pieces; *p != NULL; p++)
		if (strncmp(form, *p, strlen(*p)) == 0)
			return *p;
	return NULL;
}

static bool filter_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void filter_date_put(const char *piece, int year, int month, int dom, civil_day day,
			    struct buf *text)
{
	static const char *const weekdays[] = {"hứ Hai", "hứ Ba",  "hứ Tư",  "hứ Năm",
					       "hứ Sáu", "hứ Bảy", "hủ nhật"};

	if (piece[0] == 'y') {
		(void)buf_addf(text, "%04d", year);
	} else if (piece[0] == 'd' || piece[0] == 'M') {
		(void)buf_addf(text, piece[1] == '\0' ? "%d" : "%02d",
			       piece[0] == 'd' ? dom : month);
	} else {
		int weekday = civil_weekday(day);

		/* "Chủ nhật" keeps its capital: it is a name, as Hai … Bảy are */
		(void)buf_addc(text, weekday == 7 ? 'C' : piece[0]);
		(void)buf_adds(text, weekdays[weekday - 1]);
	}
}

static int filter_date(const char *in, const char *arg, struct buf *out, struct err *e)
{
	struct buf text = BUF_INIT(256);
	int year, month = -1, dom = -1;
	bool ok = false;
	civil_day day = 0;

	if (arg[0] == '\0')
		arg = "dd/MM/yyyy";
	year = filter_digits(&in, 4, 4);
	if (year > 0 && *in++ == '-')
		month = filter_digits(&in, 2, 2);
	if (month > 0 && *in++ == '-')
		dom = filter_digits(&in, 2, 2);
	if (dom > 0 && (*in == '\0' || *in == 'T' || *in == ' '))
		day = civil_day_from_date(year, month, dom, &ok);
	if (!ok)
		return err_set(e, EX_DATAERR, "giá trị không phải là ngày dạng 2023-06-15");
	while (*arg != '\0') {
		const char *piece = filter_date_piece(arg);

		if (piece == NULL) {
			(void)buf_addc(&text, *arg++);
			continue;
		}
		filter_date_put(piece, year, month, dom, day, &text);
		arg += strlen(piece);
	}
	return filter_add_take(out, buf_take(&text), e);
}

static int check_none(const char *arg, struct err *e)
{
	return arg[0] == '\0' ? 0 : err_set(e, EX_CONFIG, "takes no argument");
}

static int check_max(const char *arg, struct err *e)
{
	if (filter_small_number(arg) > 0)
		return 0;
	return err_set(e, EX_CONFIG, "wants a number of characters, as in max:30");
}

static int check_date(const char *arg, struct err *e)
{
	if (strlen(arg) > 40)
		return err_set(e, EX_CONFIG, "has a form that is too long");
	while (*arg != '\0') {
		const char *piece = filter_date_piece(arg);

		if (piece == NULL && filter_is_letter(*arg))
			return err_set(e, EX_CONFIG,
				       "wants a form of d, dd, M, MM, yyyy, thu, as in "
				       "date:dd/MM/yyyy");
		arg += piece == NULL ? 1 : strlen(piece);
	}
	return 0;
}

static const struct {
	struct template_filter filter;
	int (*check)(const char *arg, struct err *e); /* NULL: any argument */
} filters[] = {
    {{"upper", filter_upper}, check_none},
    {{"lower", filter_lower}, check_none},
    {{"unaccent", filter_unaccent}, check_none},
    {{"number", filter_number}, check_none},
    {{"max", filter_max}, check_max},
    {{"default", filter_default}, NULL},
    {{"date", filter_date}, check_date},
    {{"time", filter_time}, check_none},
    {{"trim", filter_trim}, check_none},
    {{"title", filter_title}, check_none},
    {{"capital", filter_capital}, check_none},
};

const struct template_filter *template_filter_find(const char *name)
{
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		if (strcmp(filters[i].filter.name, name) == 0)
			return &filters[i].filter;
	return NULL;
}

int template_filter_check(const struct template_filter *f, const char *arg, struct err *e)
{
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		if (f == &filters[i].filter && filters[i].check != NULL)
			return filters[i].check(arg, e);
	return 0;
}
