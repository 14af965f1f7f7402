/* SPDX-License-Identifier: Apache-2.0 */
/* What a value of a request can be turned into: {{to|phone:0}}. Inside the floor only. */
#ifndef MOIDAN_PROVIDER_FILTER_H
#define MOIDAN_PROVIDER_FILTER_H

#include "text/template.h"

/* NULL-named:
 * phone:84|+84|0|bare    84912345678 as the provider wants it
 * int, bool              a number, true or false of its own in JSON
 * map:1=2,0=0            a value for each that can come
 * base64
 * md5, sha1, sha256      in hex
 * hmac256:KEY            HMAC-SHA256 in hex; KEY in hex (program.c puts a secret's there)
 * clock:dd/MM/yyyy HH:mm seconds since 1970 as civil time in Viet Nam */
extern const struct template_filter provider_filters[];

#endif
