/* SPDX-License-Identifier: Apache-2.0 */
#include "report/poster.h"

#include <string.h>

#include "paper/paper.h"
#include "report/view.h"

#define POSTER_TEXT	"poster/poster.txt"
#define POSTER_TEXT_MAX (64u * 1024)
#define POSTER_CODE_MM	110

/* Codes are pasted over by others; ours leads nowhere but to the state. */
static int poster_check(const char *address, struct err *e)
{
	static const char scheme[] = "https://", end[] = ".gov.vn";
	const char *host = address + sizeof(scheme) - 1;
	size_t n;

	if (strncmp(address, scheme, sizeof(scheme) - 1) == 0) {
		n = strcspn(host, "/?#");
		if (n >= sizeof(end) &&
		    strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-") >= n &&
		    strncmp(host + n - (sizeof(end) - 1), end, sizeof(end) - 1) == 0)
			return 0;
	}
	return err_set(e, EX_CONFIG,
		       POSTER_TEXT
		       ": mã QR chỉ được dẫn đến https://….gov.vn, không phải \"%s\"",
		       address);
}

static bool poster_place(struct paper *p, const char *name, void *arg)
{
	struct err *e = arg;

	/* what goes wrong is in e, and comes first */
	return strncmp(name, "qr ", 3) == 0 && poster_check(name + 3, e) == 0 &&
	       paper_qr(p, name + 3, POSTER_CODE_MM, e) == 0;
}

int report_poster(const struct report_house *h, const char *unit, const char *path, int64_t now,
		  struct err *e)
{
	struct buf text = BUF_INIT(POSTER_TEXT_MAX);
	struct paper *p = NULL;
	char today[16];
	json_t *model;
	int rc;

	civil_day_format_iso(civil_day_of(now), today);
	model = json_pack("{s:s, s:s, s:s, s:s}", "co_quan", h->house->office, "xa",
			  h->house->commune, "ap", unit != NULL ? unit : "", "ngay_in", today);
	rc = view_render(h->house->templates, POSTER_TEXT, 0, model, &text, e);
	if (rc == 1)
		rc = paper_open(path, "Định danh điện tử mức 2", &p, e);
	if (rc == 0)
		rc = paper_write(p, buf_text(&text), poster_place, e, e);
	if (rc == 0 && paper_pages(p) != 1)
		rc = err_set(e, EX_CONFIG, POSTER_TEXT ": dài hơn một trang");
	if (rc == 0)
		rc = paper_close(p, e);
	else
		paper_abandon(p);
	json_decref(model);
	buf_free(&text);
	return rc;
}
