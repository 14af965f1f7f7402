/* SPDX-License-Identifier: Apache-2.0 */
/* Which handler a request goes to, who may send it and what it may carry: one table row a route. */
#ifndef MOIDAN_WEB_ROUTE_H
#define MOIDAN_WEB_ROUTE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define ROUTE_PARAMS_MAX 4
#define ROUTE_PARAM_MAX	 128 /* bytes of one parameter, with its NUL */
#define ROUTE_INPUTS_MAX 16

/* What a visitor may do, as bits. */
enum may {
	MAY_LOOK_OWN = 1 << 0, /* a hamlet's own people; everybody who looks may, too */
	MAY_LOOK = 1 << 1,     /* the whole commune */
	MAY_EDIT = 1 << 2,     /* people: hold, release, state */
	MAY_COMPOSE = 1 << 3,  /* lists, campaigns up to their submission */
	MAY_APPROVE = 1 << 4,  /* lets messages go, stops them, settles them */
	MAY_UNMASK = 1 << 5,   /* sees whole numbers, each time audited */
	MAY_RULE = 1 << 6,     /* accounts, keys, audit, settings */
	MAY_SEND = 1 << 7,     /* another system: submits, sends single notices */
	MAY_HAND_IN = 1 << 8,  /* the figures of a team: the own one's, or of all */
};

/* Who may come in. */
enum route_permission {
	ROUTE_PUBLIC,	/* anybody; says nothing that matters */
	ROUTE_LOCAL,	/* this machine itself, not through the proxy */
	ROUTE_CALLBACK, /* whoever knows a provider's token; the handler checks it */
	ROUTE_GUEST,	/* a person who is not in yet: signing in, a set-up link */
	ROUTE_SIGNED,	/* whoever is in, whatever they may do */
	ROUTE_MAY,	/* whoever may do one of the bits of may */
};

/* What a route takes. */
enum route_method { ROUTE_GET = 1, ROUTE_POST = 2 };

/* What a parameter of the query or the body may be. */
enum input_type {
	INPUT_TEXT,	/* one line, at most max characters */
	INPUT_LONG,	/* several lines */
	INPUT_SECRET,	/* as INPUT_TEXT, spaces kept, never shown again */
	INPUT_INT,	/* 0 … max */
	INPUT_DATE,	/* dd/mm/yyyy or ISO */
	INPUT_CHOICE,	/* one of choices, "a|b|c" */
	INPUT_SEVERAL,	/* INPUT_TEXT, any number of times */
	INPUT_IN_ORDER, /* likewise, and what is empty keeps its place */
	INPUT_FILE,	/* an upload */
};
struct route_input {
	const char *name;
	enum input_type type;
	bool required;
	int max;
	const char *choices;
};

struct store;
struct web_request;
struct visit;

struct route {
	unsigned methods;    /* enum route_method, as bits; GET includes HEAD */
	const char *pattern; /* "/callbacks/:provider/:token": ':' takes one segment */
	enum route_permission permission;
	/* On the loop, answers now or later; or NULL and */
	void (*handler)(struct web_request *r); /* with serve: of another system's key alone */
	/* on a clerk's thread, may take its time: 0 with what is to be answered, or -1. */
	int (*serve)(struct visit *v, struct err *e);
	unsigned may;	  /* for ROUTE_MAY */
	const char *page; /* of templates/console/, for people; NULL: there is none */
	/* A form that was refused is shown again by this, with what was wrong. */
	int (*again)(struct visit *v, struct err *e);
	bool hashes; /* a password, which takes a processor a while */
	bool once;   /* another system must send an Idempotency-Key */
	/* With once and serve: what is answered, as of the transaction that does the work, in which it is kept.
	 * NULL with e. */
	json_t *(*answer)(struct visit *v, struct store *st, int *status, struct err *e);
	struct route_input inputs[ROUTE_INPUTS_MAX]; /* ends with name NULL */
};

struct route_params {
	char value[ROUTE_PARAMS_MAX][ROUTE_PARAM_MAX]; /* in order of the pattern */
	int n;
};

/* Finds the row for a path (without query). 1 and *out, *params; 0 when no pattern fits; -1 when some
 * do, but not with this method: *allowed has the methods that would. Of several that fit, the first in
 * the table counts. */
int route_find(const struct route *table, size_t n, unsigned method, const char *path,
	       const struct route **out, struct route_params *params, unsigned *allowed);

#endif
