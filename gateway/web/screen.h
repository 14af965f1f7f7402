/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers behind the rows of routes.c, by screen. */
#ifndef MOIDAN_WEB_SCREEN_H
#define MOIDAN_WEB_SCREEN_H

#include "web/visit.h"

/* screen_door.c */
int screen_login(struct visit *v, struct err *e);
int screen_login_post(struct visit *v, struct err *e);
int screen_logout(struct visit *v, struct err *e);
int screen_setup(struct visit *v, struct err *e);
int screen_setup_post(struct visit *v, struct err *e);
int screen_language(struct visit *v, struct err *e);

/* screen_home.c */
int screen_home(struct visit *v, struct err *e);

/* screen_progress.c: "progress" beside what the model holds. */
int screen_progress(struct visit *v, struct err *e);
int progress_fill(struct visit *v, struct err *e);

/* screen_today.c: "today", "duty" and "next" beside what the model holds; "next" and "duty" are left out where there
 * is none, "today" for whoever sees one hamlet alone. */
int today_fill(struct visit *v, struct err *e);

/* screen_recipients.c */
int screen_recipients(struct visit *v, struct err *e);
int screen_recipient(struct visit *v, struct err *e);
int screen_recipient_hold(struct visit *v, struct err *e);
int screen_recipient_release(struct visit *v, struct err *e);
int screen_recipient_state(struct visit *v, struct err *e);
int screen_recipient_contact(struct visit *v, struct err *e);
int screen_recipient_number(struct visit *v, struct err *e);

/* screen_campaigns.c */
int screen_campaigns(struct visit *v, struct err *e);
int screen_campaign(struct visit *v, struct err *e);
int screen_campaign_new(struct visit *v, struct err *e);
int screen_campaign_again(struct visit *v, struct err *e);
int screen_campaign_create(struct visit *v, struct err *e);
json_t *screen_campaign_created(struct visit *v, struct store *st, int *status, struct err *e);
json_t *screen_campaign_submitted(struct visit *v, struct store *st, int *status,
				  struct err *e);
int screen_campaign_submit(struct visit *v, struct err *e);
int screen_campaign_retry(struct visit *v, struct err *e);
int screen_campaign_approve(struct visit *v, struct err *e);
int screen_campaign_move(struct visit *v, struct err *e);

/* screen_audiences.c */
int screen_audiences(struct visit *v, struct err *e);
int screen_audiences_again(struct visit *v, struct err *e);
int screen_audience_save(struct visit *v, struct err *e);
int screen_audience_remove(struct visit *v, struct err *e);

/* screen_duty.c */
int screen_duty(struct visit *v, struct err *e);
int screen_duty_add(struct visit *v, struct err *e);
int screen_duty_list(struct visit *v, struct err *e);
int screen_duty_remove(struct visit *v, struct err *e);

/* screen_messages.c */
int screen_messages(struct visit *v, struct err *e);
int screen_message(struct visit *v, struct err *e);
int screen_message_settle(struct visit *v, struct err *e);
int screen_message_retry(struct visit *v, struct err *e);

/* screen_imports.c */
int screen_imports(struct visit *v, struct err *e);
int screen_import_upload(struct visit *v, struct err *e);
int screen_import(struct visit *v, struct err *e);
int screen_import_rejects(struct visit *v, struct err *e);
int screen_import_confirm(struct visit *v, struct err *e);
int screen_import_drop(struct visit *v, struct err *e);
int screen_import_undo(struct visit *v, struct err *e);
int screen_import_undo_post(struct visit *v, struct err *e);

/* screen_live.c */
int screen_live(struct visit *v, struct err *e);

/* screen_replies.c */
int screen_replies(struct visit *v, struct err *e);
int screen_reply_settle(struct visit *v, struct err *e);

/* screen_reports.c */
int screen_reports(struct visit *v, struct err *e);
int screen_report_confirm(struct visit *v, struct err *e);
int screen_weekly(struct visit *v, struct err *e);
int screen_providers(struct visit *v, struct err *e);
int screen_provider_resume(struct visit *v, struct err *e);
int screen_provider_test(struct visit *v, struct err *e);

/* screen_provider_check.c */
int screen_provider_check(struct visit *v, struct err *e);
int screen_provider_check_again(struct visit *v, struct err *e);

/* screen_sessions.c */
int screen_sessions(struct visit *v, struct err *e);
int screen_session(struct visit *v, struct err *e);
int screen_session_sheet(struct visit *v, struct err *e);
int screen_session_attend(struct visit *v, struct err *e);

/* screen_papers.c */
int screen_campaign_papers(struct visit *v, struct err *e);
int screen_hamlet_paper(struct visit *v, struct err *e);

/* screen_hand_in.c */
int screen_hand_in(struct visit *v, struct err *e);
int screen_hand_in_post(struct visit *v, struct err *e);
int screen_hand_in_form(struct visit *v, struct err *e);
int screen_hand_in_sheet(struct visit *v, struct err *e);

/* screen_texts.c */
int screen_templates(struct visit *v, struct err *e);
int screen_text(struct visit *v, struct err *e);
int screen_text_post(struct visit *v, struct err *e);

/* notice.c */
int screen_notice(struct visit *v, struct err *e);

/* screen_communes.c */
int screen_communes(struct visit *v, struct err *e);

/* screen_people.c: accounts, keys, audit */
int screen_users(struct visit *v, struct err *e);
int screen_user_add(struct visit *v, struct err *e);
int screen_user_change(struct visit *v, struct err *e);
int screen_keys(struct visit *v, struct err *e);
int screen_key_add(struct visit *v, struct err *e);
int screen_key_revoke(struct visit *v, struct err *e);
int screen_audit(struct visit *v, struct err *e);
int screen_settings(struct visit *v, struct err *e);

#endif
