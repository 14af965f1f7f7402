/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "requests.h"
#include "web/guard.h"

/* Feeds in pieces of step bytes; *used counts. */
static enum guard_result feed(struct guard *g, const char *p, size_t n, size_t step,
			      size_t *used)
{
	enum guard_result r = GUARD_MORE;

	*used = 0;
	while (r == GUARD_MORE && *used < n) {
		size_t take = n - *used < step ? n - *used : step, took;

		r = guard_feed(g, p + *used, take, &took);
		*used += took;
	}
	return r;
}

static void bad_requests_are_refused_for_their_reason(void **state)
{
	(void)state;
	assert_true(sizeof(bad_requests) / sizeof(bad_requests[0]) >= 40);
	for (size_t step = 1; step <= 4096; step *= 4) {
		for (size_t i = 0; i < sizeof(bad_requests) / sizeof(bad_requests[0]); i++) {
			struct guard g;
			size_t used;

			guard_init(&g);
			if (feed(&g, bad_requests[i].text, bad_requests[i].len, step, &used) !=
				GUARD_REFUSED ||
			    g.reason != bad_requests[i].reason)
				fail_msg("%s in steps of %zu: %s", bad_requests[i].name, step,
					 guard_reason_name(g.reason));
			guard_free(&g);
		}
	}
}

static void good_requests_pass_unchanged(void **state)
{
	(void)state;
	for (size_t step = 1; step <= 4096; step *= 4) {
		for (size_t i = 0; i < sizeof(good_requests) / sizeof(good_requests[0]); i++) {
			struct guard g;
			size_t used;

			guard_init(&g);
			if (feed(&g, good_requests[i].text, good_requests[i].len, step,
				 &used) != GUARD_COMPLETE)
				fail_msg("%s: %s", good_requests[i].name,
					 guard_reason_name(g.reason));
			assert_int_equal(used, good_requests[i].len);
			assert_int_equal(g.bytes.len, good_requests[i].len);
			assert_memory_equal(g.bytes.data, good_requests[i].text,
					    good_requests[i].len);
			guard_free(&g);
		}
	}
}

static void what_follows_belongs_to_the_next_request(void **state)
{
	static const char two[] = "POST /a HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi"
				  "GET /b HTTP/1.1\r\n" HOST "\r\n";
	size_t first = (size_t)(strstr(two, "GET /b") - two), used;
	struct guard g;

	(void)state;
	guard_init(&g);
	assert_int_equal(feed(&g, two, sizeof(two) - 1, 4096, &used), GUARD_COMPLETE);
	assert_int_equal(used, first);
	guard_reset(&g);
	assert_false(guard_begun(&g));
	assert_int_equal(feed(&g, two + first, sizeof(two) - 1 - first, 4096, &used),
			 GUARD_COMPLETE);
	assert_int_equal(used, sizeof(two) - 1 - first);
	guard_free(&g);
}

static size_t admits_all(const char *head, size_t len, void *arg)
{
	(void)head;
	(void)len;
	(void)arg;
	return 1 << 20;
}

struct kept {
	size_t n, room;
};

static bool keeps(const char *p, size_t n, void *arg)
{
	struct kept *k = arg;

	for (size_t i = 0; i < n; i++)
		assert_int_equal(p[i], 'b');
	k->n += n;
	return k->n <= k->room;
}

/* What is too large for memory goes elsewhere, and no parser looks for it in the request. */
static void a_large_body_is_kept_elsewhere(void **state)
{
	static const char head[] = "POST / HTTP/1.1\r\n" HOST "Content-Length:  70000\r\n\r\n",
			  left[] = "POST / HTTP/1.1\r\n" HOST "Content-Length:  00000\r\n\r\n";
	struct kept kept = {.room = 70000};
	char *body = calloc(1, 70010);
	struct guard g;
	size_t used;

	(void)state;
	memset(body, 'b', 70000);
	memcpy(body + 70000, "GET / HTTP", 10);
	guard_init(&g);
	g.admits = admits_all;
	g.keeps = keeps;
	g.keeps_arg = &kept;
	for (int turn = 0; turn < 2; turn++) {
		kept.n = 0;
		assert_int_equal(feed(&g, head, sizeof(head) - 1, 4096, &used), GUARD_MORE);
		assert_int_equal(feed(&g, body, 70010, 4096, &used), GUARD_COMPLETE);
		assert_int_equal(used, 70000);
		assert_int_equal(kept.n, 70000);
		assert_int_equal(g.kept, 70000);
		assert_int_equal(g.bytes.len, sizeof(left) - 1);
		assert_memory_equal(g.bytes.data, left, sizeof(left) - 1);
		guard_reset(&g);
	}
	kept = (struct kept){.room = 50000};
	assert_int_equal(feed(&g, head, sizeof(head) - 1, 4096, &used), GUARD_MORE);
	assert_int_equal(feed(&g, body, 70000, 4096, &used), GUARD_REFUSED);
	assert_int_equal(g.reason, GUARD_NO_ROOM);
	assert_int_equal(guard_reason_status(g.reason), 507);
	guard_free(&g);
	free(body);
}

static void sizes_are_bounded(void **state)
{
	static const char head[] = "GET / HTTP/1.1\r\n" HOST;
	char *big = calloc(1, 20000);
	struct guard g;
	size_t used;

	(void)state;
	/* one endless line */
	memset(big, 'A', 20000);
	guard_init(&g);
	assert_int_equal(feed(&g, big, 20000, 100, &used), GUARD_REFUSED);
	assert_int_equal(g.reason, GUARD_HEAD_TOO_LARGE);
	assert_true(g.bytes.len <= GUARD_HEAD_MAX);
	guard_free(&g);
	/* too many lines */
	guard_init(&g);
	assert_int_equal(feed(&g, head, sizeof(head) - 1, 4096, &used), GUARD_MORE);
	for (unsigned i = 0; i < GUARD_HEADERS_MAX - 1; i++)
		assert_int_equal(feed(&g, "X: y\r\n", 6, 6, &used), GUARD_MORE);
	assert_int_equal(feed(&g, "X: y\r\n", 6, 6, &used), GUARD_REFUSED);
	assert_int_equal(g.reason, GUARD_BAD_HEADER);
	guard_free(&g);
	/* the largest body there is, and its memory given back */
	guard_init(&g);
	assert_int_equal(feed(&g,
			      RAW("POST / HTTP/1.1\r\n" HOST "Content-Length: 65536\r\n\r\n"),
			      4096, &used),
			 GUARD_MORE);
	for (unsigned i = 0; i < 65536 / 16384; i++) {
		memset(big, 'b', 16384);
		assert_int_equal(feed(&g, big, 16384, 16384, &used),
				 i == 3 ? GUARD_COMPLETE : GUARD_MORE);
	}
	guard_reset(&g);
	assert_int_equal(g.bytes.cap, 0);
	guard_free(&g);
	free(big);
}

static void a_body_is_asked_for_once(void **state)
{
	struct guard g;
	size_t used;

	(void)state;
	guard_init(&g);
	assert_int_equal(feed(&g,
			      RAW("POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
				  "Content-Length: 1\r\n\r\n"),
			      4096, &used),
			 GUARD_MORE);
	assert_true(g.wants_continue);
	guard_reset(&g);
	assert_false(g.wants_continue);
	guard_free(&g);
}

/* Whatever comes, in whatever pieces: no more is kept than the limits say, and the same bytes always
 * give the same verdict. */
static void random_bytes_do_no_harm(void **state)
{
	uint64_t x = 88172645463325252u;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[512];
		enum guard_reason first = GUARD_OK;
		size_t n, used;

		/* a good request with a few bytes changed */
		n = good_requests[(size_t)round %
				  (sizeof(good_requests) / sizeof(good_requests[0]))]
			.len;
		memcpy(text,
		       good_requests[(size_t)round %
				     (sizeof(good_requests) / sizeof(good_requests[0]))]
			   .text,
		       n);
		for (int k = 0; k < 3; k++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			text[x % n] = (char)(x >> 32);
		}
		for (size_t step = 1; step <= 512; step *= 512) {
			struct guard g;

			guard_init(&g);
			(void)feed(&g, text, n, step, &used);
			assert_true(g.bytes.len <= GUARD_HEAD_MAX + GUARD_BODY_MAX);
			if (step == 1)
				first = g.reason;
			else
				assert_int_equal(g.reason, first);
			guard_free(&g);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bad_requests_are_refused_for_their_reason),
	    cmocka_unit_test(good_requests_pass_unchanged),
	    cmocka_unit_test(what_follows_belongs_to_the_next_request),
	    cmocka_unit_test(a_large_body_is_kept_elsewhere),
	    cmocka_unit_test(sizes_are_bounded),
	    cmocka_unit_test(a_body_is_asked_for_once),
	    cmocka_unit_test(random_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
