/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that must not pass, and some that must. */
#ifndef MOIDAN_TESTS_REQUESTS_H
#define MOIDAN_TESTS_REQUESTS_H

#include <stddef.h>

#include "web/guard.h"

#define HOST "Host: gateway.example\r\n"
/* A text with its length, so that it may hold NUL. */
#define RAW(text) text, sizeof(text) - 1

struct request_case {
	const char *name;
	const char *text;
	size_t len;
	enum guard_reason reason;
};

static const struct request_case bad_requests[] = {
    {"empty line first", RAW("\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_LINE},
    {"a TLS greeting", RAW("\x16\x03\x01\x02\x00\x01"), GUARD_BAD_LINE},
    {"lower-case method", RAW("get / HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_LINE},
    {"bare LF after the request line", RAW("GET / HTTP/1.1\n" HOST "\r\n"), GUARD_BAD_LINE},
    {"bare LF after a header", RAW("GET / HTTP/1.1\r\nHost: x\n\r\n"), GUARD_BAD_LINE},
    {"bare CR inside a header", RAW("GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n"), GUARD_BAD_LINE},
    {"one word", RAW("GET\r\n" HOST "\r\n"), GUARD_BAD_LINE},
    {"no version", RAW("GET /\r\n" HOST "\r\n"), GUARD_BAD_LINE},
    {"TRACE", RAW("TRACE / HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_METHOD},
    {"CONNECT", RAW("CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_METHOD},
    {"unknown method", RAW("GETX / HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_METHOD},
    {"HTTP/0.9", RAW("GET / HTTP/0.9\r\n" HOST "\r\n"), GUARD_BAD_VERSION},
    {"HTTP/2.0", RAW("GET / HTTP/2.0\r\n" HOST "\r\n"), GUARD_BAD_VERSION},
    {"two spaces", RAW("GET /  HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_VERSION},
    {"space at the end", RAW("GET / HTTP/1.1 \r\n" HOST "\r\n"), GUARD_BAD_VERSION},
    {"absolute URI", RAW("GET http://evil.example/ HTTP/1.1\r\n" HOST "\r\n"),
     GUARD_BAD_TARGET},
    {"authority in disguise", RAW("GET //evil.example/ HTTP/1.1\r\n" HOST "\r\n"),
     GUARD_BAD_TARGET},
    {"asterisk", RAW("GET * HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_TARGET},
    {"NUL in the path", RAW("GET /a\0b HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_TARGET},
    {"%00 in the path", RAW("GET /admin%00.css HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_TARGET},
    {"%00 in the query", RAW("GET /?a=%00 HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_TARGET},
    {"%0d%0a in the path", RAW("GET /a%0d%0ab HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_TARGET},
    {"encoded slash", RAW("GET /a%2Fb HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_TARGET},
    {"encoded dot", RAW("GET /%2e%2e/b HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_TARGET},
    {"dot segments", RAW("GET /a/../b HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_TARGET},
    {"dot segment at the end", RAW("GET /a/.. HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_TARGET},
    {"half a percent sign", RAW("GET /a%2 HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_TARGET},
    {"percent sign without figures", RAW("GET /?a=%zz HTTP/1.1\r\n" HOST "\r\n"),
     GUARD_BAD_TARGET},
    {"backslash", RAW("GET /a\\b HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_TARGET},
    {"fragment", RAW("GET /?a#b HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_TARGET},
    {"raw UTF-8", RAW("GET /?a=\xc4\x91 HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_TARGET},
    {"no Host", RAW("GET / HTTP/1.1\r\n\r\n"), GUARD_BAD_HOST},
    {"no Host, HTTP/1.0", RAW("GET / HTTP/1.0\r\n\r\n"), GUARD_BAD_HOST},
    {"empty Host", RAW("GET / HTTP/1.1\r\nHost:\r\n\r\n"), GUARD_BAD_HOST},
    {"two Hosts", RAW("GET / HTTP/1.1\r\n" HOST HOST "\r\n"), GUARD_BAD_HOST},
    {"a path in Host", RAW("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), GUARD_BAD_HOST},
    {"empty header name", RAW("GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n"), GUARD_BAD_HEADER},
    {"no colon", RAW("GET / HTTP/1.1\r\n" HOST "abc\r\n\r\n"), GUARD_BAD_HEADER},
    {"space before the colon", RAW("POST / HTTP/1.1\r\n" HOST "Content-Length : 3\r\n\r\nabc"),
     GUARD_BAD_HEADER},
    {"folded line", RAW("GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n"), GUARD_BAD_HEADER},
    {"line folded before the first header", RAW("GET / HTTP/1.1\r\n Host: x\r\n\r\n"),
     GUARD_BAD_HEADER},
    {"NUL in a header", RAW("GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"), GUARD_BAD_HEADER},
    {"DEL in a header", RAW("GET / HTTP/1.1\r\n" HOST "X: a\x7f\r\n\r\n"), GUARD_BAD_HEADER},
    {"quotes in a name", RAW("GET / HTTP/1.1\r\n" HOST "\"X\": a\r\n\r\n"), GUARD_BAD_HEADER},
    {"two lengths",
     RAW("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 10\r\n\r\nabc"),
     GUARD_BAD_LENGTH},
    {"the same length twice",
     RAW("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
     GUARD_BAD_LENGTH},
    {"a list of lengths", RAW("POST / HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n\r\nabc"),
     GUARD_BAD_LENGTH},
    {"+3", RAW("POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc"), GUARD_BAD_LENGTH},
    {"-3", RAW("POST / HTTP/1.1\r\n" HOST "Content-Length: -3\r\n\r\nabc"), GUARD_BAD_LENGTH},
    {"0x3", RAW("POST / HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n\r\nabc"), GUARD_BAD_LENGTH},
    {"no figures", RAW("POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\nabc"),
     GUARD_BAD_LENGTH},
    {"a tab before the figures",
     RAW("POST / HTTP/1.1\r\n" HOST "Content-Length:\t3\r\n\r\nabc"), GUARD_BAD_LENGTH},
    {"a length beyond counting",
     RAW("POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551619\r\n\r\nabc"),
     GUARD_BAD_LENGTH},
    {"a body on GET", RAW("GET / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"),
     GUARD_BAD_LENGTH},
    {"a body on DELETE", RAW("DELETE / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"),
     GUARD_BAD_LENGTH},
    {"length and chunked",
     RAW("POST / HTTP/1.1\r\n" HOST
	 "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     GUARD_BAD_LENGTH},
    {"chunked alone",
     RAW("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     GUARD_BAD_ENCODING},
    {"gzip, chunked on GET",
     RAW("GET / HTTP/1.1\r\n" HOST "transfer-encoding: gzip, chunked\r\n\r\n"),
     GUARD_BAD_ENCODING},
    {"POST without a length", RAW("POST / HTTP/1.1\r\n" HOST "\r\n"), GUARD_BAD_ENCODING},
    {"a body over 64 KiB", RAW("POST / HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n"),
     GUARD_BODY_TOO_LARGE},
    {"an unknown expectation",
     RAW("POST / HTTP/1.1\r\n" HOST "Expect: miracles\r\nContent-Length: 1\r\n\r\na"),
     GUARD_BAD_EXPECT},
};

static const struct request_case good_requests[] = {
    {"GET", RAW("GET / HTTP/1.1\r\n" HOST "\r\n"), GUARD_OK},
    {"HEAD", RAW("HEAD /healthz HTTP/1.1\r\n" HOST "\r\n"), GUARD_OK},
    {"a proxy's HTTP/1.0", RAW("GET / HTTP/1.0\r\nHost: [::1]:8080\r\n\r\n"), GUARD_OK},
    {"GET with length 0", RAW("GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"), GUARD_OK},
    {"a body", RAW("POST /a HTTP/1.1\r\n" HOST "content-length:  3 \r\n\r\na\0c"), GUARD_OK},
    {"an empty body", RAW("POST /a HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"), GUARD_OK},
    {"a query nobody escaped",
     RAW("GET /callbacks/esms/x?SMSID=a{1}|b^\"<>`&E=%0A%C4%91 HTTP/1.1\r\n" HOST "\r\n"),
     GUARD_OK},
    {"an encoded path", RAW("GET /a%20b/.well-known/x..y HTTP/1.1\r\n" HOST "\r\n"), GUARD_OK},
    {"UTF-8 and a tab in a header", RAW("GET / HTTP/1.1\r\n" HOST "X: \tđ\r\nEmpty:\r\n\r\n"),
     GUARD_OK},
};

#endif
