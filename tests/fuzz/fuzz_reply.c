/* SPDX-License-Identifier: Apache-2.0 */
/* What a provider answers, to whatever we asked: byte 0 says which one, byte 1 the status, byte 2 whether it asks us to wait;
 * then the value of Retry-After up to a line end, then the body. */
#include "fuzz_provider.h"

static void check_outcome(const struct outcome *o, const struct http_reply *reply)
{
	FUZZ_CHECK(o->class < OUTCOME_COUNT && o->http_status == reply->status);
	FUZZ_CHECK(o->wait_ms >= -1 && o->wait_ms <= INT64_C(86400000));
	FUZZ_CHECK(o->wait_until_minute >= -1 && o->wait_until_minute < 1440);
	fuzz_check_clean(o->code, sizeof(o->code));
	fuzz_check_clean(o->provider_ref, sizeof(o->provider_ref));
	FUZZ_CHECK(strnlen(o->reason, sizeof(o->reason)) < sizeof(o->reason));
	FUZZ_CHECK(strpbrk(o->reason, "\r\n") == NULL);
	/* An answer came, so something had left. */
	FUZZ_CHECK(!o->not_sent);
}

/* The same read as an answer to each other question. */
static void check_others(const struct provider *p, const struct http_reply *reply)
{
	struct provider_token token = {.access = NULL};
	struct err e = ERR_INIT;
	struct found found = {.state = FOUND_UNKNOWN};
	char money[64];

	if (provider_facts(p)->query_by_ref || provider_facts(p)->query_by_id) {
		provider_classify_query(p, reply, &found);
		FUZZ_CHECK(found.state <= FOUND_NOT && found.at_ms >= 0);
		fuzz_check_clean(found.code, sizeof(found.code));
		fuzz_check_clean(found.provider_ref, sizeof(found.provider_ref));
		FUZZ_CHECK(strpbrk(found.reason, "\r\n") == NULL);
	}
	if (provider_facts(p)->token) {
		provider_read_token(p, reply, &token);
		FUZZ_CHECK((token.result == TOKEN_OK) == (token.access != NULL));
		FUZZ_CHECK(strpbrk(token.reason, "\r\n") == NULL);
		provider_token_free(&token);
	}
	if (provider_facts(p)->balance && provider_read_balance(p, reply, money, &e) == 0)
		FUZZ_CHECK(strnlen(money, sizeof(money)) < sizeof(money));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 200, 200, 202, 204, 301, 400, 401,
				       403, 404, 408, 409, 429, 500, 502, 503};
	struct http_header headers[2] = {{"Content-Type", "application/json"}};
	struct http_reply reply = {.phase = HTTP_ANSWERED, .headers = headers, .n_headers = 1};
	struct outcome first, again;
	const uint8_t *line;
	char *wait, *body;

	if (size < 3)
		return 0;
	reply.status = statuses[data[1] % 16];
	line = memchr(data + 3, '\n', size - 3);
	if (line == NULL)
		line = data + 3;
	wait = fuzz_string(data + 3, (size_t)(line - data) - 3);
	if (data[2] & 1)
		headers[reply.n_headers++] = (struct http_header){"Retry-After", wait};
	reply.len = size - (size_t)(line - data);
	body = fuzz_string(line, reply.len);
	reply.body = body;
	memset(&first, 0, sizeof(first));
	memset(&again, 0, sizeof(again));
	provider_classify(fuzz_provider(data[0]), &reply, &first);
	check_outcome(&first, &reply);
	provider_classify(fuzz_provider(data[0]), &reply, &again);
	check_others(fuzz_provider(data[0]), &reply);
	FUZZ_CHECK(first.class == again.class && strcmp(first.code, again.code) == 0);
	free(wait);
	free(body);
	return 0;
}
