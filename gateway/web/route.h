/* SPDX-License-Identifier: Apache-2.0 */
/* Which handler a request goes to: one table row a route. */
#ifndef MOIDAN_WEB_ROUTE_H
#define MOIDAN_WEB_ROUTE_H

#include <stddef.h>

#define ROUTE_PARAMS_MAX 4
#define ROUTE_PARAM_MAX	 128 /* bytes of one parameter, with its NUL */

/* Who may come in. */
enum route_permission {
	ROUTE_PUBLIC,	/* anybody; says nothing that matters */
	ROUTE_LOCAL,	/* this machine itself, not through the proxy */
	ROUTE_CALLBACK, /* whoever knows a provider's token; the handler checks it */
};

/* What a route takes. */
enum route_method { ROUTE_GET = 1, ROUTE_POST = 2 };

struct web_request;

struct route {
	unsigned methods;    /* enum route_method, as bits; GET includes HEAD */
	const char *pattern; /* "/callbacks/:provider/:token": ':' takes one segment */
	enum route_permission permission;
	void (*handler)(struct web_request *r);
};

struct route_params {
	char value[ROUTE_PARAMS_MAX][ROUTE_PARAM_MAX]; /* in order of the pattern */
	int n;
};

/* Finds the row for a path (without query). 1 and *out, *params; 0 when no pattern fits; -1 when some
 * do, but not with this method: *allowed has the methods that would. */
int route_find(const struct route *table, size_t n, unsigned method, const char *path,
	       const struct route **out, struct route_params *params, unsigned *allowed);

#endif
