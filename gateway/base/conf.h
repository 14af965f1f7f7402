/* SPDX-License-Identifier: Apache-2.0 */
/* Declared field tables: what a YAML object may hold is said once, as data,
 * and gives the reading, the defaults, the errors (file, line, key, what is
 * allowed) and the JSON Schema. Unknown keys are errors. */
#ifndef MOIDAN_BASE_CONF_H
#define MOIDAN_BASE_CONF_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/yaml.h"

enum conf_type {
	CONF_STRING, /* char *      text, number or boolean as written; owned by the struct */
	CONF_INT,    /* int64_t     min … max */
	CONF_BOOL,   /* bool */
	CONF_CHOICE, /* int         index into choices */
	CONF_DURATION, /* int64_t     milliseconds from "500ms" "30s" "5m" "2h" "3d"; min … max in ms */
	CONF_TIME, /* int64_t     minute of the day from "17:30" (0 … 1440; "24:00" is allowed) */
	CONF_DATE,    /* int64_t     civil day from "2023-06-20" or "20/06/2023" */
	CONF_STRINGS, /* struct conf_list of char * */
	CONF_OBJECT,  /* the nested struct itself, read by table */
	CONF_OBJECTS, /* struct conf_list of the nested structs, read by table */
	CONF_TREE,    /* json_t *    any value, as it stands; a reference of the struct's own */
};

/* A list field: items is an array of n elements (char *, or the table's structs). */
struct conf_list {
	void *items;
	size_t n;
};

struct conf_table;

struct conf_field {
	const char *key;
	enum conf_type type;
	size_t offset; /* offsetof() in the table's struct */
	bool required; /* absent (or null) is an error */
	const char
	    *fallback;	  /* default of a scalar, written as in the file; NULL = zero/NULL */
	int64_t min, max; /* numbers; 0,0 = any. Lists: how many elements */
	const char *const *choices; /* NULL-terminated */
	const struct conf_table *table;
	const char *help; /* one line */
};

struct conf_table {
	const char *what;		 /* "a provider", for messages */
	size_t size;			 /* sizeof the struct */
	const struct conf_field *fields; /* ends with key NULL */
};

/* Reads obj (an object, or NULL for "all defaults") into out, a struct of table's size. Scalars that
 * stand outside lists can be overridden by the environment: env_prefix "MOIDAN" makes
 * `reports.deadline` MOIDAN_REPORTS_DEADLINE; NULL reads no environment.
 * 0, or -1 with out emptied. Free with conf_free(). */
MUST_CHECK int conf_read(const struct ydoc *doc, const json_t *obj,
			 const struct conf_table *table, const char *env_prefix, void *out,
			 struct err *e);

/* Frees what conf_read() put into out, and zeroes it. */
void conf_free(const struct conf_table *table, void *out);

/* The table as a JSON Schema object (draft 2020-12, without $schema). Yours to json_decref(). */
json_t *conf_schema(const struct conf_table *table);

/* What is in force, in order: [{"key": "reports.weekly_deadline", "value": "09:00", "help"}]. Of a secret
 * only that there is one, of an address "url" only its host. Yours. */
json_t *conf_show(const struct conf_table *table, const void *obj);

/* "30s" -> 30000. 0 or -1. */
int conf_parse_duration(const char *text, int64_t *ms);
/* "17:30" -> 1050. 0 or -1. */
int conf_parse_time(const char *text, int64_t *minute);
/* "2023-06-20" or "20/06/2023" -> civil day. 0 or -1. */
int conf_parse_date(const char *text, int64_t *day);

#endif
