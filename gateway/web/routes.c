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
    {GET("/healthz"), .permission = ROUTE_PUBLIC, .handler = web_handle_healthz},
    {GET("/readyz"), .permission = ROUTE_LOCAL, .handler = web_handle_readyz},
    {GET("/metrics"), .permission = ROUTE_LOCAL, .handler = web_handle_metrics},
    {GET("/static/:file"), .permission = ROUTE_PUBLIC, .handler = web_handle_static},

    /* ---- the door ---- */
    {GET("/login"), .permission = ROUTE_GUEST, .serve = screen_login, .page = "login",
     .inputs = {TEXT("name", 40)}},
    {POST("/login"), .permission = ROUTE_GUEST, .serve = screen_login_post, .page = "login",
     .again = screen_login,
     .inputs = {NEEDED("name", 40), SECRET("password"), TEXT("code", 16)}},
    {POST("/logout"), .permission = ROUTE_SIGNED, .serve = screen_logout},
    {GET("/setup/:token"), .permission = ROUTE_GUEST, .serve = screen_setup, .page = "setup"},
    {POST("/setup/:token"), .permission = ROUTE_GUEST, .serve = screen_setup_post,
     .page = "setup", .again = screen_setup,
     .inputs = {SECRET("password"), SECRET("again"), TEXT("code", 16)}},
    {POST("/language"), .permission = ROUTE_GUEST, .serve = screen_language,
     .inputs = {CHOICE("to", "vi|en")}},

    {GET("/"), .permission = ROUTE_SIGNED, .serve = screen_home, .page = "home",
     .inputs = {DONE}},

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
    {GET("/audit"), MAY(MAY_RULE), .serve = screen_audit, .page = "audit",
     .inputs = {NUMBER("before")}},
};
const size_t web_n_routes = sizeof(web_routes) / sizeof(web_routes[0]);
