/* SPDX-License-Identifier: Apache-2.0 */
#include "web/route.h"

#include <stdbool.h>
#include <string.h>

/* Walks pattern and path together, segment by segment. A parameter is never empty. */
static bool route_fits(const char *pattern, const char *path, struct route_params *params)
{
	params->n = 0;
	while (*pattern != '\0') {
		size_t n;

		if (*pattern != ':') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		pattern += strcspn(pattern, "/");
		n = strcspn(path, "/");
		if (n == 0 || n >= ROUTE_PARAM_MAX || params->n == ROUTE_PARAMS_MAX)
			return false;
		memcpy(params->value[params->n], path, n);
		params->value[params->n++][n] = '\0';
		path += n;
	}
	return *path == '\0';
}

int route_find(const struct route *table, size_t n, unsigned method, const char *path,
	       const struct route **out, struct route_params *params, unsigned *allowed)
{
	*allowed = 0;
	for (size_t i = 0; i < n; i++) {
		if (!route_fits(table[i].pattern, path, params))
			continue;
		if (table[i].methods & method) {
			*out = &table[i];
			return 1;
		}
		*allowed |= table[i].methods;
	}
	return *allowed != 0 ? -1 : 0;
}
