/* SPDX-License-Identifier: Apache-2.0 */
/* A call back: byte 0 says whose, byte 1 the method; then the query up to a line end, then the body. */
#include "fuzz_provider.h"

enum { CALLBACK_MAX = 64 };

static const char callback_token[] = "0123456789abcdef0123456789abcdef";

static void check_receipt(const struct receipt *r)
{
	FUZZ_CHECK(r->state <= RECEIPT_UNKNOWN && r->error_class < OUTCOME_COUNT);
	fuzz_check_clean(r->provider_ref, sizeof(r->provider_ref));
	fuzz_check_clean(r->ref, sizeof(r->ref));
	fuzz_check_clean(r->code, sizeof(r->code));
	FUZZ_CHECK(r->at_ms >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct receipt receipts[CALLBACK_MAX];
	const struct http_header headers[] = {{"Content-Type", "application/json"}};
	struct callback_request c = {.headers = headers, .n_headers = 1};
	const struct provider *p;
	const uint8_t *line;
	struct err e = ERR_INIT;
	char *query, *body;
	int n;

	if (size < 2)
		return 0;
	p = fuzz_provider(data[0]);
	c.method = data[1] % 2 ? "GET" : "POST";
	line = memchr(data + 2, '\n', size - 2);
	if (line == NULL)
		line = data + size;
	query = fuzz_string(data + 2, (size_t)(line - data) - 2);
	c.query = query;
	c.body_len = line < data + size ? size - (size_t)(line - data) - 1 : 0;
	body = fuzz_string(data + size - c.body_len, c.body_len);
	c.body = body;
	c.token = query;
	FUZZ_CHECK(!provider_callback_verify(p, &c, callback_token) ||
		   strcmp(query, callback_token) == 0);
	c.token = callback_token;
	(void)provider_callback_verify(p, &c, callback_token);
	n = provider_callback_parse(p, &c, receipts, CALLBACK_MAX, &e);
	FUZZ_CHECK(n >= -1 && n <= CALLBACK_MAX && (n < 0) == (e.code != 0));
	for (int i = 0; i < n; i++)
		check_receipt(&receipts[i]);
	free(query);
	free(body);
	return 0;
}
