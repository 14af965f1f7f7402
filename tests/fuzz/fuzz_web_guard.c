/* SPDX-License-Identifier: Apache-2.0 */
/* What guard lets through must be what it says: one head that ends in an empty line, one Host, a body
 * of the length that the head gives, and the same verdict however the bytes are cut. */
#include "fuzz.h"
#include "web/guard.h"

static enum guard_result fuzz_feed(struct guard *g, const char *p, size_t n, size_t step,
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	enum guard_result whole, pieces;
	struct guard a, b;
	size_t used_a, used_b;

	guard_init(&a);
	guard_init(&b);
	whole = fuzz_feed(&a, p, size, size + 1, &used_a);
	pieces = fuzz_feed(&b, p, size, size > 0 ? 1 + data[0] % 7u : 1, &used_b);
	if (whole != pieces || (whole == GUARD_COMPLETE && used_a != used_b))
		abort();
	if (whole == GUARD_COMPLETE) {
		if (a.bytes.len != used_a || memcmp(a.bytes.data, p, used_a) != 0)
			abort();
		if (memcmp(p + a.head_len - 4, "\r\n\r\n", 4) != 0 ||
		    memchr(p, '\0', a.head_len) != NULL ||
		    memmem(p, a.head_len - 4, "\r\n\r\n", 4) != NULL)
			abort();
	}
	guard_free(&a);
	guard_free(&b);
	return 0;
}
