/* SPDX-License-Identifier: Apache-2.0 */
/* What a programme's file says of the table that reports print of its list. */
#include "roster/programme.h"

static const struct conf_field figure_fields[] = {
    {.key = "group",
     .type = CONF_STRING,
     .offset = offsetof(struct programme_figure, group),
     .fallback = "",
     .help = "a heading over this and the neighbouring columns of the same group"},
    {.key = "title",
     .type = CONF_STRING,
     .offset = offsetof(struct programme_figure, title),
     .required = true,
     .help = "its heading"},
    {.key = "when",
     .type = CONF_STRING,
     .offset = offsetof(struct programme_figure, when),
     .fallback = "",
     .help = "predicate of the rows that it counts; left out: an empty column"},
    {.key = "daily",
     .type = CONF_BOOL,
     .offset = offsetof(struct programme_figure, daily),
     .fallback = "false",
     .help = "how many to invite a working day, to meet the first target in time"},
    {.key = NULL},
};
static const struct conf_table figure_table = {"a column of the appendix",
					       sizeof(struct programme_figure), figure_fields};

static const struct conf_field appendix_fields[] = {
    {.key = "number",
     .type = CONF_STRING,
     .offset = offsetof(struct programme_appendix, number),
     .fallback = "",
     .help = "\"I\", \"II\" …: reports print them in this order; left out: no such table"},
    {.key = "title",
     .type = CONF_STRING,
     .offset = offsetof(struct programme_appendix, title),
     .fallback = "",
     .help = "as it is printed"},
    {.key = "total",
     .type = CONF_STRING,
     .offset = offsetof(struct programme_appendix, total),
     .fallback = "",
     .help = "name of its only row, where there is none for each unit"},
    {.key = "by_unit",
     .type = CONF_BOOL,
     .offset = offsetof(struct programme_appendix, by_unit),
     .fallback = "true",
     .help = "a row for each unit, and their sum"},
    {.key = "columns",
     .type = CONF_OBJECTS,
     .offset = offsetof(struct programme_appendix, columns),
     .max = 16,
     .table = &figure_table,
     .help = "what it counts"},
    {.key = NULL},
};
const struct conf_table programme_appendix_table = {
    "an appendix of reports", sizeof(struct programme_appendix), appendix_fields};
