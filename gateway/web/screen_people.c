/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts, keys of other systems, the audit: the administrator's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/recipient.h"
#include "web/invite.h"
#include "web/screen.h"

#define AUDIT_PAGE 50

struct people_units {
	json_t *list;
	int64_t wanted;
	char *found;
};

static void people_unit(const struct unit *u, void *arg)
{
	struct people_units *p = arg;
	char *label = mem_printf("%s %s", u->kind, u->name);

	if (u->id == p->wanted)
		p->found = mem_strdup(label);
	if (p->list != NULL)
		json_array_append_new(
		    p->list, json_pack("{s:I, s:s}", "id", (json_int_t)u->id, "name", label));
	free(label);
}

struct people_list {
	struct visit *v;
	json_t *list;
	struct err *e;
};

static void people_account(const struct account *a, void *arg)
{
	struct people_list *p = arg;
	struct people_units u = {.wanted = a->unit_id};
	json_t *o = json_pack("{s:I, s:s, s:s, s:s, s:b, s:b, s:b}", "id", (json_int_t)a->id,
			      "name", a->name, "title", a->title, "role",
			      account_role_name(a->role), "disabled", a->disabled, "ready",
			      a->password != NULL, "self", a->id == p->v->who.account.id);

	visit_time(o, "login_at", a->login_at);
	if (a->unit_id != 0 && store_unit_list(p->v->st, people_unit, &u, p->e) == 0 &&
	    u.found != NULL)
		json_object_set_new(o, "unit", json_string(u.found));
	free(u.found);
	json_array_append_new(p->list, o);
}

int screen_users(struct visit *v, struct err *e)
{
	struct people_list p = {.v = v, .list = json_array(), .e = e};
	struct people_units u = {.list = json_array()};

	v->model = json_pack("{s:o, s:o, s:s, s:s}", "items", p.list, "units", u.list, "name",
			     visit_text(v, "name"), "title", visit_text(v, "title"));
	if (store_account_list(v->st, people_account, &p, e) < 0)
		return -1;
	return store_unit_list(v->st, people_unit, &u, e);
}

/* Shows the list again with a link that is never shown a second time. */
static int people_show_link(struct visit *v, const char *name, const char *token, struct err *e)
{
	char *link;

	store_read_end(v->st);
	json_decref(v->model);
	v->model = NULL;
	if (store_read_begin(v->st, e) < 0 || screen_users(v, e) < 0)
		return -1;
	link = invite_link(v->house->console_url, v->host, token);
	json_object_set_new(v->model, "link", json_string(link));
	json_object_set_new(v->model, "link_for", json_string(name));
	mem_free_secret(link, strlen(link));
	return 0;
}

int screen_user_add(struct visit *v, struct err *e)
{
	struct account a = {.name = (char *)(uintptr_t)visit_text(v, "name"),
			    .title = (char *)(uintptr_t)visit_text(v, "title"),
			    .unit_id = visit_int(v, "unit")};
	char token[SECRET_TOKEN];
	struct store *w = visit_writer(v, e);
	int rc;

	if (w == NULL || account_role_from_name(visit_text(v, "role"), &a.role) == 0 ||
	    store_begin(w, e) < 0)
		return -1;
	rc = store_account_add(w, &a, v->who.name, e);
	if (rc == 0)
		rc = invite_make(w, a.id, v->who.name, token, e);
	rc = store_end(w, rc, e);
	if (rc == 0)
		rc = people_show_link(v, a.name, token, e);
	explicit_bzero(token, sizeof(token));
	return rc;
}

int screen_user_change(struct visit *v, struct err *e)
{
	const char *what = visit_text(v, "do");
	int64_t id = visit_id(v, 0, e);
	char token[SECRET_TOKEN] = "";
	struct account a = {0};
	struct store *w;
	int rc = -1, found = id < 0 ? -1 : store_account_get(v->st, id, &a, e);

	if (found == 0)
		(void)say(e, EX_NOINPUT, "no_account", NULL);
	if (found <= 0 || (w = visit_writer(v, e)) == NULL || store_begin(w, e) < 0)
		goto out;
	rc = strcmp(what, "link") == 0
		 ? invite_make(w, id, v->who.name, token, e)
		 : store_account_disable(w, &a, strcmp(what, "disable") == 0, v->who.name, e);
	rc = store_end(w, rc, e);
	if (rc == 0)
		rc = *token != '\0' ? people_show_link(v, a.name, token, e)
				    : visit_go(v, "/users?done=%s", what);
out:
	explicit_bzero(token, sizeof(token));
	account_clear(&a);
	return rc;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void people_key(const struct api_key *k, void *arg)
{
	json_t *o = json_pack("{s:I, s:s, s:b, s:b, s:b, s:b, s:s}", "id", (json_int_t)k->id,
			      "name", k->name, "read", (k->scopes & API_READ) != 0, "write",
			      (k->scopes & API_WRITE) != 0, "send", (k->scopes & API_SEND) != 0,
			      "revoked", k->revoked_at != 0, "created_by", k->created_by);

	visit_time(o, "created_at", k->created_at);
	json_array_append_new(arg, o);
}

int screen_keys(struct visit *v, struct err *e)
{
	json_t *list = json_array();

	v->model = json_pack("{s:o}", "items", list);
	return store_api_key_list(v->st, people_key, list, e);
}

int screen_key_add(struct visit *v, struct err *e)
{
	struct api_key k = {.name = (char *)(uintptr_t)visit_text(v, "name")};
	unsigned char hash[ACCOUNT_HASH];
	char token[SECRET_TOKEN];
	struct store *w = visit_writer(v, e);
	int rc;

	k.scopes = (*visit_text(v, "read") != '\0' ? (unsigned)API_READ : 0) |
		   (*visit_text(v, "write") != '\0' ? (unsigned)API_WRITE : 0) |
		   (*visit_text(v, "send") != '\0' ? (unsigned)API_SEND : 0);
	if (k.scopes == 0)
		return visit_refuse(v, 422, e, "choose_scope");
	secret_token_new(token);
	secret_token_hash(token, hash);
	if (w == NULL || store_begin(w, e) < 0)
		return -1;
	rc = store_api_key_add(w, &k, hash, v->who.name, e);
	rc = store_end(w, rc, e);
	store_read_end(v->st);
	if (rc == 0 && store_read_begin(v->st, e) == 0 && screen_keys(v, e) == 0)
		json_object_set_new(v->model, "token", json_string(token));
	explicit_bzero(token, sizeof(token));
	return rc;
}

int screen_key_revoke(struct visit *v, struct err *e)
{
	int64_t id = visit_id(v, 0, e);
	struct store *w = visit_writer(v, e);
	int rc;

	if (id < 0 || w == NULL || store_begin(w, e) < 0)
		return -1;
	rc = store_api_key_revoke(w, id, v->who.name, e);
	if (rc != 1) {
		store_rollback(w);
		return rc == 0 ? say(e, EX_NOINPUT, "no_key", NULL)
			       : -1;
	}
	return store_commit(w, e) < 0 ? -1 : visit_go(v, "/keys?done=revoked");
}

/* ---- the audit ------------------------------------------------------------------------------- */

struct audit_page {
	json_t *list;
	size_t n;
	int64_t last;
};

static void people_audit(const struct audit_row *r, void *arg)
{
	struct audit_page *p = arg;
	json_t *o;

	if (p->n++ == AUDIT_PAGE)
		return;
	p->last = r->id;
	o = json_pack("{s:I, s:s, s:s, s:s, s:s}", "id", (json_int_t)r->id, "who", r->who,
		      "what", r->what, "subject", r->subject, "detail", r->detail);
	visit_time(o, "at", r->at);
	json_array_append_new(p->list, o);
}

int screen_audit(struct visit *v, struct err *e)
{
	struct audit_page p = {.list = json_array()};

	v->model = json_pack("{s:o}", "items", p.list);
	if (store_audit_list(v->st, visit_int(v, "before"), AUDIT_PAGE + 1, people_audit, &p,
			     e) < 0)
		return -1;
	if (p.n > AUDIT_PAGE)
		json_object_set_new(v->model, "next", json_integer(p.last));
	return 0;
}

/* ---- settings ------------------------------------------------------------------------------ */

/* By their first word; the file is changed where it lies, by whoever runs the machine. */
int screen_settings(struct visit *v, struct err *e)
{
	json_t *all, *groups = json_array(), *items = NULL, *one;
	char group[64] = "";
	size_t i;

	(void)e;
	v->model =
	    json_pack("{s:s, s:o}", "file", v->house->config != NULL ? v->house->config : "",
		      "groups", groups);
	if (v->house->settings_table == NULL)
		return 0;
	all = conf_show(v->house->settings_table, v->house->settings);
	json_array_foreach(all, i, one)
	{
		const char *key = json_string_value(json_object_get(one, "key"));
		size_t n = strcspn(key, ".[");
		bool alone = key[n] == '\0';

		if (items == NULL || strncmp(group, key, n) != 0 || group[n] != '\0' || alone) {
			if (!alone || items == NULL || *group != '\0') {
				items = json_array();
				(void)snprintf(group, sizeof(group), "%.*s", alone ? 0 : (int)n,
					       key);
				json_array_append_new(groups,
						      json_pack("{s:s, s:o}", "group",
								alone ? "moidan" : group,
								"items", items));
			}
		}
		json_array_append(items, one);
	}
	json_decref(all);
	return 0;
}
