/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* Loopback, private, link-local, shared, documentation, multicast and reserved IPv4 (RFC 6890). */
static bool address_private4(uint32_t a)
{
	static const struct {
		uint32_t net;
		int bits;
	} nets[] = {{0x00000000, 8},  {0x0a000000, 8},	{0x64400000, 10}, {0x7f000000, 8},
		    {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24},
		    {0xc0a80000, 16}, {0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24},
		    {0xe0000000, 3}};

	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		if (((a ^ nets[i].net) >> (32 - nets[i].bits)) == 0)
			return true;
	}
	return false;
}

static uint32_t address_word(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Only global unicast (2000::/3) is public; addresses that hold an IPv4 one are judged by it. */
static bool address_private6(const uint8_t a[16])
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
	static const uint8_t documentation[4] = {0x20, 0x01, 0x0d, 0xb8};

	if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
		return address_private4(address_word(a + 12));
	if (a[0] == 0x20 && a[1] == 0x02) /* 6to4 */
		return address_private4(address_word(a + 2));
	return (a[0] & 0xe0) != 0x20 || memcmp(a, documentation, 4) == 0;
}

bool address_is_public(const struct sockaddr *sa)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&in, sa, sizeof(in));
		return !address_private4(ntohl(in.sin_addr.s_addr));
	case AF_INET6:
		memcpy(&in6, sa, sizeof(in6));
		return !address_private6(in6.sin6_addr.s6_addr);
	default:
		return false;
	}
}
