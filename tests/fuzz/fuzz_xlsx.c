/* SPDX-License-Identifier: Apache-2.0 */
/* A workbook. The input is its parts, one after the other, each under a line "== NAME"; they are packed
 * without compression, so that what is changed is XML and not a checksum. What does not begin so is the
 * packed file itself. */
#include <zip.h>

#include "fuzz_sheet.h"

enum { XLSX_PARTS = 16, XLSX_NAME = 64 };

struct xlsx_part {
	char name[XLSX_NAME];
	const char *data;
	size_t len;
};

/* Where the next line "== …" begins, or end. */
static const char *xlsx_heading(const char *p, const char *end)
{
	for (; end - p > 3; p++) {
		p = memmem(p, (size_t)(end - p), "== ", 3);
		if (p == NULL)
			return end;
		if (p[-1] == '\n')
			return p;
	}
	return end;
}

static size_t xlsx_split(const char *p, const char *end, struct xlsx_part parts[XLSX_PARTS])
{
	size_t n = 0;

	while (n < XLSX_PARTS && end - p > 3) {
		const char *line = memchr(p, '\n', (size_t)(end - p));
		struct xlsx_part *part = &parts[n];
		size_t len;

		if (line == NULL)
			break;
		len = (size_t)(line - p) - 3;
		(void)snprintf(part->name, sizeof(part->name), "%.*s",
			       (int)(len < XLSX_NAME ? len : XLSX_NAME - 1), p + 3);
		p = xlsx_heading(line + 1, end);
		part->data = line + 1;
		part->len = (size_t)(p - part->data);
		n++;
	}
	return n;
}

/* The packed file, yours; NULL when no such file can be. */
static uint8_t *xlsx_pack(const struct xlsx_part *parts, size_t n, size_t *size)
{
	zip_source_t *to = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_t *z = zip_open_from_source(to, ZIP_TRUNCATE, NULL);
	uint8_t *bytes = NULL;
	zip_int64_t at;
	zip_stat_t st;

	FUZZ_CHECK(z != NULL);
	zip_source_keep(to);
	for (size_t i = 0; i < n; i++) {
		zip_source_t *from = zip_source_buffer(z, parts[i].data, parts[i].len, 0);

		at = zip_file_add(z, parts[i].name, from, ZIP_FL_ENC_UTF_8);
		if (at < 0)
			zip_source_free(from);
		else
			(void)zip_set_file_compression(z, (zip_uint64_t)at, ZIP_CM_STORE, 0);
	}
	if (zip_close(z) != 0) {
		zip_discard(z);
	} else if (zip_source_stat(to, &st) == 0 && zip_source_open(to) == 0) {
		bytes = malloc(st.size + 1);
		*size = (size_t)zip_source_read(to, bytes, st.size);
		(void)zip_source_close(to);
	}
	zip_source_free(to);
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct xlsx_part parts[XLSX_PARTS];
	uint8_t *packed = NULL;
	size_t n = 0;

	if (size > 3 && memcmp(data, "== ", 3) == 0)
		n = xlsx_split(p, p + size, parts);
	if (n == 0) {
		(void)fuzz_sheet(fuzz_file(data, size), NULL);
		return 0;
	}
	packed = xlsx_pack(parts, n, &size);
	if (packed != NULL)
		(void)fuzz_sheet(fuzz_file(packed, size), NULL);
	free(packed);
	return 0;
}
