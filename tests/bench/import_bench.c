/* SPDX-License-Identifier: Apache-2.0 */
/* import_bench [ROWS [DIR]]: how fast a list goes from a file into a new store, and how much memory that
 * takes: as csv (plain, with its accents apart, without codes) and as xlsx (shared strings, strings in
 * their cells); once more over itself; a later list in which every tenth household has moved on. One
 * process a measurement, so that each has its own peak; cpu is its processor time, which a busy machine
 * leaves almost alone. Exits 1 when 200,000 rows or more take over 15 µs a row or 150 MB. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <utf8proc.h>
#include <xlsxwriter.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "roster/roster.h"

#define COLUMNS	   11
#define LIMIT_ROWS 200000
#define LIMIT_US   15.0
#define LIMIT_MB   150.0

/* Each kind of work in a process of its own. */
enum job { JOB_CSV, JOB_LATER, JOB_NFD, JOB_BARE, JOB_SHARED, JOB_INLINE, JOB_IMPORT };

struct line {
	char cells[COLUMNS][64];
};

/* An invented household; `later` is the list of a month after. */
static void line_make(struct line *l, int i, bool later)
{
	static const char *const family[] = {"Nguyễn", "Trần", "Lê",	"Phạm", "Huỳnh", "Võ",
					     "Đặng",   "Bùi",  "Dương", "Lâm",	"Thạch"};
	static const char *const middle[] = {"Văn",   "Thị",	  "Hữu",    "Ngọc",
					     "Thanh", "Thị Hồng", "Thị Mỹ", "Quốc"};
	static const char *const given[] = {"Xuyến", "Dũng", "Thắng", "Lài", "Giàu", "Hải",
					    "Luận",  "Ngân", "Thảo",  "Út",  "Khánh"};
	static const char *const hamlets[] = {"Tân Phú", "Tân Mỹ", "Tân Đông"};
	static const char *const networks[] = {"032", "090", "091", "098", "056", "070", "088"};
	static const char *const notes[] = {"", "",	     "",	 "",	    "",
					    "", "đi làm xa", "mất CCCD", "hộ nghèo"};
	const char *network = networks[i % 7];
	int n = i % 10000000;

	(void)snprintf(l->cells[0], 64, "%d", i + 1);
	(void)snprintf(l->cells[1], 64, "H-%06d", i + 1);
	(void)snprintf(l->cells[2], 64, "%s %s %s", family[i % 11], middle[i / 11 % 8],
		       given[i / 88 % 11]);
	(void)snprintf(l->cells[3], 64, "%s", i % 2 != 0 ? "Nữ" : "Nam");
	(void)snprintf(l->cells[4], 64, "%d", 1935 + i % 70);
	(void)snprintf(l->cells[5], 64, "%s", hamlets[i * 3 / (i + 3) % 3]);
	(void)snprintf(l->cells[6], 64, "Tổ %d", 1 + i / 50 % 40);
	if (i % 9 == 0)
		l->cells[7][0] = '\0';
	else if (i % 3 == 0)
		(void)snprintf(l->cells[7], 64, "%s %03d %04d", network, n / 10000, n % 10000);
	else if (i % 3 == 1)
		(void)snprintf(l->cells[7], 64, "%s%07d", network, n);
	else
		(void)snprintf(l->cells[7], 64, "%s.%03d.%04d", network, n / 10000, n % 10000);
	(void)snprintf(l->cells[8], 64, "%s",
		       i % 2 != 0 || (later && i % 10 == 0) ? "Đã tạo" : "Chưa tạo");
	(void)snprintf(l->cells[9], 64, "%s", i % 7 == 1 ? "x" : "");
	(void)snprintf(l->cells[10], 64, "%s", notes[i % 9]);
}

static const char *const headings[COLUMNS] = {
    "STT", "Mã hộ",	    "Họ và tên chủ hộ",	  "Giới tính",	  "Năm sinh", "Ấp",
    "Tổ",  "Số điện thoại", "TK định danh mức 2", "Đã cài VNeID", "Ghi chú"};

static void put_cell(FILE *f, const char *text, bool nfd, bool last)
{
	char *made = nfd ? (char *)utf8proc_NFD((const utf8proc_uint8_t *)text) : NULL;

	(void)fprintf(f, "%s%c", made != NULL ? made : text, last ? '\n' : ';');
	free(made);
}

/* A bare list has no column of codes: people are told apart by name, year and hamlet. */
static int write_csv(const char *path, int rows, enum job job)
{
	FILE *f = fopen(path, "we");
	struct line l;

	if (f == NULL)
		return -1;
	for (int i = -1; i < rows; i++) {
		if (i >= 0)
			line_make(&l, i, job == JOB_LATER);
		for (int c = 0; c < COLUMNS; c++) {
			if (job != JOB_BARE || c != 1)
				put_cell(f, i < 0 ? headings[c] : l.cells[c], job == JOB_NFD,
					 c + 1 == COLUMNS);
		}
	}
	return fclose(f);
}

static int write_xlsx(const char *path, int rows, bool shared)
{
	lxw_workbook_options o = {.constant_memory = shared ? LXW_FALSE : LXW_TRUE};
	lxw_workbook *book = workbook_new_opt(path, &o);
	lxw_worksheet *sheet = workbook_add_worksheet(book, "Danh sách");
	struct line l;

	(void)worksheet_write_string(sheet, 0, 0, "DANH SÁCH HỘ DÂN", NULL);
	for (int c = 0; c < COLUMNS; c++)
		(void)worksheet_write_string(sheet, 2, (lxw_col_t)c, headings[c], NULL);
	for (int i = 0; i < rows; i++) {
		lxw_row_t row = (lxw_row_t)i + 3;

		line_make(&l, i, false);
		for (int c = 0; c < COLUMNS; c++) {
			if (c == 0 || c == 4)
				(void)worksheet_write_number(sheet, row, (lxw_col_t)c,
							     strtod(l.cells[c], NULL), NULL);
			else if (l.cells[c][0] != '\0')
				(void)worksheet_write_string(sheet, row, (lxw_col_t)c,
							     l.cells[c], NULL);
		}
	}
	return workbook_close(book) == LXW_NO_ERROR ? 0 : -1;
}

static double seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of the process so far. */
static double cpu_seconds(void)
{
	struct rusage use;

	(void)getrusage(RUSAGE_SELF, &use);
	return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static int import_once(const char *db, const char *file, const char *what, int rows)
{
	struct roster_options o = {
	    .who = "bench", .unit_kind = "ấp", .this_year = 2023, .list_year = 2023};
	struct err e = ERR_INIT;
	struct programme *p = programme_load(SOURCE_DIR "/config", "vneid", &e);
	struct roster_result r = {0};
	struct store *st = NULL;
	struct rusage use;
	double took, cpu, peak;

	if (p == NULL || store_open(db, STORE_WRITER, &st, &e) < 0)
		goto failed;
	took = seconds();
	cpu = cpu_seconds();
	if (roster_import(st, p, file, &o, &r, &e) < 0)
		goto failed;
	took = seconds() - took;
	cpu = cpu_seconds() - cpu;
	(void)getrusage(RUSAGE_SELF, &use);
	peak = (double)use.ru_maxrss / 1024;
	(void)printf("%-22s %8d rows %7.2f s, cpu %5.2f s %9.0f rows/s %7.1f MB   "
		     "new %d, changed %d, same %d, refused %d\n",
		     what, r.rows, took, cpu, r.rows / took, peak, r.added, r.updated, r.same,
		     r.rejected);
	if (r.rows != rows || r.accepted != rows) {
		(void)err_set(&e, EX_SOFTWARE, "%d of %d rows", r.accepted, rows);
		goto failed;
	}
	roster_result_free(&r);
	store_close(st);
	programme_free(p);
	return rows >= LIMIT_ROWS && (took * 1e6 / rows > LIMIT_US || peak > LIMIT_MB);
failed:
	(void)fprintf(stderr, "%s: %s\n", what, e.text);
	return 2;
}

static int apart(enum job job, const char *file, int rows, const char *db, const char *what)
{
	int status = 0, rc = 2;
	pid_t child;

	(void)fflush(stdout);
	child = fork();
	if (child == 0) {
		if (job == JOB_IMPORT)
			rc = import_once(db, file, what, rows);
		else if (job < JOB_SHARED)
			rc = write_csv(file, rows, job) == 0 ? 0 : 2;
		else
			rc = write_xlsx(file, rows, job == JOB_SHARED) == 0 ? 0 : 2;
		(void)fflush(stdout);
		_exit(rc);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
		return 2;
	return WEXITSTATUS(status);
}

static void forget(const char *db)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-writer", "-lock", "-ballast"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char *path = mem_printf("%s%s", db, ends[i]);

		(void)unlink(path);
		free(path);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		enum job job;
		const char *file, *what, *again;
		bool fresh;
	} lists[] = {
	    {JOB_CSV, "list.csv", "csv", "csv, the same again", true},
	    {JOB_LATER, "later.csv", "csv, a month later", NULL, false},
	    {JOB_NFD, "nfd.csv", "csv, NFD", NULL, true},
	    {JOB_BARE, "bare.csv", "csv, no codes", NULL, true},
	    {JOB_SHARED, "shared.xlsx", "xlsx, shared strings", "xlsx, the same again", true},
	    {JOB_INLINE, "inline.xlsx", "xlsx, inline strings", NULL, true},
	};
	int rows = argc > 1 ? (int)strtol(argv[1], NULL, 10) : LIMIT_ROWS, worst = 0;
	char own[] = "/tmp/moidan-import-XXXXXX";
	const char *dir = argc > 2 ? argv[2] : mkdtemp(own);
	char *db;

	if (dir == NULL || rows < 1)
		return 2;
	db = mem_printf("%s/moidan.db", dir);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && worst < 2; i++) {
		char *file = mem_printf("%s/%s", dir, lists[i].file);
		int rc = apart(lists[i].job, file, rows, NULL, NULL);

		if (lists[i].fresh)
			forget(db);
		for (int turn = 0; turn < 2 && rc < 2; turn++) {
			const char *what = turn == 0 ? lists[i].what : lists[i].again;
			int over = what == NULL ? 0 : apart(JOB_IMPORT, file, rows, db, what);

			rc = over > rc ? over : rc;
		}
		worst = rc > worst ? rc : worst;
		(void)unlink(file);
		free(file);
	}
	forget(db);
	if (argc <= 2)
		(void)rmdir(dir);
	free(db);
	return worst;
}
