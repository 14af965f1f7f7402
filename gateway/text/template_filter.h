/* SPDX-License-Identifier: Apache-2.0 */
/* The filters every template knows. For this floor only. */
#ifndef MOIDAN_TEXT_TEMPLATE_FILTER_H
#define MOIDAN_TEXT_TEMPLATE_FILTER_H

#include "text/template.h"

/* The filter of this name, NULL when there is none. Static. */
const struct template_filter *template_filter_find(const char *name);

/* Whether a built-in filter takes this argument; -1 with e (EX_CONFIG) saying what it takes. */
int template_filter_check(const struct template_filter *f, const char *arg, struct err *e);

#endif
