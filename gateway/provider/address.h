/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOIDAN_PROVIDER_ADDRESS_H
#define MOIDAN_PROVIDER_ADDRESS_H

#include <stdbool.h>

struct sockaddr;

/* Whether an IPv4 or IPv6 address is one of the public Internet (RFC 6890): requests to others leave only
 * where the configuration allows it. */
bool address_is_public(const struct sockaddr *sa);

#endif
