/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a list, read a little ahead of whoever writes them. Reading a
 * row cannot fail: nothing but rows comes across. */
#ifndef MOIDAN_ROSTER_ROW_AHEAD_H
#define MOIDAN_ROSTER_ROW_AHEAD_H

#include "roster/row.h"

/* So many rows at most are read before they are asked for. A list that is no longer needs no thread. */
#define ROW_AHEAD_MAX 512

struct row_ahead;

/* Starts to look rd's list over and to read its rows. Until row_ahead_end() the reader, its sheet and its result
 * are not yours. Never NULL. */
struct row_ahead *row_ahead_start(struct row_reader *rd);

/* The next row that is to be written, in the order of the sheet; NULL when there is none left. Borrowed, and
 * yours to change, until the next call. */
struct row *row_ahead_next(struct row_ahead *a);

/* Stops reading, at the end or before it: the reader is yours again. NULL is allowed. */
void row_ahead_end(struct row_ahead *a);

#endif
