/* SPDX-License-Identifier: Apache-2.0 */
#include "text/lint.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "text/letter.h"
#include "text/phone.h"
#include "text/sms.h"
#include "text/vi.h"

#define LINT_WORD_MAX 24
#define LINT_HOST_MAX 128

/* One word of letters and digits, in the forms it is compared in. */
struct lint_word {
	size_t at, end;			 /* bytes in the text */
	size_t sentence;		 /* of which it is part, counted */
	char ascii[LINT_WORD_MAX];	 /* lower case, no marks; cut off */
	char letters[LINT_WORD_MAX * 2]; /* lower case, quality marks but no tone */
	unsigned tone;
	bool accented;
	size_t capitals; /* longest run of them */
};

struct lint {
	const char *text;
	size_t len;
	const struct lint_rules *rules;
	struct lint_word *words;
	size_t n_words;
	struct lint_finding *out;
	size_t max, n;
};

static void lint_find(struct lint *l, const char *rule, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void lint_find(struct lint *l, const char *rule, size_t at, const char *fmt, ...)
{
	va_list ap;

	if (l->n < l->max) {
		struct lint_finding *f = &l->out[l->n];

		f->rule = rule;
		f->offset = at;
		va_start(ap, fmt);
		(void)vsnprintf(f->message, sizeof(f->message), fmt, ap);
		va_end(ap);
		f->message[buf_fit(f->message, sizeof(f->message))] = '\0';
	}
	l->n++;
}

/* The code point at byte i, U+FFFD for a byte that is no UTF-8; *n = its bytes. */
static uint32_t lint_at(const char *s, size_t len, size_t i, size_t *n)
{
	uint32_t cp;

	*n = vi_utf8_next(s + i, len - i, &cp);
	if (*n > 0)
		return cp;
	*n = 1;
	return 0xFFFD;
}

static bool lint_is_digit(uint32_t cp)
{
	return cp >= '0' && cp <= '9';
}

static bool lint_is_letter(uint32_t cp)
{
	if (cp < 0x80)
		return (cp | 0x20) >= 'a' && (cp | 0x20) <= 'z';
	return vi_letter_of(cp).base != VI_NO_LETTER;
}

static bool lint_is_upper(uint32_t cp)
{
	struct vi_letter l = vi_letter_of(cp);

	return l.base != VI_NO_LETTER ? l.upper : cp >= 'A' && cp <= 'Z';
}

/* Adds a character to a word. */
static void lint_word_add(struct lint_word *w, uint32_t cp, size_t *ascii, size_t *letters,
			  size_t *capitals)
{
	struct vi_letter l = vi_letter_of(cp);
	bool upper = lint_is_upper(cp);
	char plain = (char)(cp | 0x20);

	if (l.base != VI_NO_LETTER) {
		plain = vi_letter_ascii(l);
		w->accented |= cp >= 0x80;
		w->tone = l.tone != VI_NGANG ? l.tone : w->tone;
		l.tone = VI_NGANG;
		l.upper = false;
		cp = vi_letter_cp(l);
	} else if (!lint_is_digit(cp)) {
		cp = (unsigned char)plain;
	} else {
		plain = (char)cp;
	}
	*capitals = upper ? *capitals + 1 : 0;
	if (*capitals > w->capitals)
		w->capitals = *capitals;
	if (*ascii + 1 < sizeof(w->ascii))
		w->ascii[(*ascii)++] = plain;
	if (*letters + 4 < sizeof(w->letters))
		*letters += vi_utf8_put(cp, w->letters + *letters);
}

/* Cuts s into words, yours to free(). */
static struct lint_word *lint_cut(const char *s, size_t len, size_t *n_words)
{
	struct lint_word *words = NULL;
	size_t cap = 0, n, sentence = 0;

	*n_words = 0;
	for (size_t i = 0; i < len;) {
		size_t ascii = 0, letters = 0, capitals = 0;
		uint32_t cp = lint_at(s, len, i, &n);
		struct lint_word *w;

		if (!lint_is_letter(cp) && !lint_is_digit(cp)) {
			sentence +=
			    cp == '.' || cp == ';' || cp == '!' || cp == '?' || cp == '\n';
			i += n;
			continue;
		}
		words = mem_grow(words, &cap, *n_words + 1, sizeof(*words));
		w = &words[(*n_words)++];
		*w = (struct lint_word){.at = i, .sentence = sentence};
		while (i < len) {
			cp = lint_at(s, len, i, &n);
			if (!lint_is_letter(cp) && !lint_is_digit(cp))
				break;
			lint_word_add(w, cp, &ascii, &letters, &capitals);
			i += n;
		}
		w->end = i;
	}
	return words;
}

/* Whether the words from w on are those of a phrase. In a text without accents the phrase is
 * known by its letters, unless it is a single word, which would be too many others: phạt,
 * phát. */
static bool lint_phrase_here(const struct lint *l, size_t w, const struct lint_word *phrase,
			     size_t n, bool loose)
{
	if (n == 0 || w + n > l->n_words)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct lint_word *a = &l->words[w + i], *b = &phrase[i];
		bool plain = !a->accented && (loose || n > 1 || !b->accented);

		if (plain ? strcmp(a->ascii, b->ascii) != 0
			  : a->tone != b->tone || strcmp(a->letters, b->letters) != 0)
			return false;
	}
	return true;
}

/* "Công an không …", "Công an xã không …", "chúng tôi không …": the sentence warns of what it
 * names. */
static bool lint_is_warning(const struct lint *l, size_t w)
{
	static const char *const who[] = {"an", "bo", "toi", "ubnd"};

	for (size_t i = w; i-- > 1 && l->words[i].sentence == l->words[w].sentence;) {
		const struct lint_word *before = &l->words[i - 1];

		if (strcmp(l->words[i].ascii, "khong") != 0)
			continue;
		if (strcmp(before->ascii, "xa") == 0 && i > 1)
			before--;
		for (size_t k = 0; k < sizeof(who) / sizeof(who[0]); k++)
			if (strcmp(before->ascii, who[k]) == 0)
				return true;
	}
	return false;
}

/* What scams are made of, after the warnings of ministry and police, and what to write instead.
 * The phrases without accents are for texts without them. */
static const struct {
	const char *rule;
	const char *instead;
	const char *phrases[18];
} lint_lures[] = {
    {"otp",
     "không nhắc đến mã, mật khẩu; cơ quan không bao giờ hỏi",
     {"OTP", "mã xác thực", "mã xác nhận", "mật khẩu", "password", "mã pin", NULL}},
    {"money",
     "không nói đến tiền, ngân hàng, quà trong tin nhắn",
     {"chuyển khoản", "chuyển tiền", "ngân hàng", "số tài khoản", "thẻ tín dụng", "nộp tiền",
      "nộp phí", "đóng phí", "đặt cọc", "ví điện tử", "trúng thưởng", "nhận thưởng", "quà tặng",
      NULL}},
    {"threat",
     "không đe dọa, không hối thúc; hãy viết lời mời",
     {"phạt", "khóa", "bi phat", "xu phat", "bi khoa", "khẩn cấp", "ngay lập tức", "cưỡng chế",
      "khởi tố", "truy tố", "bắt giữ", "lệnh bắt", NULL}},
    {"link",
     "không mời bấm, tải hay kết bạn; hãy chỉ nơi đến hỏi",
     {"bấm vào", "nhấn vào", "nhấp vào", "click", "truy cập", "kết bạn", "apk", "tải file",
      NULL}},
    {"personal_data",
     "không xin dữ liệu cá nhân qua tin nhắn",
     {"cung cấp thông tin", "cung cấp số CCCD", "gửi số CCCD", "gửi số căn cước",
      "gửi số điện thoại", "gửi ảnh", "chụp ảnh", "chụp CCCD", "chụp thẻ", NULL}},
};

static void lint_phrase(struct lint *l, const char *rule, const char *instead,
			const char *phrase)
{
	size_t n;
	struct lint_word *words = lint_cut(phrase, strlen(phrase), &n);

	for (size_t w = 0; w < l->n_words; w++)
		if (lint_phrase_here(l, w, words, n, false) && !lint_is_warning(l, w))
			lint_find(l, rule, l->words[w].at, "Có \"%s\": %s.", phrase, instead);
	free(words);
}

static void lint_check_lures(struct lint *l)
{
	for (size_t i = 0; i < sizeof(lint_lures) / sizeof(lint_lures[0]); i++)
		for (const char *const *p = lint_lures[i].phrases; *p != NULL; p++)
			lint_phrase(l, lint_lures[i].rule, lint_lures[i].instead, *p);
}

static bool lint_has_any(const struct lint *l, const char *const *phrases)
{
	bool found = false;

	for (; *phrases != NULL && !found; phrases++) {
		size_t n;
		struct lint_word *words = lint_cut(*phrases, strlen(*phrases), &n);

		for (size_t w = 0; w < l->n_words && !found; w++)
			found = lint_phrase_here(l, w, words, n, true);
		free(words);
	}
	return found;
}

static void lint_check_names(struct lint *l)
{
	const struct lint_rules *r = l->rules;

	if (r->offices != NULL && !lint_has_any(l, r->offices))
		lint_find(l, "office_missing", 0,
			  "Chưa nêu tên cơ quan gửi tin; hãy mở đầu bằng tên cơ quan%s%s.",
			  r->offices[0] != NULL ? ", ví dụ: " : "",
			  r->offices[0] != NULL ? r->offices[0] : "");
	if (r->places != NULL && !lint_has_any(l, r->places))
		lint_find(l, "place_missing", 0,
			  "Chưa nêu nơi để người dân đến hoặc hỏi lại%s%s.",
			  r->places[0] != NULL ? ", ví dụ: " : "",
			  r->places[0] != NULL ? r->places[0] : "");
}

static void lint_check_capitals(struct lint *l)
{
	static const char *const usual[] = {"UBND",   "HĐND", "MTTQ", "CCCD", "CMND",
					    "VNeID",  "CNS",  "SĐT",  "OTP",  "BHYT",
					    "CSQLHC", "TTXH", NULL};
	const char *const *allowed = l->rules->capitals != NULL ? l->rules->capitals : usual;

	for (size_t w = 0; w < l->n_words; w++) {
		const struct lint_word *word = &l->words[w];
		bool known = word->capitals < 3;

		for (const char *const *a = allowed; *a != NULL && !known; a++) {
			size_t n;
			struct lint_word *abbreviation = lint_cut(*a, strlen(*a), &n);

			known = lint_phrase_here(l, w, abbreviation, n, true);
			free(abbreviation);
		}
		if (!known)
			lint_find(l, "capitals", word->at,
				  "\"%.*s\" viết hoa cả chữ; hãy viết thường.",
				  (int)(word->end - word->at), l->text + word->at);
	}
}

/* Characters by themselves. */
static void lint_check_characters(struct lint *l)
{
	for (size_t i = 0, n; i < l->len; i += n) {
		uint32_t cp = lint_at(l->text, l->len, i, &n);
		char one[5] = "", *ascii;
		struct sms_count c;

		memcpy(one, l->text + i, n);
		if (cp == '!' || cp == 0xFF01)
			lint_find(l, "exclamation", i, "Có dấu chấm than; hãy dùng dấu chấm.");
		if (l->rules->forbidden != NULL && cp != 0xFFFD &&
		    strstr(l->rules->forbidden, one) != NULL)
			lint_find(l, "forbidden_character", i,
				  "Nhà mạng không nhận ký tự \"%s\"; hãy bỏ hoặc thay.", one);
		if (cp == '\n' ||
		    (cp < 0x80 && strchr("`^{}\\[~]|\t", (int)cp) == NULL && cp >= 0x20) ||
		    vi_letter_of(cp).base != VI_NO_LETTER)
			continue;
		if (cp == 0xFFFD || (vi_is_hidden(cp) && cp != '\r' && cp != '\t')) {
			lint_find(l, "hidden_character", i,
				  "Có ký tự không nhìn thấy hoặc bị hỏng; hãy gõ lại chỗ này.");
			continue;
		}
		ascii = vi_unaccent(one);
		c = sms_count(ascii);
		if (c.ucs2 || c.units != (int)strlen(ascii))
			lint_find(l, "costly_character", i,
				  "Ký tự \"%s\" làm tin nhắn đắt hơn hoặc hỏng; hãy thay.",
				  one);
		free(ascii);
	}
}

/* A run of digits as it is read: groups of three or more joined by one blank, dot or hyphen. */
struct lint_digits {
	char digits[32];
	size_t n, end;
	bool thousands; /* 1.057 */
};

static struct lint_digits lint_read_digits(const struct lint *l, size_t at)
{
	struct lint_digits d = {.end = at, .thousands = true};

	for (size_t group = 0;; group++) {
		size_t start = d.end, n;

		while (d.end < l->len && lint_is_digit((unsigned char)l->text[d.end])) {
			if (d.n + 1 < sizeof(d.digits))
				d.digits[d.n++] = l->text[d.end];
			d.end++;
		}
		n = d.end - start;
		d.thousands &= group == 0 ? n <= 3 && l->text[start] != '0' : n == 3;
		if (group == 0 && n < 3 && l->text[d.end] != '.')
			break;
		if (d.end + 3 >= l->len || strchr(" .-", l->text[d.end]) == NULL)
			break;
		for (n = 1; n <= 3 && lint_is_digit((unsigned char)l->text[d.end + n]);)
			n++;
		if (n <= 3)
			break;
		d.thousands &= l->text[d.end] == '.';
		d.end++;
	}
	return d;
}

static void lint_judge_digits(struct lint *l, size_t at, const struct lint_digits *d)
{
	struct phone p = phone_parse(d->digits, 0);
	bool year =
	    d->n == 4 && (memcmp(d->digits, "19", 2) == 0 || memcmp(d->digits, "20", 2) == 0);

	if (d->n <= 3 || d->thousands || year)
		return;
	if ((d->n == 10 || d->n == 11) && p.status == PHONE_OK)
		lint_find(l, "callback", at,
			  "Có số di động; hãy chỉ nơi đến hỏi hoặc số máy bàn của cơ quan.");
	else if (p.status == PHONE_LANDLINE || p.status == PHONE_SERVICE)
		return;
	else if (d->n == 12 || d->n == 9)
		lint_find(l, "digits", at,
			  "Dãy %zu chữ số trông như số CCCD/CMND; không gửi số giấy tờ.", d->n);
	else
		lint_find(l, "digits", at,
			  "Dãy %zu chữ số trông như mã xác thực hoặc số tài khoản; hãy bỏ.",
			  d->n);
}

static void lint_check_digits(struct lint *l)
{
	for (size_t i = 0; i < l->len; i++) {
		struct lint_digits d;

		if (!lint_is_digit((unsigned char)l->text[i]))
			continue;
		d = lint_read_digits(l, i);
		/* 02963xxxxxx: a number left open */
		if (strncmp(l->text + d.end, "xx", 2) != 0)
			lint_judge_digits(l, i, &d);
		i = d.end;
	}
}

static bool lint_host_allowed(const struct lint *l, const char *host)
{
	if (l->rules->hosts == NULL)
		return false;
	for (const char *const *h = l->rules->hosts; *h != NULL; h++)
		if (strcmp(*h, host) == 0)
			return true;
	return false;
}

/* Takes the host out of a word without blanks: lower case, a character beyond ASCII as '?'.
 * Whether the word looks like an address at all, which phones would make one to tap. */
static bool lint_host(const char *s, size_t len, char host[LINT_HOST_MAX], bool *safe)
{
	size_t o = 0, dots = 0, last = 0;
	bool scheme = false, path = false, letters = true;

	*safe = true;
	for (size_t i = 0; i + 2 < len && !scheme; i++) {
		if (memcmp(s + i, "://", 3) == 0) {
			scheme = true;
			*safe = i == 5 &&
				(memcmp(s, "https", 5) == 0 || memcmp(s, "HTTPS", 5) == 0);
			s += i + 3;
			len -= i + 3;
		}
	}
	for (size_t i = 0, n; i < len && !path; i += n) {
		uint32_t cp = lint_at(s, len, i, &n);

		if (cp == 0xFF0E || cp == 0x3002 || cp == 0x2024)
			cp = '.';
		path = cp == '/' || cp == '?' || cp == '#' || cp == ':';
		if (path || o + 1 >= LINT_HOST_MAX)
			break;
		if (cp == '@')
			*safe = false;
		if (cp == '.') {
			dots += o > last;
			last = o + 1;
			letters = true;
		} else {
			letters &= lint_is_letter(cp) || cp >= 0x80;
		}
		host[o++] = (char)(cp >= 0x80 ? '?' : cp >= 'A' && cp <= 'Z' ? cp | 0x20 : cp);
	}
	host[o] = '\0';
	if (scheme)
		return true;
	return (dots > 0 && o - last >= 2 && letters) || dots > 2;
}

/* TP.HCM, ThS.Lan: an abbreviation and the name it belongs to. */
static bool lint_is_abbreviation(const char *s, size_t len)
{
	const char *dot = memchr(s, '.', len);
	size_t n, before = 0;

	if (dot == NULL || memchr(dot + 1, '.', len - (size_t)(dot + 1 - s)) != NULL ||
	    memchr(s, '/', len) != NULL)
		return false;
	for (size_t i = 0; s + i < dot; i += n, before++)
		(void)lint_at(s, len, i, &n);
	return before <= 3 && lint_is_upper(lint_at(s, len, 0, &n)) &&
	       lint_is_upper(lint_at(s, len, (size_t)(dot + 1 - s), &n));
}

/* Ends that make an abbreviation an address all the same. */
static bool lint_is_domain(const char *host)
{
	static const char *const ends[] = {".com", ".net", ".org", ".vn",  ".me", ".ly",
					   ".cc",  ".xyz", ".top", ".vip", ".io", NULL};
	size_t len = strlen(host);

	for (const char *const *e = ends; *e != NULL; e++)
		if (len > strlen(*e) && strcmp(host + len - strlen(*e), *e) == 0)
			return true;
	return false;
}

/* The next word at *i, without what stands around it: start and length; *i goes behind it. */
static size_t lint_word(const char *text, size_t *i, size_t *len)
{
	static const char around[] = "()[]{}<>\"'.,;:!?-";
	size_t start = *i, end = start + strcspn(text + start, " \t\r\n");

	*i = end + strspn(text + end, " \t\r\n");
	while (start < end && strchr(around, text[start]) != NULL)
		start++;
	while (end > start && strchr(around, text[end - 1]) != NULL)
		end--;
	*len = end - start;
	return start;
}

bool lint_has_address(const char *utf8)
{
	char host[LINT_HOST_MAX];
	size_t len;
	bool safe;

	/* Dots (also those of other scripts) and slashes are rare in what people write of themselves. */
	if (strpbrk(utf8, "./\xE2\xE3\xEF") == NULL)
		return false;
	for (size_t i = 0; utf8[i] != '\0';) {
		size_t start = lint_word(utf8, &i, &len);

		if (lint_host(utf8 + start, len, host, &safe) &&
		    (lint_is_domain(host) || strncmp(host, "www.", 4) == 0 ||
		     memmem(utf8 + start, len, "://", 3) != NULL))
			return true;
	}
	return false;
}

static void lint_check_links(struct lint *l)
{
	for (size_t i = 0; i < l->len;) {
		size_t len, start = lint_word(l->text, &i, &len), end = start + len;
		char host[LINT_HOST_MAX];
		bool safe;

		if (!lint_host(l->text + start, end - start, host, &safe) ||
		    (safe && lint_host_allowed(l, host)))
			continue;
		if (lint_is_abbreviation(l->text + start, end - start) && !lint_is_domain(host))
			continue;
		lint_find(
		    l, "link", start,
		    "Có đường dẫn hoặc tên miền; hãy bỏ (nếu là hết câu, để dấu cách sau dấu "
		    "chấm).");
	}
}

static void lint_check_length(struct lint *l)
{
	char *ascii = vi_unaccent(l->text);
	struct sms_count c = sms_count(ascii);

	if (l->rules->max_segments_unaccented > 0 &&
	    c.segments > l->rules->max_segments_unaccented)
		lint_find(l, "too_long", 0,
			  "Bản không dấu dài %d ký tự, thành %d tin; nhiều nhất là %d tin.",
			  c.units, c.segments, l->rules->max_segments_unaccented);
	free(ascii);
}

size_t lint_text(const char *utf8, const struct lint_rules *rules, struct lint_finding *out,
		 size_t max)
{
	struct lint l = {
	    .text = utf8, .len = strlen(utf8), .rules = rules, .out = out, .max = max};

	l.words = lint_cut(utf8, l.len, &l.n_words);
	lint_check_links(&l);
	lint_check_lures(&l);
	lint_check_digits(&l);
	lint_check_capitals(&l);
	lint_check_characters(&l);
	lint_check_names(&l);
	lint_check_length(&l);
	free(l.words);
	return l.n;
}
