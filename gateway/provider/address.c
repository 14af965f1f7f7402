/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
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

/* ---- nets ---------------------------------------------------------------------------------- */

static bool address_read(const char *text, unsigned char out[16], bool *four)
{
	struct in6_addr six;
	struct in_addr v4;

	*four = inet_pton(AF_INET, text, &v4) == 1;
	if (*four) {
		memset(out, 0, 10);
		out[10] = out[11] = 0xff;
		memcpy(out + 12, &v4, 4);
		return true;
	}
	if (inet_pton(AF_INET6, text, &six) != 1)
		return false;
	memcpy(out, &six, 16);
	return true;
}

/* Bit i of the address, from the left. */
static int address_bit(const unsigned char bytes[16], int i)
{
	return bytes[i / 8] >> (7 - i % 8) & 1;
}

bool address_net_read(const char *text, struct address_net *out)
{
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text), digits;
	char host[INET6_ADDRSTRLEN];
	bool four;
	long bits;

	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (!address_read(host, out->bytes, &four))
		return false;
	out->bits = 128;
	if (slash != NULL) {
		digits = strspn(slash + 1, "0123456789");
		if (digits == 0 || digits > 3 || slash[1 + digits] != '\0')
			return false;
		bits = strtol(slash + 1, NULL, 10) + (four ? 96 : 0);
		if (bits > 128)
			return false;
		out->bits = (int)bits;
	}
	for (int i = out->bits; i < 128; i++) {
		if (address_bit(out->bytes, i) != 0)
			return false;
	}
	return true;
}

bool address_in(const struct address_net *net, const char *address)
{
	unsigned char bytes[16];
	bool four;

	if (!address_read(address, bytes, &four))
		return false;
	for (int i = 0; i < net->bits; i++) {
		if (address_bit(bytes, i) != address_bit(net->bytes, i))
			return false;
	}
	return true;
}
