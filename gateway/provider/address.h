/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOIDAN_PROVIDER_ADDRESS_H
#define MOIDAN_PROVIDER_ADDRESS_H

#include <stdbool.h>

struct sockaddr;

/* Whether an IPv4 or IPv6 address is one of the public Internet (RFC 6890): requests to others leave only
 * where the configuration allows it. */
bool address_is_public(const struct sockaddr *sa);

/* A net, or one address: as IPv6, one of IPv4 as ::ffff:… (RFC 4291 §2.5.5.2). */
struct address_net {
	unsigned char bytes[16];
	int bits; /* 0 … 128 */
};

/* Reads "203.0.113.7", "203.0.113.0/24" or "2001:db8::/32". false: it is none, or has bits set behind its length. */
bool address_net_read(const char *text, struct address_net *out);
/* Whether the address, without a length, stands in the net; false when it is none. */
bool address_in(const struct address_net *net, const char *address);

#endif
