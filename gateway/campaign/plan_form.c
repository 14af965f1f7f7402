/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of a channel whose provider keeps the wording: which values go where is a file beside the
 * texts, zalo/PROGRAMME/AUDIENCE.yaml for sms/PROGRAMME/AUDIENCE.txt. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/plan.h"
#include "provider/form.h"

struct plan_form {
	char *file; /* as it is, for the hash of what was approved */
	struct form form;
	struct plan_text *values; /* one a parameter */
};

/* The channel of the ladder that is neither SMS nor carried by people; NULL when there is none. */
static const char *plan_form_channel(const struct campaign_plan *p)
{
	for (int i = 0; i < p->ladder.n; i++) {
		const struct ladder_rung *r = &p->ladder.rungs[i];

		if (!r->paper && strcmp(r->channel, "sms") != 0)
			return r->channel;
	}
	return NULL;
}

/* "sms/vneid/a1.txt" -> "zalo/vneid/a1.yaml". Yours. */
static char *plan_form_name(const char *channel, const char *sms)
{
	const char *rest = strchr(sms, '/'), *dot;

	rest = rest != NULL ? rest + 1 : sms;
	dot = strrchr(rest, '.');
	return mem_printf("%s/%.*s.yaml", channel,
			  (int)(dot != NULL ? (size_t)(dot - rest) : strlen(rest)), rest);
}

int plan_form_load(const struct campaign_plan *p, struct plan_audience *a, struct err *e)
{
	const char *channel = plan_form_channel(p);
	struct plan_form *f;
	char *name;
	int rc = -1;

	if (channel == NULL)
		return 0;
	name = plan_form_name(channel, a->a->sms);
	a->form = f = mem_calloc(1, sizeof(*f));
	f->file = plan_read_file(p->house, name, e);
	if (f->file == NULL || form_read(name, f->file, strlen(f->file), &f->form, e) < 0)
		goto out;
	if (!form_registered(&f->form)) {
		(void)err_set(e, EX_CONFIG,
			      "%s: mẫu chưa có số đăng ký (template), chưa gửi qua %s được",
			      name, channel);
		goto out;
	}
	f->values = mem_calloc(f->form.parameters.n, sizeof(*f->values));
	rc = 0;
	for (size_t i = 0; rc == 0 && i < f->form.parameters.n; i++) {
		const char *value = form_parameter_at(&f->form, i)->value;

		f->values[i].seat = a->seat;
		rc = plan_text_compile(p, &f->values[i], name, value, strlen(value), NULL, e);
		a->uses_facts = a->uses_facts || plan_text_uses(&f->values[i], PLAN_FACT);
	}
out:
	free(name);
	return rc;
}

bool plan_form_uses(const struct plan_audience *a, enum plan_source source)
{
	for (size_t i = 0; a->form != NULL && i < a->form->form.parameters.n; i++) {
		if (plan_text_uses(&a->form->values[i], source))
			return true;
	}
	return false;
}

const char *plan_form_file(const struct plan_audience *a)
{
	return a->form != NULL ? a->form->file : NULL;
}

int plan_form_write(struct plan_writer *w, const struct plan_audience *a,
		    struct plan_message *out, struct err *e)
{
	const struct plan_form *f = a->form;
	size_t n = f->form.parameters.n;
	char **values = mem_calloc(n, sizeof(*values));
	struct buf message;
	int rc = 0;

	buf_init(&message, PLAN_TEXT_MAX);
	if (a->place.t != NULL)
		rc = plan_write_text(w, &a->place, &w->place, e);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = plan_write_text(w, &f->values[i], &w->text, e);
		values[i] = mem_strdup(buf_text(&w->text));
	}
	if (rc == 0)
		rc = form_write(&f->form, (const char *const *)values, &message, e);
	if (rc == 0) {
		*out = (struct plan_message){
		    .text = mem_strdup(buf_text(&message)),
		    .count = {.ucs2 = true, .units = (int)message.len, .segments = 1}};
	}
	for (size_t i = 0; i < n; i++)
		free(values[i]);
	free(values);
	buf_free(&message);
	return rc;
}

void plan_form_free(struct plan_form *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; f->values != NULL && i < f->form.parameters.n; i++)
		plan_text_free(&f->values[i]);
	free(f->values);
	form_free(&f->form);
	free(f->file);
	free(f);
}
