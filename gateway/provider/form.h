/* SPDX-License-Identifier: Apache-2.0 */
/* Messages whose wording the provider keeps: what is sent is the number of a
 * registered template and values for its parameters, each with a length it may
 * have. Which values these are, an office says in templates/zalo/PROGRAMME/
 * AUDIENCE.yaml; what a message of such a channel holds as its text is the
 * JSON that form_write() makes:
 *
 *   {"template":"123456","parameters":{"ten":"Bà Lê Thị Bưởi"},"text":"…"}
 *
 * (the wording with the values in it is for people only, it is not sent). */
#ifndef MOIDAN_PROVIDER_FORM_H
#define MOIDAN_PROVIDER_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"

enum form_type { FORM_TEXT, FORM_NUMBER, FORM_DATE }; /* FORM_DATE: dd/MM/yyyy */

struct form_parameter {
	char *name;  /* as registered */
	char *value; /* a text template (text/template.h): what to put there */
	int64_t max; /* characters */
	int type;    /* enum form_type */
};

struct form {
	char *template; /* the number under which it is registered */
	char *text;	/* its wording, <name> where a parameter stands */
	struct conf_list
	    parameters; /* struct form_parameter, in the order of the registered ones */
};

/* 0, or -1 with e (EX_NOINPUT, EX_CONFIG) naming file, line and key: also when the wording and the
 * parameters do not name each other. Free with form_free(). */
MUST_CHECK int form_load(const char *path, struct form *out, struct err *e);
MUST_CHECK int form_read(const char *name, const char *text, size_t len, struct form *out,
			 struct err *e);
void form_free(struct form *f);
const struct form_parameter *form_parameter_at(const struct form *f, size_t i);

/* Whether it has the number of a template (shipped files have 000000: nobody's). What is not
 * registered cannot be sent. */
bool form_registered(const struct form *f);

/* Appends the message to out; values are of the parameters, in their order. -1 with e (EX_DATAERR,
 * Vietnamese) naming the parameter that is empty, too long or of the wrong type: nothing that a
 * provider would refuse is ever queued. */
MUST_CHECK int form_write(const struct form *f, const char *const *values, struct buf *out,
			  struct err *e);

/* What people read: the wording in a message that form_write() made, yours; a copy of message when it
 * is none of those. */
char *form_wording(const char *message);

/* The JSON Schema of such a file. Yours to json_decref(). */
json_t *form_schema(void);

#endif
