/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "text/template.h"
#include "text/vi.h"

static int entered;

static const char *source_get(void *arg, size_t var, const char *name)
{
	static const char *const values[] = {"Nguyễn Văn An",
					     "2023-06-15",
					     "08:00",
					     "1057",
					     "<&\"'\\\x01\xE2\x80\xAE>",
					     "",
					     NULL};

	(void)arg;
	return values[(var + strlen(name)) % 7];
}

static int source_count(void *arg, size_t var, const char *name)
{
	(void)arg;
	(void)var;
	return (int)(strlen(name) % 4) - 1;
}

static void source_enter(void *arg, size_t var, const char *name, int index)
{
	(void)arg;
	(void)var;
	(void)name;
	(void)index;
	entered++;
}

static void source_leave(void *arg)
{
	(void)arg;
	entered--;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const template_escape_fn escapes[] = {
	    template_escape_none, template_escape_html, template_escape_json,
	    template_escape_url,  template_escape_xml,	template_escape_text};
	static const struct template_source source = {.get = source_get,
						      .count = source_count,
						      .enter = source_enter,
						      .leave = source_leave};
	struct err e = ERR_INIT;
	struct template *t = template_compile("fuzz", (const char *)data, size, NULL, &e);

	FUZZ_CHECK((t == NULL) == (e.code != 0));
	if (t == NULL)
		return 0;
	for (size_t i = 0; i < template_n_vars(t); i++) {
		FUZZ_CHECK(template_var(t, i)[0] != '\0');
		(void)template_var_required(t, i);
	}
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		struct buf out = BUF_INIT(10000);
		int rc;

		err_clear(&e);
		rc = template_render(t, &source, escapes[i], &out, &e);
		FUZZ_CHECK((rc < 0) == (e.code != 0) && entered == 0);
		FUZZ_CHECK(vi_utf8_valid(buf_text(&out), out.len));
		buf_free(&out);
	}
	template_free(t);
	return 0;
}
