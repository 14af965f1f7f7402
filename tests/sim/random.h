/* SPDX-License-Identifier: Apache-2.0 */
/* Chance that is the same every time: splitmix64. */
#ifndef MOIDAN_TESTS_SIM_RANDOM_H
#define MOIDAN_TESTS_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

static inline uint64_t random_next(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* 0 … n-1; 0 for n = 0. */
static inline unsigned random_below(uint64_t *seed, unsigned n)
{
	return n == 0 ? 0 : (unsigned)(random_next(seed) % n);
}

static inline int64_t random_between(uint64_t *seed, int64_t from, int64_t to)
{
	return from + (int64_t)(random_next(seed) % (uint64_t)(to - from + 1));
}

static inline bool random_per_mille(uint64_t *seed, unsigned n)
{
	return random_below(seed, 1000) < n;
}

#endif
