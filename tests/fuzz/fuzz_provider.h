/* SPDX-License-Identifier: Apache-2.0 */
/* The providers that come along, each with the account of its recorded conversations. */
#ifndef MOIDAN_TESTS_FUZZ_PROVIDER_H
#define MOIDAN_TESTS_FUZZ_PROVIDER_H

#include <glob.h>

#include "base/yaml.h"
#include "fuzz.h"
#include "provider/provider.h"

static inline struct provider *fuzz_provider_new(const char *account)
{
	struct provider_config c = {0};
	struct err e = ERR_INIT;
	struct provider *p = NULL;
	struct ydoc doc;

	if (ydoc_load_file(account, &doc, &e) == 0) {
		if (conf_read(&doc, doc.root, &provider_config_table, NULL, &c, &e) == 0)
			p = provider_new(&c, SOURCE_DIR "/config", &e);
		conf_free(&provider_config_table, &c);
		ydoc_free(&doc);
	}
	if (p == NULL)
		(void)fprintf(stderr, "%s\n", e.text);
	FUZZ_CHECK(p != NULL);
	return p;
}

/* One of them, chosen by a byte of the input: by name, from 0. */
static inline const struct provider *fuzz_provider(uint8_t which)
{
	enum { MOST = 32 };
	static struct provider *made[MOST];
	static size_t n;

	if (n == 0) {
		glob_t g;

		FUZZ_CHECK(glob(SOURCE_DIR "/tests/cases/*/account.yaml", 0, NULL, &g) == 0);
		for (; n < g.gl_pathc && n < MOST; n++)
			made[n] = fuzz_provider_new(g.gl_pathv[n]);
		globfree(&g);
	}
	return made[which % n];
}

#endif
