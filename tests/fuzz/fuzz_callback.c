/* SPDX-License-Identifier: Apache-2.0 */
/* A call back: byte 0 says whose, byte 1 the method; then the query up to a line end, which is also the
 * signature, then the body. */
#include "fuzz_provider.h"
#include "text/vi.h"

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

static void check_inbound(const struct inbound *in)
{
	FUZZ_CHECK(strnlen(in->text, sizeof(in->text)) < sizeof(in->text));
	FUZZ_CHECK(vi_utf8_valid(in->text, strlen(in->text)));
	FUZZ_CHECK(strpbrk(in->text, "\r\n\t\x01\x7f") == NULL && in->at_ms >= 0);
	fuzz_check_clean(in->provider_ref, sizeof(in->provider_ref));
}

/* Both readings of a call. */
static void check_call(const struct provider *p, const struct callback_request *c)
{
	static struct receipt receipts[CALLBACK_MAX];
	static struct inbound answers[CALLBACK_MAX];
	struct err e = ERR_INIT;
	int n = provider_callback_parse(p, c, receipts, CALLBACK_MAX, &e);

	FUZZ_CHECK(n >= -1 && n <= CALLBACK_MAX && (n < 0) == (e.code != 0));
	for (int i = 0; i < n; i++)
		check_receipt(&receipts[i]);
	err_clear(&e);
	n = provider_callback_inbound(p, c, answers, CALLBACK_MAX, &e);
	FUZZ_CHECK(n >= -1 && n <= CALLBACK_MAX && (n < 0) == (e.code != 0));
	for (int i = 0; i < n; i++)
		check_inbound(&answers[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_header headers[] = {{"Content-Type", "application/json"},
					{"X-ZEvent-Signature", NULL},
					{"X-ZEvent-Timestamp", "1686200000"}};
	struct callback_request c = {
	    .headers = headers, .n_headers = 3, .url = "https://gw.example/x"};
	const struct provider *p;
	const uint8_t *line;
	char *query, *body;

	if (size < 2)
		return 0;
	p = fuzz_provider(data[0]);
	c.method = data[1] % 2 ? "GET" : "POST";
	line = memchr(data + 2, '\n', size - 2);
	if (line == NULL)
		line = data + size;
	query = fuzz_string(data + 2, (size_t)(line - data) - 2);
	c.query = query;
	headers[1].value = query;
	c.body_len = line < data + size ? size - (size_t)(line - data) - 1 : 0;
	body = fuzz_string(data + size - c.body_len, c.body_len);
	c.body = body;
	c.token = query;
	FUZZ_CHECK(!provider_callback_verify(p, &c, callback_token) ||
		   strcmp(query, callback_token) == 0);
	c.token = callback_token;
	(void)provider_callback_verify(p, &c, callback_token);
	check_call(p, &c);
	free(query);
	free(body);
	return 0;
}
