/* SPDX-License-Identifier: Apache-2.0 */
#include <qrencode.h>

#include "paper/sheet.h"

/* Blank modules around the code, ISO/IEC 18004, 6.3.8. */
#define QR_QUIET 4

static QRcode *qr_encode(const char *text, QRecLevel level, struct err *e)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, level);

	if (code == NULL)
		(void)err_set(e, EX_DATAERR, "địa chỉ quá dài cho một mã QR");
	return code;
}

int paper_qr(struct paper *p, const char *text, double mm, struct err *e)
{
	QRcode *code = qr_encode(text, QR_ECLEVEL_Q, e);
	double size = mm * SHEET_MM, module, x;

	if (code == NULL)
		return -1;
	sheet_need(p, size);
	module = size / (code->width + 2 * QR_QUIET);
	x = SHEET_LEFT + (SHEET_INNER - size) / 2 + QR_QUIET * module;
	for (int i = 0; i < code->width * code->width; i++) {
		int row = i / code->width, column = i % code->width;

		if ((code->data[i] & 1) != 0)
			cairo_rectangle(p->pen.cr, x + column * module,
					p->y + (QR_QUIET + row) * module, module, module);
	}
	cairo_fill(p->pen.cr); /* in one go: no seams between modules */
	p->y += size;
	QRcode_free(code);
	return 0;
}

/* Modules of a row that follow each other are one rectangle. */
int qr_path(const char *text, struct buf *path, int *side, struct err *e)
{
	QRcode *code = qr_encode(text, QR_ECLEVEL_M, e);
	int rc = 0;

	if (code == NULL)
		return -1;
	*side = code->width + 2 * QR_QUIET;
	for (int row = 0; row < code->width; row++) {
		const unsigned char *m = code->data + (ptrdiff_t)row * code->width;

		for (int from = 0, to; rc == 0 && from < code->width; from = to + 1) {
			for (to = from; to < code->width && (m[to] & 1) != 0; to++)
				;
			if (to > from)
				rc = buf_addf(path, "M%d %dh%dv1h-%dz", QR_QUIET + from,
					      QR_QUIET + row, to - from, to - from);
		}
	}
	QRcode_free(code);
	return rc == 0 ? 0 : err_set(e, EX_DATAERR, "mã QR lớn quá");
}
