/* SPDX-License-Identifier: Apache-2.0 */
/* An xlsx of parts written by hand: what no honest program writes, and what some do. */
#ifndef MOIDAN_TESTS_XLSX_PARTS_H
#define MOIDAN_TESTS_XLSX_PARTS_H

#include <string.h>
#include <unistd.h>
#include <zip.h>

#define XLSX_XML "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define XLSX_NS	 "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define XLSX_REL "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define XLSX_PKG "http://schemas.openxmlformats.org/package/2006/relationships"

#define XLSX_SHEET(rows)                                                                       \
	XLSX_XML "<worksheet xmlns=\"" XLSX_NS "\"><sheetData>" rows "</sheetData></"          \
								     "worksheet>"
/* A cell with its text inside. */
#define XLSX_T(ref, text)   "<c r=\"" ref "\" t=\"inlineStr\"><is><t>" text "</t></is></c>"
#define XLSX_N(ref, number) "<c r=\"" ref "\"><v>" number "</v></c>"

struct xlsx_file {
	const char *name, *data;
	size_t len; /* 0 = strlen(data) */
};

/* What every workbook of one worksheet has; a part of the caller's of the same name wins. */
static const struct xlsx_file xlsx_usual[] = {
    {"_rels/.rels",
     XLSX_XML "<Relationships xmlns=\"" XLSX_PKG "\"><Relationship Id=\"rId1\" Type=\"" XLSX_REL
	      "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
     0},
    {"xl/workbook.xml",
     XLSX_XML "<workbook xmlns=\"" XLSX_NS "\" xmlns:r=\"" XLSX_REL
	      "\"><sheets><sheet name=\"Danh sách\" sheetId=\"1\" r:id=\"rId1\"/></sheets>"
	      "</workbook>",
     0},
    {"xl/_rels/workbook.xml.rels",
     XLSX_XML
     "<Relationships xmlns=\"" XLSX_PKG "\"><Relationship Id=\"rId1\" Type=\"" XLSX_REL
     "/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"" XLSX_REL
     "/sharedStrings\" Target=\"sharedStrings.xml\"/><Relationship Id=\"rId3\""
     " Type=\"" XLSX_REL "/styles\" Target=\"styles.xml\"/></Relationships>",
     0},
};

static inline void xlsx_add(zip_t *z, const struct xlsx_file *f)
{
	size_t len = f->len != 0 ? f->len : strlen(f->data);
	zip_source_t *source = zip_source_buffer(z, f->data, len, 0);

	assert_non_null(source);
	assert_true(zip_file_add(z, f->name, source, ZIP_FL_ENC_UTF_8) >= 0);
}

/* Writes path: the given parts, and of the usual ones those that are not given. A part whose data is
 * NULL is left out. */
static inline void xlsx_pack(const char *path, const struct xlsx_file *files, size_t n)
{
	int code = 0;
	zip_t *z;

	(void)unlink(path);
	z = zip_open(path, ZIP_CREATE | ZIP_EXCL, &code);
	assert_non_null(z);
	for (size_t i = 0; i < n; i++)
		if (files[i].data != NULL)
			xlsx_add(z, &files[i]);
	for (size_t i = 0; i < sizeof(xlsx_usual) / sizeof(xlsx_usual[0]); i++) {
		bool given = false;

		for (size_t k = 0; k < n; k++)
			given = given || strcmp(files[k].name, xlsx_usual[i].name) == 0;
		if (!given)
			xlsx_add(z, &xlsx_usual[i]);
	}
	assert_int_equal(zip_close(z), 0);
}

/* A workbook of one worksheet, nothing else. */
static inline void xlsx_pack_sheet(const char *path, const char *sheet)
{
	const struct xlsx_file file = {"xl/worksheets/sheet1.xml", sheet, 0};

	xlsx_pack(path, &file, 1);
}

#endif
