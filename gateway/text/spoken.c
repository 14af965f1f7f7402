/* SPDX-License-Identifier: Apache-2.0 */
#include "text/spoken.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/vi.h"

/* ---- numbers --------------------------------------------------------------------------- */

static const char *const spoken_digits[] = {"không", "một", "hai", "ba",  "bốn",
					    "năm",   "sáu", "bảy", "tám", "chín"};
static const char *const spoken_groups[] = {"",		 " nghìn",    " triệu", " tỷ",
					    " nghìn tỷ", " triệu tỷ", " tỷ tỷ"};

static void spoken_word(struct buf *out, const char *word)
{
	if (out->len > 0 && strchr(" \n", out->data[out->len - 1]) == NULL)
		(void)buf_addc(out, ' ');
	(void)buf_adds(out, word);
}

/* The last digit of a group, behind its tens. */
static const char *spoken_unit(int tens, int unit)
{
	if (tens >= 2 && unit == 1)
		return "mốt";
	if (tens >= 2 && unit == 4)
		return "tư";
	if (tens >= 1 && unit == 5)
		return "lăm";
	return spoken_digits[unit];
}

/* 0 … 999; whole: every place is said, since there are groups before it. */
static void spoken_group(int n, bool whole, struct buf *out)
{
	int hundreds = n / 100, tens = n / 10 % 10, unit = n % 10;

	if (hundreds > 0 || whole) {
		spoken_word(out, spoken_digits[hundreds]);
		spoken_word(out, "trăm");
		if (tens == 0 && unit > 0)
			spoken_word(out, "lẻ");
	}
	if (tens == 1)
		spoken_word(out, "mười");
	if (tens > 1) {
		spoken_word(out, spoken_digits[tens]);
		spoken_word(out, "mươi");
	}
	if (unit > 0)
		spoken_word(out, spoken_unit(tens, unit));
}

void spoken_number(int64_t n, struct buf *out)
{
	uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	int groups[7], count = 0;
	bool whole = false;

	if (n < 0)
		spoken_word(out, "âm");
	if (n == 0)
		spoken_word(out, spoken_digits[0]);
	for (; rest > 0; rest /= 1000)
		groups[count++] = (int)(rest % 1000);
	while (count-- > 0) {
		if (groups[count] == 0)
			continue;
		spoken_group(groups[count], whole, out);
		(void)buf_adds(out, spoken_groups[count]);
		whole = true;
	}
}

/* ---- abbreviations --------------------------------------------------------------------- */

struct spoken_entry {
	char *short_form, *words;
};

struct spoken_table {
	struct spoken_entry *items;
	size_t n, cap;
};

static char *spoken_trim(char *s)
{
	char *end;

	s += strspn(s, " \t\r");
	for (end = s + strlen(s); end > s && strchr(" \t\r", end[-1]) != NULL;)
		*--end = '\0';
	return s;
}

static int spoken_longer_first(const void *a, const void *b)
{
	size_t x = strlen(((const struct spoken_entry *)a)->short_form);
	size_t y = strlen(((const struct spoken_entry *)b)->short_form);

	return (x < y) - (x > y);
}

struct spoken_table *spoken_table_read(const char *name, const char *text, struct err *e)
{
	struct spoken_table *t = mem_calloc(1, sizeof(*t));
	char *copy = vi_nfc(text), *rest = copy, *line;
	int number = 0,
	    rc = copy == NULL ? err_set(e, EX_CONFIG, "%s: không phải UTF-8", name) : 0;

	while (rc == 0 && (line = strsep(&rest, "\n")) != NULL) {
		char *words;

		number++;
		line = spoken_trim(line);
		if (*line == '\0' || *line == '#')
			continue;
		words = line;
		(void)strsep(&words, "=");
		if (words == NULL || *spoken_trim(line) == '\0' ||
		    *spoken_trim(words) == '\0') {
			rc = err_set(
			    e, EX_CONFIG,
			    "%s:%d: mỗi dòng phải viết như \"CCCD = căn cước công dân\"", name,
			    number);
			break;
		}
		t->items = mem_grow(t->items, &t->cap, t->n + 1, sizeof(*t->items));
		t->items[t->n++] = (struct spoken_entry){mem_strdup(spoken_trim(line)),
							 mem_strdup(spoken_trim(words))};
	}
	free(copy);
	if (rc < 0) {
		spoken_table_free(t);
		return NULL;
	}
	if (t->n > 0)
		qsort(t->items, t->n, sizeof(*t->items), spoken_longer_first);
	return t;
}

void spoken_table_free(struct spoken_table *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++) {
		free(t->items[i].short_form);
		free(t->items[i].words);
	}
	free(t->items);
	free(t);
}

/* ---- text ------------------------------------------------------------------------------ */

/* Bytes of letters: all of UTF-8's, so that no word is cut in the middle. */
static bool spoken_is_letter(char c)
{
	return isalpha((unsigned char)c) || (c & 0x80) != 0;
}

static bool spoken_is_word(char c)
{
	return spoken_is_letter(c) || isdigit((unsigned char)c);
}

struct spoken {
	const struct spoken_table *table;
	const char *at;
	struct buf *out;
	struct err *e;
};

/* "2023" at s: how many digits; *value of them. */
static size_t spoken_read(const char *s, int64_t *value)
{
	size_t n = 0;

	*value = 0;
	while (n < 15 && isdigit((unsigned char)s[n]))
		*value = *value * 10 + (s[n++] - '0');
	return n;
}

/* Whether what was said last is this word. */
static bool spoken_ends_with(const struct buf *out, const char *word)
{
	const char *text = buf_text(out);
	size_t len = out->len, n = strlen(word);

	while (len > 0 && text[len - 1] == ' ')
		len--;
	return len >= n && strncmp(text + len - n, word, n) == 0 &&
	       (len == n || !spoken_is_word(text[len - n - 1]));
}

static void spoken_digitwise(struct spoken *s, const char *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		spoken_word(s->out, spoken_digits[from[i] - '0']);
}

/* 13:30 is half past one in the afternoon. */
static void spoken_hour(struct spoken *s, int64_t hour, int64_t minute)
{
	const char *part = hour < 11   ? "sáng"
			   : hour < 13 ? "trưa"
			   : hour < 18 ? "chiều"
				       : "tối";

	spoken_number(hour > 12 ? hour - 12 : hour, s->out);
	spoken_word(s->out, "giờ");
	if (minute > 0)
		spoken_number(minute, s->out);
	spoken_word(s->out, part);
}

/* "07:30", "8 giờ 30", "8 giờ"; how many bytes that takes, else 0. */
static size_t spoken_take_hour(struct spoken *s, size_t digits, int64_t hour)
{
	static const char word[] = " giờ";
	const char *p = s->at + digits;
	int64_t minute = 0;
	size_t n = 0;

	if (hour > 24 || digits > 2)
		return 0;
	if (*p == ':' && spoken_read(p + 1, &minute) == 2 && minute < 60) {
		spoken_hour(s, hour, minute);
		return digits + 3;
	}
	if (strncmp(p, word, sizeof(word) - 1) != 0 || spoken_is_word(p[sizeof(word) - 1]))
		return 0;
	p += sizeof(word) - 1;
	if (*p == ' ' && spoken_read(p + 1, &minute) == 2 && minute < 60)
		n = 3;
	spoken_hour(s, hour, n > 0 ? minute : 0);
	return digits + sizeof(word) - 1 + n;
}

/* The months are named by numbers, but for the fourth. */
static void spoken_month(struct spoken *s, int64_t month)
{
	spoken_word(s->out, "tháng");
	if (month == 4)
		spoken_word(s->out, "Tư");
	else
		spoken_number(month, s->out);
}

/* "20/6", "20/6/2023"; how many bytes that takes, else 0. */
static size_t spoken_take_date(struct spoken *s, size_t digits, int64_t day)
{
	int64_t month, year;
	size_t n = digits, m;

	if (s->at[n] != '/' || day < 1 || day > 31)
		return 0;
	m = spoken_read(s->at + n + 1, &month);
	if (m == 0 || m > 2 || month < 1 || month > 12)
		return 0;
	n += 1 + m;
	if (!spoken_ends_with(s->out, "ngày"))
		spoken_word(s->out, "ngày");
	if (day <= 10)
		spoken_word(s->out, "mùng");
	spoken_number(day, s->out);
	spoken_month(s, month);
	if (s->at[n] == '/' && spoken_read(s->at + n + 1, &year) == 4) {
		spoken_word(s->out, "năm");
		spoken_number(year, s->out);
		n += 5;
	}
	return n;
}

/* "1900 0368", "02963 000 000", "0912345678": digits, not a quantity. */
static size_t spoken_take_telephone(struct spoken *s, size_t digits)
{
	size_t n = digits, more;
	int64_t ignored;
	bool groups = false;

	while (digits >= 3 && s->at[n] == ' ' &&
	       (more = spoken_read(s->at + n + 1, &ignored)) >= 3) {
		n += 1 + more;
		groups = true;
	}
	if (!groups && (s->at[0] != '0' || digits == 1))
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (s->at[i] == ' ')
			(void)buf_addc(s->out, ',');
		else
			spoken_digitwise(s, s->at + i, 1);
	}
	return n;
}

static void spoken_weekday(struct spoken *s, int64_t day)
{
	static const char *const names[] = {"Hai", "Ba", "Tư", "Năm", "Sáu", "Bảy"};

	spoken_word(s->out, names[day - 2]);
}

/* After "thứ": "2" is Monday, "2-6" Monday to Friday. */
static size_t spoken_take_weekday(struct spoken *s, size_t digits, int64_t day)
{
	int64_t last;

	if (digits != 1 || day < 2 || day > 7 ||
	    (!spoken_ends_with(s->out, "thứ") && !spoken_ends_with(s->out, "Thứ")))
		return 0;
	spoken_weekday(s, day);
	if (s->at[1] != '-' || spoken_read(s->at + 2, &last) != 1 || last < 2 || last > 7)
		return 1;
	spoken_word(s->out, "đến thứ");
	spoken_weekday(s, last);
	return 3;
}

/* 1.057 or 58,1; what may follow it: "%". */
static size_t spoken_take_quantity(struct spoken *s, size_t digits, int64_t value)
{
	size_t n = digits, m;
	int64_t more;

	while (s->at[n] == '.' && spoken_read(s->at + n + 1, &more) == 3) {
		value = value * 1000 + more;
		n += 4;
	}
	spoken_number(value, s->out);
	if (s->at[n] == ',' && (m = spoken_read(s->at + n + 1, &more)) > 0) {
		spoken_word(s->out, "phẩy");
		spoken_digitwise(s, s->at + n + 1, m);
		n += 1 + m;
	}
	m = n + strspn(s->at + n, " ");
	if (s->at[m] != '%')
		return n;
	spoken_word(s->out, "phần trăm");
	return m + 1;
}

static int spoken_take_number(struct spoken *s)
{
	int64_t value;
	size_t digits = spoken_read(s->at, &value), n;

	n = spoken_take_date(s, digits, value);
	if (n == 0)
		n = spoken_take_hour(s, digits, value);
	if (n == 0)
		n = spoken_take_weekday(s, digits, value);
	if (n == 0)
		n = spoken_take_telephone(s, digits);
	if (n == 0)
		n = spoken_take_quantity(s, digits, value);
	s->at += n;
	if (spoken_is_word(*s->at))
		return err_set(s->e, EX_DATAERR, "không đọc được \"%.*s\": hãy viết bằng chữ",
			       (int)strcspn(s->at - n, " \n"), s->at - n);
	return 0;
}

static const struct spoken_entry *spoken_find(const struct spoken *s)
{
	for (size_t i = 0; i < s->table->n; i++) {
		size_t n = strlen(s->table->items[i].short_form);

		if (strncmp(s->at, s->table->items[i].short_form, n) == 0 &&
		    !spoken_is_word(s->at[n]))
			return &s->table->items[i];
	}
	return NULL;
}

/* A word of letters: two ASCII capitals, or a digit in it, is an abbreviation nobody explained. */
static int spoken_take_word(struct spoken *s)
{
	const struct spoken_entry *known = spoken_find(s);
	size_t n = 0;
	int capitals = 0;
	bool digit = false;

	if (known != NULL) {
		(void)buf_adds(s->out, known->words);
		s->at += strlen(known->short_form);
		return 0;
	}
	for (; spoken_is_word(s->at[n]); n++) {
		capitals += isupper((unsigned char)s->at[n]) != 0;
		digit = digit || isdigit((unsigned char)s->at[n]);
	}
	if (capitals > 1 || digit)
		return err_set(s->e, EX_DATAERR,
			       "chưa biết đọc \"%.*s\": hãy thêm vào bảng chữ viết tắt", (int)n,
			       s->at);
	(void)buf_add(s->out, s->at, n);
	s->at += n;
	return 0;
}

int spoken_text(const struct spoken_table *t, const char *text, struct buf *out, struct err *e)
{
	struct spoken s = {.table = t, .at = text, .out = out, .e = e};
	int rc = 0;

	while (rc == 0 && *s.at != '\0') {
		if (isdigit((unsigned char)*s.at))
			rc = spoken_take_number(&s);
		else if (spoken_is_letter(*s.at))
			rc = spoken_take_word(&s);
		else
			(void)buf_addc(out, *s.at++);
	}
	if (rc == 0 && out->overflow)
		rc = err_set(e, EX_DATAERR, "bài đọc quá dài");
	return rc;
}

size_t spoken_syllables(const char *text)
{
	size_t n = 0;
	bool inside = false;

	for (; *text != '\0'; text++) {
		bool gap = strchr(" \t\n-", *text) != NULL;

		if (strncmp(text, "\xe2\x80", 2) == 0) { /* dashes and quotation marks */
			text += text[2] != '\0' ? 2 : 1;
			continue;
		}
		n += !inside && spoken_is_letter(*text);
		inside = !gap && (inside || spoken_is_letter(*text));
	}
	return n;
}
