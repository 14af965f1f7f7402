/* SPDX-License-Identifier: Apache-2.0 */
/* What a provider answers: byte 0 says which one, byte 1 the status, byte 2 whether it asks us to wait;
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
	FUZZ_CHECK(first.class == again.class && strcmp(first.code, again.code) == 0);
	free(wait);
	free(body);
	return 0;
}
