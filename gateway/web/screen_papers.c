/* SPDX-License-Identifier: Apache-2.0 */
/* What is printed with names on it: letters, visit lists, a hamlet head's week. Whoever takes one is
 * written down before they get it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/carry.h"
#include "report/document.h"
#include "web/model.h"
#include "web/screen.h"

struct papers {
	struct campaign_plan *plan;
	struct carry_request q;
	const char *as;
	json_t *figures;
};

static int papers_carry(struct visit *v, const char *path, void *arg, struct err *e)
{
	struct papers *p = arg;
	struct carry_result done = {0};
	char *pdf;
	int rc;

	if (strcmp(p->as, "letters") == 0)
		return carry_letters(v->st, p->plan, path, &p->q, &done, e);
	if (strcmp(p->as, "visits") == 0)
		return carry_visits(v->st, p->plan, path, NULL, &p->q, &done, e);
	/* the workbook comes beside the list on paper */
	pdf = mem_printf("%s.pdf", path);
	rc = carry_visits(v->st, p->plan, pdf, path, &p->q, &done, e);
	(void)remove(pdf);
	free(pdf);
	return rc;
}

int screen_campaign_papers(struct visit *v, struct err *e)
{
	const char *unit = visit_text(v, "unit");
	struct papers p = {.as = visit_text(v, "as"),
			   .q = {.unit = *unit != '\0' ? unit : NULL,
				 .again = *visit_text(v, "again") != '\0',
				 .now = clock_now_ms()}};
	bool sheet = strcmp(p.as, "visits-xlsx") == 0;
	struct campaign k = {0};
	int64_t id = visit_id(v, 0, e);
	char subject[48];
	int found = id < 0 ? -1 : store_campaign_get(v->st, id, &k, e), rc = -1;

	if (found == 0)
		(void)say(e, EX_NOINPUT, "no_campaign", NULL);
	p.plan = found > 0 ? campaign_plan_new(v->st, v->house->campaign, &k, e) : NULL;
	if (p.plan != NULL && campaign_plan_programme(p.plan) == NULL)
		(void)say(e, EX_DATAERR, "no_list_of_campaign", NULL);
	else if (p.plan != NULL) {
		(void)snprintf(subject, sizeof(subject), "campaign:%" PRId64, id);
		rc = visit_audit(v,
				 strcmp(p.as, "letters") == 0 ? "letter.print" : "visit.print",
				 subject, "", e);
		store_read_end(v->st); /* what is drawn makes a snapshot of its own */
		if (rc == 0)
			rc = visit_answer_drawn(
			    v, papers_carry, &p, sheet ? VISIT_XLSX : VISIT_PDF,
			    mem_printf("%s-%" PRId64 ".%s",
				       strcmp(p.as, "letters") == 0 ? "thu" : "den-nha", id,
				       sheet ? "xlsx" : "pdf"),
			    e);
	}
	campaign_plan_free(p.plan);
	campaign_clear(&k);
	return rc;
}

static int papers_hamlet(struct visit *v, const char *path, void *arg, struct err *e)
{
	const struct papers *p = arg;

	return report_hamlet_pdf(v->st, v->house->report, p->figures, p->q.unit, path, e);
}

int screen_hamlet_paper(struct visit *v, struct err *e)
{
	struct papers p = {.q = {.unit = visit_text(v, "unit")}};
	int64_t now = clock_now_ms();
	bool frozen;
	int week, rc = -1;

	if (report_week_parse(visit_text(v, "week"), now, &week, e) < 0)
		return -1;
	p.figures = model_figures_of(v, week, &frozen, e);
	if (p.figures != NULL && visit_audit(v, "report.hamlet", p.q.unit, "", e) == 0)
		rc = visit_answer_drawn(
		    v, papers_hamlet, &p, VISIT_PDF,
		    mem_printf("ban-tin-%d-W%02d.pdf", week / 100, week % 100), e);
	json_decref(p.figures);
	return rc;
}
