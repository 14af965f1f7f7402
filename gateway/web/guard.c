/* SPDX-License-Identifier: Apache-2.0 */
#include "web/guard.h"

#include <string.h>
#include <strings.h>

enum { GUARD_SAW_HOST = 1, GUARD_SAW_LENGTH = 2, GUARD_SAW_ENCODING = 4 };

static const struct {
	const char *name;
	int status;
} guard_reasons[GUARD_REASON_COUNT] = {
    [GUARD_OK] = {"ok", 200},
    [GUARD_BAD_LINE] = {"line", 400},
    [GUARD_BAD_METHOD] = {"method", 501},
    [GUARD_BAD_TARGET] = {"target", 400},
    [GUARD_BAD_VERSION] = {"version", 505},
    [GUARD_BAD_HEADER] = {"header", 400},
    [GUARD_BAD_HOST] = {"host", 400},
    [GUARD_BAD_LENGTH] = {"length", 400},
    [GUARD_BAD_ENCODING] = {"encoding", 411},
    [GUARD_BAD_EXPECT] = {"expect", 417},
    [GUARD_HEAD_TOO_LARGE] = {"head_size", 431},
    [GUARD_BODY_TOO_LARGE] = {"body_size", 413},
    [GUARD_NO_ROOM] = {"no_room", 507},
    [GUARD_TOO_SLOW] = {"slow", 408},
};

/* The methods that evhttp is shown, and which of them evhttp reads a body of: any other method with a
 * body would leave it standing as the next request. */
static const struct {
	const char *name;
	bool body;
} guard_methods[] = {
    {"GET", false}, {"HEAD", false}, {"POST", true},
    {"PUT", true},  {"PATCH", true}, {"DELETE", false},
};

const char *guard_reason_name(enum guard_reason r)
{
	return guard_reasons[r].name;
}

int guard_reason_status(enum guard_reason r)
{
	return guard_reasons[r].status;
}

void guard_init(struct guard *g)
{
	*g = (struct guard){.bytes = BUF_INIT(GUARD_HEAD_MAX + GUARD_BODY_MAX)};
}

void guard_free(struct guard *g)
{
	buf_free(&g->bytes);
}

void guard_reset(struct guard *g)
{
	struct buf bytes = g->bytes;

	/* A kept-alive connection does not keep the memory of its largest body. */
	if (bytes.cap > GUARD_HEAD_MAX)
		buf_free(&bytes);
	buf_reset(&bytes);
	bytes.max = GUARD_HEAD_MAX + GUARD_BODY_MAX;
	*g = (struct guard){.bytes = bytes,
			    .admits = g->admits,
			    .admits_arg = g->admits_arg,
			    .keeps = g->keeps,
			    .keeps_arg = g->keeps_arg};
}

bool guard_begun(const struct guard *g)
{
	return g->bytes.len > 0;
}

static int guard_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool guard_is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* tchar of RFC 9110 §5.6.2 */
static bool guard_is_token(char c)
{
	return guard_is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Percent signs begin two hexadecimal digits; none of them is NUL. Returns the byte, or -1. */
static int guard_percent(const char *p, size_t left)
{
	int hi, lo;

	if (left < 3)
		return -1;
	hi = guard_hex(p[1]);
	lo = guard_hex(p[2]);
	if (hi < 0 || lo < 0 || hi + lo == 0)
		return -1;
	return hi * 16 + lo;
}

/* An absolute path: no authority in disguise ("//host"), nothing percent-encoded that would mean
 * something else once decoded. */
static bool guard_path_chars_ok(const char *p, size_t n)
{
	if (n == 0 || p[0] != '/' || (n > 1 && p[1] == '/'))
		return false;
	for (size_t i = 0; i < n; i++) {
		int c;

		if (guard_is_alnum(p[i]) || strchr("/-._~!$&'()*+,;=:@", p[i]) != NULL)
			continue;
		if (p[i] != '%')
			return false;
		c = guard_percent(p + i, n - i);
		if (c < 0x20 || c == 0x7f || c == '/' || c == '\\' || c == '.')
			return false;
		i += 2;
	}
	return true;
}

/* No "." and no ".." between slashes. */
static bool guard_path_segments_ok(const char *p, size_t n)
{
	size_t from = 1;

	for (size_t i = 1; i <= n; i++) {
		if (i < n && p[i] != '/')
			continue;
		if ((i - from == 1 && p[from] == '.') ||
		    (i - from == 2 && p[from] == '.' && p[from + 1] == '.'))
			return false;
		from = i + 1;
	}
	return true;
}

/* Visible ASCII but '#'; providers do not escape everything they should. */
static bool guard_query_ok(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] <= ' ' || p[i] > '~' || p[i] == '#')
			return false;
		if (p[i] == '%' && guard_percent(p + i, n - i) < 0)
			return false;
	}
	return true;
}

static bool guard_target_ok(const char *p, size_t n)
{
	const char *q = memchr(p, '?', n);
	size_t path = q == NULL ? n : (size_t)(q - p);

	return memchr(p, '\0', n) == NULL && guard_path_chars_ok(p, path) &&
	       guard_path_segments_ok(p, path) &&
	       (q == NULL || guard_query_ok(q + 1, n - path - 1));
}

static enum guard_reason guard_request_line(struct guard *g, const char *p, size_t n)
{
	const char *end = p + n, *target = memchr(p, ' ', n), *version;
	size_t i, method;

	if (target == NULL)
		return GUARD_BAD_LINE;
	method = (size_t)(target - p);
	for (i = 0; i < sizeof(guard_methods) / sizeof(guard_methods[0]); i++) {
		if (strlen(guard_methods[i].name) == method &&
		    memcmp(guard_methods[i].name, p, method) == 0)
			break;
	}
	if (i == sizeof(guard_methods) / sizeof(guard_methods[0]))
		return GUARD_BAD_METHOD;
	g->may_have_body = guard_methods[i].body;
	target++;
	version = memchr(target, ' ', (size_t)(end - target));
	if (version == NULL)
		return GUARD_BAD_LINE;
	if (!guard_target_ok(target, (size_t)(version - target)))
		return GUARD_BAD_TARGET;
	version++;
	if (end - version != 8 ||
	    (memcmp(version, "HTTP/1.1", 8) != 0 && memcmp(version, "HTTP/1.0", 8) != 0))
		return GUARD_BAD_VERSION;
	return GUARD_OK;
}

static enum guard_reason guard_length(struct guard *g, const char *v, size_t n)
{
	size_t len = 0;

	if (g->seen & GUARD_SAW_LENGTH || n == 0 || n > 9)
		return GUARD_BAD_LENGTH;
	g->seen |= GUARD_SAW_LENGTH;
	for (size_t i = 0; i < n; i++) {
		if (v[i] < '0' || v[i] > '9')
			return GUARD_BAD_LENGTH;
		len = len * 10 + (size_t)(v[i] - '0');
	}
	g->body_len = len;
	g->length_at = (size_t)(v - g->bytes.data);
	g->length_n = n;
	return GUARD_OK;
}

static enum guard_reason guard_host(struct guard *g, const char *v, size_t n)
{
	if (g->seen & GUARD_SAW_HOST || n == 0 || n > 255)
		return GUARD_BAD_HOST;
	g->seen |= GUARD_SAW_HOST;
	for (size_t i = 0; i < n; i++) {
		if (!guard_is_alnum(v[i]) && (v[i] == '\0' || strchr("-._:[]", v[i]) == NULL))
			return GUARD_BAD_HOST;
	}
	return GUARD_OK;
}

static bool guard_is(const char *p, size_t n, const char *word)
{
	return n == strlen(word) && strncasecmp(p, word, n) == 0;
}

/* One header line, without its CRLF. A line that begins with a space (obs-fold) has no name. */
static enum guard_reason guard_header(struct guard *g, const char *p, size_t n)
{
	const char *colon = memchr(p, ':', n), *v;
	size_t name, len;

	if (colon == NULL || colon == p || ++g->n_lines > (int)GUARD_HEADERS_MAX)
		return GUARD_BAD_HEADER;
	name = (size_t)(colon - p);
	for (size_t i = 0; i < name; i++) {
		if (!guard_is_token(p[i]))
			return GUARD_BAD_HEADER;
	}
	v = colon + 1;
	len = n - name - 1;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)v[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return GUARD_BAD_HEADER;
	}
	while (len > 0 && v[0] == ' ') {
		v++;
		len--;
	}
	while (len > 0 && v[len - 1] == ' ')
		len--;
	if (guard_is(p, name, "Content-Length"))
		return guard_length(g, v, len);
	if (guard_is(p, name, "Host"))
		return guard_host(g, v, len);
	if (guard_is(p, name, "Transfer-Encoding"))
		g->seen |= GUARD_SAW_ENCODING;
	if (guard_is(p, name, "Expect")) {
		g->wants_continue = guard_is(v, len, "100-continue");
		return g->wants_continue ? GUARD_OK : GUARD_BAD_EXPECT;
	}
	return GUARD_OK;
}

/* The head is complete: do its lines agree? */
static enum guard_reason guard_head_end(struct guard *g)
{
	g->head_len = g->bytes.len;
	if (!(g->seen & GUARD_SAW_HOST))
		return GUARD_BAD_HOST;
	if (g->seen & GUARD_SAW_ENCODING)
		return g->seen & GUARD_SAW_LENGTH ? GUARD_BAD_LENGTH : GUARD_BAD_ENCODING;
	if (g->may_have_body && !(g->seen & GUARD_SAW_LENGTH))
		return GUARD_BAD_ENCODING;
	if (!g->may_have_body && g->body_len > 0)
		return GUARD_BAD_LENGTH;
	if (g->body_len > GUARD_BODY_MAX &&
	    (g->admits == NULL ||
	     g->body_len > g->admits(g->bytes.data, g->head_len, g->admits_arg)))
		return GUARD_BODY_TOO_LARGE;
	if (g->body_len > GUARD_BODY_MAX && g->keeps == NULL)
		g->bytes.max = g->head_len + g->body_len;
	g->keeping = g->body_len > GUARD_BODY_MAX && g->keeps != NULL;
	g->wants_continue = g->wants_continue && g->body_len > 0;
	return GUARD_OK;
}

/* The line that ends at bytes.len with LF. */
static enum guard_reason guard_line(struct guard *g)
{
	const char *p = g->bytes.data + g->line;
	size_t n = g->bytes.len - g->line;
	bool first = g->line == 0;

	if (n < 2 || p[n - 2] != '\r')
		return GUARD_BAD_LINE;
	n -= 2;
	g->line = g->bytes.len;
	if (memchr(p, '\r', n) != NULL)
		return GUARD_BAD_LINE;
	if (first)
		return guard_request_line(g, p, n);
	return n == 0 ? guard_head_end(g) : guard_header(g, p, n);
}

/* Takes at most one line of the head. Returns the bytes taken. */
static size_t guard_feed_head(struct guard *g, const char *p, size_t n)
{
	const char *lf = memchr(p, '\n', n);
	size_t take = lf == NULL ? n : (size_t)(lf - p) + 1;

	if (take > GUARD_HEAD_MAX - g->bytes.len) {
		g->reason = GUARD_HEAD_TOO_LARGE;
		return 0;
	}
	/* A first byte that begins no method is not HTTP: no need to wait for a line. */
	if (g->bytes.len == 0 && (p[0] < 'A' || p[0] > 'Z')) {
		g->reason = GUARD_BAD_LINE;
		return 0;
	}
	(void)buf_add(&g->bytes, p, take);
	if (lf != NULL)
		g->reason = guard_line(g);
	return take;
}

static bool guard_body(struct guard *g, const char *p, size_t n)
{
	if (!g->keeping) {
		(void)buf_add(&g->bytes, p, n);
		return true;
	}
	g->kept += n;
	return n == 0 || g->keeps(p, n, g->keeps_arg);
}

enum guard_result guard_feed(struct guard *g, const char *p, size_t n, size_t *used)
{
	*used = 0;
	while (g->head_len == 0 && *used < n && g->reason == GUARD_OK)
		*used += guard_feed_head(g, p + *used, n - *used);
	if (g->reason != GUARD_OK)
		return GUARD_REFUSED;
	if (g->head_len == 0)
		return GUARD_MORE;
	if (*used < n) {
		size_t missing = g->head_len + g->body_len - g->bytes.len - g->kept;
		size_t take = n - *used < missing ? n - *used : missing;

		if (!guard_body(g, p + *used, take)) {
			g->reason = GUARD_NO_ROOM;
			return GUARD_REFUSED;
		}
		*used += take;
	}
	if (g->bytes.len + g->kept < g->head_len + g->body_len)
		return GUARD_MORE;
	/* Whoever reads the request on finds no body in it. */
	if (g->keeping)
		memset(g->bytes.data + g->length_at, '0', g->length_n);
	return GUARD_COMPLETE;
}
