/* SPDX-License-Identifier: Apache-2.0 */
/* Figures as documents that people sign and workbooks that they go on with. */
#ifndef MOIDAN_REPORT_DOCUMENT_H
#define MOIDAN_REPORT_DOCUMENT_H

#include "report/report.h"
#include "store/session.h"

/* templates/report/NAME: weekly-paper.txt or final-paper.txt. Besides the values of weekly.txt: xa, ngay_ky
 * (the day of the summary), ngay_thang (the same in words), tu_dot (the Monday of the first frozen week), phu_luc (so, tieu_de); lines "[bang PROGRAMME]" (its table;
 * "[bang_dot PROGRAMME]": with what the whole time has brought, not the week), "[bieu_do PROGRAMME]"
 * (progress of its first target over the frozen weeks up to this one), "[xep_hang PROGRAMME]" (its units,
 * the furthest first), "[phu_luc I]". Number and signature are left empty. */
MUST_CHECK int report_weekly_pdf(struct store *st, const struct report_house *h,
				 const json_t *figures, const char *name, const char *path,
				 struct err *e);
/* The same tables, a sheet each. */
MUST_CHECK int report_weekly_xlsx(const json_t *figures, const char *path, struct err *e);
/* The chart of "[bieu_do PROGRAMME]" as a picture; EX_NOINPUT when the programme has no target. */
MUST_CHECK int report_chart_svg(struct store *st, const json_t *figures, const char *programme,
				const char *path, struct err *e);

/* A hamlet head's week on paper, by templates/digest/hamlet-paper.txt: the values of hamlet.txt, xa,
 * so_den_nha, viec (what the numbers of the list mean), and "[den_nha]", those of the hamlet who are not done
 * and have no number that can be texted, by group and given name, two a row: some seventy go on one page. EX_DATAERR when the unit has no figures. */
MUST_CHECK int report_hamlet_pdf(struct store *st, const struct report_house *h,
				 const json_t *figures, const char *unit, const char *path,
				 struct err *e);

/* For Tư pháp – Hộ tịch, on paper only: who is dead or may be, and whose birth date lacks its day or
 * month, by templates/report/civil-status.txt ("[da_mat]", "[thieu_ngay_sinh]"; da_mat, thieu_ngay_sinh:
 * how many). The second list is of the programmes that know whole birth dates at all. */
MUST_CHECK int report_civil_status(struct store *st, const struct report_house *h,
				   const char *path, int64_t now, struct err *e);

/* Who is on the list of a session, as they are called up, by given name. */
struct session_people {
	json_t *list; /* [{recipient, key, name, birth_year, group, unit_id, number (masked), state ("invited",
		       * "came", "absent"), title, by_hand, open}]; yours to json_decref() */
	int by_state[3]; /* of those on the list, by enum seat_state */
	int left_out; /* have a seat, but are dead or may be: their names stand on no list */
};
MUST_CHECK int report_session_people(struct store *st, int64_t session_id,
				     struct session_people *out, struct err *e);
/* The sheet that lies on the table of a session, by templates/report/session.txt ("[danh_sach]"): p in its
 * order; room for those who come without an appointment. */
MUST_CHECK int report_session_sheet(const struct report_house *h, const struct session *s,
				    const struct session_people *p, const char *path, int64_t now,
				    struct err *e);

#endif
