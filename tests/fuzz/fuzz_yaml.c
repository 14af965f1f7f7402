/* SPDX-License-Identifier: Apache-2.0 */
/* A description of a provider or of a programme, told apart by its first key. */
#include <sys/stat.h>

#include "fuzz.h"
#include "provider/provider.h"
#include "roster/programme.h"
#include "text/vi.h"

static char yaml_dir[] = "/tmp/moidan-fuzz-XXXXXX";

static void yaml_link(const char *kind, const char *path)
{
	char name[80];

	(void)snprintf(name, sizeof(name), "%s/%s", yaml_dir, kind);
	FUZZ_CHECK(mkdir(name, 0700) == 0);
	(void)snprintf(name, sizeof(name), "%s/%s/fuzz.yaml", yaml_dir, kind);
	FUZZ_CHECK(symlink(path, name) == 0);
}

static void yaml_end(void)
{
	static const char *const kinds[] = {"programmes", "providers"};
	char name[80];

	for (int i = 0; i < 2; i++) {
		(void)snprintf(name, sizeof(name), "%s/%s/fuzz.yaml", yaml_dir, kinds[i]);
		(void)unlink(name);
		(void)snprintf(name, sizeof(name), "%s/%s", yaml_dir, kinds[i]);
		(void)rmdir(name);
	}
	(void)rmdir(yaml_dir);
}

static void check_programme(void)
{
	static struct recipient someone = {.facts = NULL};
	const struct predicate_row row = {.r = &someone, .unit_name = "Tân Phú"};
	struct err e = ERR_INIT;
	struct programme *p;

	if (someone.facts == NULL)
		someone.facts = strdup("{\"note\":\"\"}");
	p = programme_load(yaml_dir, "fuzz", &e);
	FUZZ_CHECK((p == NULL) == (e.code != 0));
	if (p == NULL) {
		FUZZ_CHECK(vi_utf8_valid(e.text, strlen(e.text)));
		return;
	}
	someone.state = programme_state_of(p, &row);
	FUZZ_CHECK(someone.state >= 0 && (size_t)someone.state < p->states.n);
	FUZZ_CHECK(programme_audience_of(p, &row) < (int)p->audiences.n);
	programme_free(p);
}

static void check_line(const char *s)
{
	FUZZ_CHECK(s != NULL && strpbrk(s, "\r\n") == NULL);
}

static void on_description(const char *name, const struct provider_facts *facts,
			   const char *error, void *arg)
{
	(void)name;
	*(bool *)arg = facts != NULL;
	FUZZ_CHECK((facts == NULL) == (error != NULL && error[0] != '\0'));
}

/* As somebody tries it before it is placed. */
static void check_draft(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	struct provider *p = provider_new_draft("a.yaml", (const char *)data, size, &e);
	json_t *shown;

	FUZZ_CHECK((p == NULL) == (e.code != 0));
	FUZZ_CHECK(vi_utf8_valid(e.text, strlen(e.text)));
	if (p == NULL)
		return;
	shown = provider_show(p, &e);
	FUZZ_CHECK((shown == NULL) == (e.code != 0));
	json_decref(shown);
	provider_free(p);
}

static void check_provider(void)
{
	char name[] = "fuzz";
	const struct provider_config cfg = {.name = name, .description = name};
	const struct provider_message m = {.to = UINT64_C(84912345678),
					   .text = "Kính mời \"ông\"\r\n& bà",
					   .ref = "m-17-1",
					   .callback_url = "https://gw.example/callbacks/x/y"};
	const struct http_reply reply = {
	    .phase = HTTP_ANSWERED, .status = 200, .body = "{}", .len = 2};
	struct provider_request r;
	struct outcome o;
	struct provider *p;
	struct err e = ERR_INIT;
	bool good = false;

	provider_each_description(yaml_dir, on_description, &good);
	p = provider_new(&cfg, yaml_dir, &e);
	FUZZ_CHECK((p == NULL) == (e.code != 0) && (p == NULL || good));
	if (p == NULL)
		return;
	provider_request_init(&r);
	if (provider_build_send(p, &m, &r, &e) == 0) {
		check_line(buf_text(&r.url));
		for (size_t i = 0; i < r.n_headers; i++)
			check_line(r.headers[i]);
	}
	provider_classify(p, &reply, &o);
	FUZZ_CHECK(o.class < OUTCOME_COUNT);
	provider_request_free(&r);
	provider_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;
	const char *path = fuzz_file(data, size);

	if (!begun) {
		FUZZ_CHECK(mkdtemp(yaml_dir) != NULL && atexit(yaml_end) == 0);
		yaml_link("programmes", path);
		yaml_link("providers", path);
		begun = true;
	}
	if (memmem(data, size, "\nprovider:", 10) != NULL ||
	    (size > 9 && memcmp(data, "provider:", 9) == 0)) {
		check_provider();
		check_draft(data, size);
	} else {
		check_programme();
	}
	return 0;
}
