/* SPDX-License-Identifier: Apache-2.0 */
#include <qrencode.h>

#include "paper/sheet.h"

/* Blank modules around the code, ISO/IEC 18004, 6.3.8. */
#define QR_QUIET 4

int paper_qr(struct paper *p, const char *text, double mm, struct err *e)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_Q);
	double size = mm * SHEET_MM, module, x;

	if (code == NULL)
		return err_set(e, EX_DATAERR, "địa chỉ quá dài cho một mã QR");
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
