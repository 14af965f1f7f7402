/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that go along with an e-mail. What draws them knows files only. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "report/document.h"
#include "report/figures.h"
#include "report/week.h"

/* A summary is some hundred KB; what is longer is none. */
#define PAPERS_MAX (4u * 1024 * 1024)

static char *papers_base64(const char *path, struct err *e)
{
	struct buf bytes = BUF_INIT(PAPERS_MAX);
	FILE *f = fopen(path, "rbe");
	char chunk[16384], *out = NULL;
	size_t n, room;

	if (f == NULL) {
		(void)err_set(e, EX_IOERR, "%s: %s", path, strerror(errno));
		return NULL;
	}
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		(void)buf_add(&bytes, chunk, n);
	if (ferror(f) != 0 || bytes.overflow) {
		(void)err_set(e, EX_IOERR, "%s: a report of %zu bytes cannot be sent", path,
			      bytes.len);
	} else {
		room = sodium_base64_encoded_len(bytes.len, sodium_base64_VARIANT_ORIGINAL);
		out = mem_calloc(room, 1);
		(void)sodium_bin2base64(out, room, (const unsigned char *)buf_text(&bytes),
					bytes.len, sodium_base64_VARIANT_ORIGINAL);
	}
	(void)fclose(f);
	buf_free(&bytes);
	return out;
}

static int papers_add(json_t *list, const char *dir, const char *file, const char *name,
		      const char *type, struct err *e)
{
	char *path = mem_printf("%s/%s", dir, file);
	char *bytes = papers_base64(path, e);

	(void)unlink(path);
	free(path);
	if (bytes == NULL)
		return -1;
	json_array_append_new(
	    list, json_pack("{s:s, s:s, s:s}", "name", name, "type", type, "base64", bytes));
	free(bytes);
	return 0;
}

json_t *papers_draw(struct store *st, const struct report_house *h, const json_t *figures,
		    struct err *e)
{
	static const char XLSX[] =
	    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
	const char *week = figures_text(figures, "week");
	char dir[] = "/tmp/moidan-papers-XXXXXX";
	char *pdf, *xlsx, *name_pdf, *name_xlsx;
	json_t *list = json_array();
	int rc = -1;

	if (mkdtemp(dir) == NULL) {
		(void)err_set(e, EX_CANTCREAT, "%s: %s", dir, strerror(errno));
		json_decref(list);
		return NULL;
	}
	pdf = mem_printf("%s/r.pdf", dir);
	xlsx = mem_printf("%s/r.xlsx", dir);
	name_pdf = mem_printf("Báo cáo tuần %s.pdf", week);
	name_xlsx = mem_printf("Báo cáo tuần %s.xlsx", week);
	if (report_weekly_pdf(st, h, figures, "weekly-paper.txt", pdf, e) == 0 &&
	    report_weekly_xlsx(figures, xlsx, e) == 0 &&
	    papers_add(list, dir, "r.pdf", name_pdf, "application/pdf", e) == 0 &&
	    papers_add(list, dir, "r.xlsx", name_xlsx, XLSX, e) == 0)
		rc = 0;
	(void)unlink(pdf);
	(void)unlink(xlsx);
	(void)rmdir(dir);
	free(pdf);
	free(xlsx);
	free(name_pdf);
	free(name_xlsx);
	if (rc < 0) {
		json_decref(list);
		return NULL;
	}
	return list;
}
