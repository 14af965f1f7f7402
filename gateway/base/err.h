/* SPDX-License-Identifier: Apache-2.0 */
/* One error, said once. A function that can fail takes a struct err last, and
 * the first thing that went wrong wins: what follows from it says nothing new. */
#ifndef MOIDAN_BASE_ERR_H
#define MOIDAN_BASE_ERR_H

#include <stdarg.h>
#include <sysexits.h>

#define MUST_CHECK __attribute__((warn_unused_result))

struct err {
	int code; /* a sysexits code (EX_DATAERR, EX_CONFIG …); 0 = no error */
	char text
	    [1024]; /* one line, what is wrong, where, what is allowed; no secret, no number */
};

#define ERR_INIT                                                                               \
	{                                                                                      \
		.code = 0, .text = ""                                                          \
	}

/* Fills an empty e and returns -1, so that "return err_set(…)" reads well. e may be NULL. */
int err_set(struct err *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of an error that is set. Done once, where a floor hands it up. */
void err_context(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void err_clear(struct err *e);

/* What errno means, in Vietnamese where people meet it; the C library's words else. */
const char *err_os(int number);

#endif
