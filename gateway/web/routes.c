/* SPDX-License-Identifier: Apache-2.0 */
/* Every address that is answered: who may, what may come with it, what answers, on which page. The
 * public description of it is openapi.yaml; a test lays the two beside each other. */
#include "web/route.h"

#include "web/screen.h"
#include "web/server.h"

#define GET(p)	.methods = ROUTE_GET, .pattern = p
#define POST(p) .methods = ROUTE_POST, .pattern = p
#define MAY(m)	.permission = ROUTE_MAY, .may = m
#define TEXT(n, most)                                                                          \
	{                                                                                      \
		.name = n, .type = INPUT_TEXT, .max = most                                     \
	}
#define NEEDED(n, most)                                                                        \
	{                                                                                      \
		.name = n, .type = INPUT_TEXT, .max = most, .required = true                   \
	}
#define SECRET(n)                                                                              \
	{                                                                                      \
		.name = n, .type = INPUT_SECRET, .max = 128                                    \
	}
#define NUMBER(n)                                                                              \
	{                                                                                      \
		.name = n, .type = INPUT_INT, .max = 2147483647                                \
	}
#define CHOICE(n, list)                                                                        \
	{                                                                                      \
		.name = n, .type = INPUT_CHOICE, .choices = list, .required = true             \
	}
#define DAY(n)                                                                                 \
	{                                                                                      \
		.name = n, .type = INPUT_DATE                                                  \
	}
#define SEVERAL(n, most)                                                                       \
	{                                                                                      \
		.name = n, .type = INPUT_SEVERAL, .max = most                                  \
	}
#define OPTION(n, list)                                                                        \
	{                                                                                      \
		.name = n, .type = INPUT_CHOICE, .choices = list                               \
	}
#define LONG(n, most)                                                                          \
	{                                                                                      \
		.name = n, .type = INPUT_LONG, .max = most                                     \
	}
#define IN_ORDER(n, most)                                                                      \
	{                                                                                      \
		.name = n, .type = INPUT_IN_ORDER, .max = most                                 \
	}
#define UPLOAD(n)                                                                              \
	{                                                                                      \
		.name = n, .type = INPUT_FILE, .max = 255                                      \
	}
#define DONE                                                                                   \
	{                                                                                      \
		.name = "done", .type = INPUT_TEXT, .max = 40                                  \
	}

const struct route web_routes[] = {
    /* ---- machines ---- */
    {.methods = ROUTE_GET | ROUTE_POST,
     .pattern = "/callbacks/:provider/:token",
     .permission = ROUTE_CALLBACK,
     .handler = web_handle_callback},
    {POST("/rollup"), .permission = ROUTE_CALLBACK, .handler = web_handle_rollup},
    {GET("/healthz"), .permission = ROUTE_PUBLIC, .handler = web_handle_healthz},
    {GET("/readyz"), .permission = ROUTE_LOCAL, .handler = web_handle_readyz},
    {GET("/metrics"), .permission = ROUTE_LOCAL, .handler = web_handle_metrics},
    {GET("/openapi.yaml"), .permission = ROUTE_PUBLIC, .handler = web_handle_openapi},
    {GET("/static/:file"), .permission = ROUTE_PUBLIC, .handler = web_handle_static},

    /* ---- the door ---- */
    {GET("/login"), .permission = ROUTE_GUEST, .serve = screen_login, .page = "login",
     .inputs = {TEXT("name", 40), DONE}},
    {POST("/login"), .permission = ROUTE_GUEST, .serve = screen_login_post, .page = "login",
     .again = screen_login, .hashes = true,
     .inputs = {NEEDED("name", 40), SECRET("password"), TEXT("code", 16)}},
    {POST("/logout"), .permission = ROUTE_SIGNED, .serve = screen_logout},
    {GET("/setup/:token"), .permission = ROUTE_GUEST, .serve = screen_setup, .page = "setup"},
    {POST("/setup/:token"), .permission = ROUTE_GUEST, .serve = screen_setup_post,
     .page = "setup", .again = screen_setup, .hashes = true,
     .inputs = {SECRET("password"), SECRET("again"), TEXT("code", 16)}},
    {POST("/language"), .permission = ROUTE_GUEST, .serve = screen_language,
     .inputs = {CHOICE("to", "vi|en")}},

    {GET("/"), .permission = ROUTE_SIGNED, .serve = screen_home, .page = "home",
     .inputs = {DONE}},
    {GET("/progress/:programme/:target"), MAY(MAY_LOOK_OWN), .serve = screen_progress},

    /* ---- people ---- */
    {GET("/recipients"), MAY(MAY_LOOK_OWN), .serve = screen_recipients, .page = "recipients",
     .inputs = {TEXT("q", 80), TEXT("programme", 40), NUMBER("unit"), TEXT("held", 3),
		NUMBER("after")}},
    {GET("/recipients/:id"), MAY(MAY_LOOK_OWN), .serve = screen_recipient, .page = "recipient",
     .inputs = {DONE}},
    {POST("/recipients/:id/hold"), MAY(MAY_EDIT), .serve = screen_recipient_hold,
     .inputs = {CHOICE("kind", "officer|deceased"), TEXT("reason", 200), NUMBER("rev")}},
    {POST("/recipients/:id/release"), MAY(MAY_EDIT), .serve = screen_recipient_release,
     .inputs = {NUMBER("rev")}},
    {POST("/recipients/:id/state"), MAY(MAY_EDIT), .serve = screen_recipient_state,
     .inputs = {NEEDED("to", 40), NUMBER("rev")}},
    {POST("/recipients/:id/contact"), MAY(MAY_EDIT), .serve = screen_recipient_contact,
     .inputs = {CHOICE("is", "opted-out|not-opted-out|wrong-person|confirmed"), NUMBER("rev")}},
    {POST("/recipients/:id/number"), MAY(MAY_UNMASK), .serve = screen_recipient_number,
     .page = "recipient"},

    /* ---- campaigns ---- */
    {GET("/campaigns"), MAY(MAY_LOOK), .serve = screen_campaigns, .page = "campaigns"},
    {POST("/campaigns"), MAY(MAY_COMPOSE), .serve = screen_campaign_create,
     .page = "campaign_new", .again = screen_campaign_again, .once = true,
     .answer = screen_campaign_created,
     .inputs = {NEEDED("name", 80), NEEDED("programme", 40), SEVERAL("audience", 40),
		TEXT("place", 120), DAY("until"), DAY("day"), TEXT("hour", 5),
		OPTION("accents", "without|with|cheapest"), DAY("starts"), DAY("expires"),
		TEXT("only", 1000), OPTION("quota", "yes")}},
    {GET("/campaigns/new"), MAY(MAY_COMPOSE), .serve = screen_campaign_new,
     .page = "campaign_new", .again = screen_campaign_again,
     .inputs = {TEXT("name", 80), TEXT("programme", 40), SEVERAL("audience", 40),
		TEXT("place", 120), DAY("until"), DAY("day"), TEXT("hour", 5),
		OPTION("accents", "without|with|cheapest"), DAY("starts"), DAY("expires"),
		OPTION("step", "who|what|when"), TEXT("only", 1000), OPTION("quota", "yes")}},
    {GET("/campaigns/:id/live"), MAY(MAY_LOOK), .serve = screen_live},
    {GET("/campaigns/:id"), MAY(MAY_LOOK), .serve = screen_campaign, .page = "campaign",
     .inputs = {DONE}},
    {POST("/campaigns/:id/submit"), MAY(MAY_COMPOSE | MAY_SEND),
     .serve = screen_campaign_submit, .once = true, .answer = screen_campaign_submitted},
    {POST("/campaigns/:id/retry"), MAY(MAY_APPROVE), .serve = screen_campaign_retry},
    {POST("/campaigns/:id/approve"), MAY(MAY_APPROVE), .serve = screen_campaign_approve,
     .inputs = {NEEDED("hash", 64)}},
    {POST("/campaigns/:id/move"), MAY(MAY_APPROVE), .serve = screen_campaign_move,
     .inputs = {CHOICE("do", "start|pause|resume|cancel")}},

    {GET("/campaigns/:id/papers"), MAY(MAY_EDIT), .serve = screen_campaign_papers,
     .inputs = {CHOICE("as", "letters|visits|visits-xlsx"), TEXT("unit", 80),
		TEXT("again", 3)}},

    /* ---- audiences ---- */
    {GET("/audiences"), MAY(MAY_LOOK), .serve = screen_audiences, .page = "audiences",
     .again = screen_audiences_again,
     .inputs = {TEXT("programme", 40), TEXT("when", 1000), OPTION("samples", "yes"), DONE}},
    {POST("/audiences"), MAY(MAY_COMPOSE), .serve = screen_audience_save, .page = "audiences",
     .again = screen_audiences_again,
     .inputs = {NEEDED("programme", 40), NEEDED("name", 60), NEEDED("when", 1000)}},
    {POST("/audiences/remove"), MAY(MAY_COMPOSE), .serve = screen_audience_remove,
     .page = "audiences", .again = screen_audiences_again,
     .inputs = {NEEDED("programme", 40), NEEDED("name", 60)}},

    /* ---- the machine's timetable ---- */
    {GET("/sessions"), MAY(MAY_LOOK), .serve = screen_sessions, .page = "sessions"},
    {GET("/sessions/:id"), MAY(MAY_LOOK), .serve = screen_session, .page = "session",
     .inputs = {DONE}},
    {GET("/sessions/:id/sheet"), MAY(MAY_EDIT), .serve = screen_session_sheet},
    {POST("/sessions/:id/attend"), MAY(MAY_EDIT), .serve = screen_session_attend,
     .inputs = {CHOICE("is", "came|absent|rest-absent"), NUMBER("recipient")}},

    /* ---- who is on duty ---- */
    {GET("/duty"), MAY(MAY_LOOK), .serve = screen_duty, .page = "duty", .inputs = {DONE}},
    {POST("/duty"), MAY(MAY_COMPOSE), .serve = screen_duty_add, .page = "duty",
     .again = screen_duty,
     .inputs = {{.name = "day", .type = INPUT_DATE, .required = true},
		NEEDED("hours", 20),
		NEEDED("place", 120),
		NEEDED("name", 80),
		TEXT("phone", 24)}},
    {POST("/duty/list"), MAY(MAY_COMPOSE), .serve = screen_duty_list, .page = "duty",
     .again = screen_duty, .inputs = {UPLOAD("file")}},
    {POST("/duty/:id/remove"), MAY(MAY_COMPOSE), .serve = screen_duty_remove},

    /* ---- messages ---- */
    {GET("/messages"), MAY(MAY_LOOK), .serve = screen_messages, .page = "messages",
     .inputs = {TEXT("state", 20), NUMBER("campaign"), TEXT("number", 24), NUMBER("after")}},
    {GET("/messages/:id"), MAY(MAY_LOOK), .serve = screen_message, .page = "message",
     .inputs = {DONE}},
    {POST("/messages/:id/settle"), MAY(MAY_APPROVE), .serve = screen_message_settle,
     .inputs = {CHOICE("as", "sent|not-sent|abandon")}},
    {POST("/messages/:id/retry"), MAY(MAY_APPROVE), .serve = screen_message_retry},

    /* What another system may send, at once and often; a key alone, by the loop. */
    {POST("/notices"), MAY(MAY_SEND), .serve = screen_notice, .handler = web_handle_notice,
     .once = true},

    /* ---- lists ---- */
    {GET("/imports"), MAY(MAY_COMPOSE), .serve = screen_imports, .page = "imports",
     .inputs = {DONE, TEXT("programme", 40)}},
    {POST("/imports"), MAY(MAY_COMPOSE), .serve = screen_import_upload, .page = "imports",
     .again = screen_imports,
     .inputs = {NEEDED("programme", 40), IN_ORDER("heading", 80), IN_ORDER("column", 80),
		UPLOAD("file")}},
    {GET("/imports/:token"), MAY(MAY_COMPOSE), .serve = screen_import, .page = "import"},
    {POST("/imports/:token"), MAY(MAY_COMPOSE), .serve = screen_import_confirm},
    {POST("/imports/:token/drop"), MAY(MAY_COMPOSE), .serve = screen_import_drop},
    {GET("/imports/:id/undo"), MAY(MAY_COMPOSE), .serve = screen_import_undo,
     .page = "import_undo"},
    {POST("/imports/:id/undo"), MAY(MAY_COMPOSE), .serve = screen_import_undo_post},
    {GET("/imports/:token/rejects"), MAY(MAY_COMPOSE), .serve = screen_import_rejects},

    /* ---- what people answer ---- */
    {GET("/replies"), MAY(MAY_LOOK), .serve = screen_replies, .page = "replies",
     .inputs = {TEXT("all", 3), NUMBER("after"), DONE}},
    {POST("/replies/:id"), MAY(MAY_EDIT), .serve = screen_reply_settle,
     .inputs = {CHOICE("as", "nothing|opt-out|wrong-person|will-come")}},

    /* ---- what comes of it ---- */
    {GET("/reports"), MAY(MAY_LOOK), .serve = screen_reports, .page = "reports",
     .inputs = {TEXT("week", 8), DONE}},
    {POST("/reports/confirm"), MAY(MAY_APPROVE), .serve = screen_report_confirm,
     .page = "reports", .again = screen_reports,
     .inputs = {NEEDED("week", 8), NEEDED("seen", 64)}},
    {GET("/reports/weekly"), MAY(MAY_LOOK), .serve = screen_weekly,
     .inputs = {TEXT("week", 8), OPTION("as", "txt|pdf|xlsx|svg")}},
    {GET("/reports/hamlet"), MAY(MAY_EDIT), .serve = screen_hamlet_paper,
     .inputs = {NEEDED("unit", 80), TEXT("week", 8)}},
    {GET("/communes"), MAY(MAY_LOOK), .serve = screen_communes, .page = "communes",
     .inputs = {TEXT("week", 8), TEXT("commune", 80)}},
    {GET("/hand-in"), MAY(MAY_LOOK_OWN), .serve = screen_hand_in, .page = "hand_in",
     .inputs = {TEXT("week", 8), NUMBER("unit"), DONE}},
    {POST("/hand-in"), MAY(MAY_HAND_IN), .serve = screen_hand_in_post, .page = "hand_in",
     .again = screen_hand_in,
     .inputs = {NEEDED("week", 8), NUMBER("unit"), IN_ORDER("figure", 12),
		LONG("difficulties", 600), LONG("proposals", 600)}},
    {GET("/hand-in/form"), MAY(MAY_EDIT), .serve = screen_hand_in_form,
     .inputs = {TEXT("week", 8)}},
    {POST("/hand-in/sheet"), MAY(MAY_EDIT), .serve = screen_hand_in_sheet, .page = "hand_in",
     .again = screen_hand_in, .inputs = {NEEDED("week", 8), UPLOAD("file")}},
    {GET("/templates"), MAY(MAY_LOOK), .serve = screen_templates, .page = "templates"},
    {GET("/templates/:programme/:audience"), MAY(MAY_LOOK), .serve = screen_text,
     .page = "text", .inputs = {NUMBER("step"), NUMBER("from"), DONE}},
    {POST("/templates/:programme/:audience"), MAY(MAY_COMPOSE), .serve = screen_text_post,
     .page = "text", .again = screen_text,
     .inputs = {CHOICE("do", "check|save|file"), LONG("text", 4000), NUMBER("step"),
		NUMBER("rev")}},
    {GET("/providers"), MAY(MAY_LOOK), .serve = screen_providers, .page = "providers",
     .inputs = {DONE}},
    {GET("/providers/check"), MAY(MAY_RULE), .serve = screen_provider_check_again,
     .page = "provider_check"},
    {POST("/providers/check"), MAY(MAY_RULE), .serve = screen_provider_check,
     .page = "provider_check", .again = screen_provider_check_again,
     .inputs = {UPLOAD("file"), NUMBER("status"), LONG("answer", 8000), LONG("receipt", 8000)}},
    {POST("/providers/:name/resume"), MAY(MAY_APPROVE), .serve = screen_provider_resume},
    {POST("/providers/:name/test"), MAY(MAY_APPROVE), .serve = screen_provider_test,
     .page = "providers", .again = screen_providers, .inputs = {NEEDED("number", 24)}},

    /* ---- the administrator's ---- */
    {GET("/users"), MAY(MAY_RULE), .serve = screen_users, .page = "users", .inputs = {DONE}},
    {POST("/users"), MAY(MAY_RULE), .serve = screen_user_add, .page = "users",
     .again = screen_users,
     .inputs = {NEEDED("name", 40), NEEDED("title", 80),
		CHOICE("role", "viewer|author|approver|administrator|hamlet"), NUMBER("unit")}},
    {POST("/users/:id"), MAY(MAY_RULE), .serve = screen_user_change, .page = "users",
     .inputs = {CHOICE("do", "link|disable|enable")}},
    {GET("/keys"), MAY(MAY_RULE), .serve = screen_keys, .page = "keys", .inputs = {DONE}},
    {POST("/keys"), MAY(MAY_RULE), .serve = screen_key_add, .page = "keys",
     .again = screen_keys,
     .inputs = {NEEDED("name", 60), TEXT("read", 3), TEXT("write", 3), TEXT("send", 3)}},
    {POST("/keys/:id/revoke"), MAY(MAY_RULE), .serve = screen_key_revoke},
    {GET("/settings"), MAY(MAY_RULE), .serve = screen_settings, .page = "settings"},
    {GET("/audit"), MAY(MAY_RULE), .serve = screen_audit, .page = "audit",
     .inputs = {NUMBER("before")}},
};
const size_t web_n_routes = sizeof(web_routes) / sizeof(web_routes[0]);
