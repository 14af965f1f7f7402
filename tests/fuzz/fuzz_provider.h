/* SPDX-License-Identifier: Apache-2.0 */
/* The providers that come along, each with an account. */
#ifndef MOIDAN_TESTS_FUZZ_PROVIDER_H
#define MOIDAN_TESTS_FUZZ_PROVIDER_H

#include "fuzz.h"
#include "provider/provider.h"

/* One of them, chosen by a byte of the input. */
static inline const struct provider *fuzz_provider(uint8_t which)
{
	static const struct {
		const char *name, *settings, *secrets;
	} accounts[] = {
	    {"esms", "{\"brandname\":\"MYPHUDONG\"}",
	     "{\"api_key\":\"fuzz-api-key\",\"secret_key\":\"fuzz-secret-key\"}"},
	    {"kannel", "{\"username\":\"thu\",\"from\":\"MYPHUDONG\"}",
	     "{\"password\":\"fuzz-password\"}"},
	    {"speedsms", "{\"sender\":\"MYPHUDONG\"}", "{\"access_token\":\"fuzz-token\"}"},
	};
	enum { N = sizeof(accounts) / sizeof(accounts[0]) };
	static struct provider *made[N];
	size_t i = which % N;

	if (made[i] == NULL) {
		char name[16];
		struct provider_config c = {
		    .name = name,
		    .description = name,
		    .settings = json_loads(accounts[i].settings, 0, NULL),
		    .secrets = json_loads(accounts[i].secrets, 0, NULL)};
		struct err e = ERR_INIT;

		(void)snprintf(name, sizeof(name), "%s", accounts[i].name);
		made[i] = provider_new(&c, SOURCE_DIR "/config", &e);
		if (made[i] == NULL)
			(void)fprintf(stderr, "%s\n", e.text);
		FUZZ_CHECK(made[i] != NULL);
		json_decref(c.settings);
		json_decref(c.secrets);
	}
	return made[i];
}

#endif
