/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a form, a multipart body, a JSON object or a query holds: inputs keep what their route says of
 * them, and an upload lies within the body. */
#include "fuzz.h"
#include "text/vi.h"
#include "web/visit.h"

static const struct route route = {
    .pattern = "/fuzz",
    .inputs = {{.name = "a", .type = INPUT_TEXT, .max = 8},
	       {.name = "n", .type = INPUT_INT, .max = 99},
	       {.name = "d", .type = INPUT_DATE},
	       {.name = "c", .type = INPUT_CHOICE, .choices = "x|yes"},
	       {.name = "s", .type = INPUT_SEVERAL, .max = 4},
	       {.name = "p", .type = INPUT_SECRET, .max = 16},
	       {.name = "file", .type = INPUT_FILE, .max = 255}},
};

static void fuzz_text(const struct visit *v, const char *name, size_t most)
{
	const char *text = visit_text(v, name);
	size_t n = 0;

	FUZZ_CHECK(vi_utf8_valid(text, strlen(text)));
	for (const char *p = text; *p != '\0'; p++)
		n += ((unsigned char)*p & 0xC0) != 0x80;
	FUZZ_CHECK(n <= most);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {"application/x-www-form-urlencoded",
					    "multipart/form-data; boundary=x",
					    "application/json; charset=utf-8", "text/plain"};
	struct visit v = {.route = &route, .post = true};
	struct err e = ERR_INIT;
	const char *choice;
	char *raw;

	if (size < 1)
		return 0;
	v.content_type = (char *)(uintptr_t)types[data[0] % 4];
	v.body = fuzz_string(data + 1, 0);
	v.body = realloc(v.body, size);
	memcpy(v.body, data + 1, size - 1);
	v.body[size - 1] = '\0';
	v.body_len = size - 1;
	v.query = fuzz_string(data + 1, data[0] & 4 ? size - 1 : 0);
	if (input_read(&v, &e) == 0) {
		fuzz_text(&v, "a", 8);
		fuzz_text(&v, "p", 16);
		FUZZ_CHECK(visit_int(&v, "n") >= 0 && visit_int(&v, "n") <= 99);
		choice = visit_text(&v, "c");
		FUZZ_CHECK(*choice == '\0' || strcmp(choice, "x") == 0 ||
			   strcmp(choice, "yes") == 0);
		FUZZ_CHECK(strlen(visit_text(&v, "d")) == 10 || *visit_text(&v, "d") == '\0');
		FUZZ_CHECK(v.file == NULL ||
			   (v.file >= v.body && v.file + v.file_len <= v.body + v.body_len));
	} else {
		FUZZ_CHECK(e.code != 0);
	}
	raw = input_raw(&v, "form");
	free(raw);
	json_decref(v.input);
	free(v.body);
	free(v.query);
	return 0;
}
