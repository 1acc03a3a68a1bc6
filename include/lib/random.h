/* SPDX-License-Identifier: MIT */
/*
 * Pseudo-random numbers from a seed: for tests and for spreading, not for
 * secrets. The same seed gives the same row on every machine.
 *
 * Sources  SplitMix64: Steele, Lea, Flood, OOPSLA 2014.
 */
#ifndef LIB_RANDOM_H
#define LIB_RANDOM_H

#include <lib/types.h>

/* The next number; any *state is a good seed, 0 too. */
static inline u64
random_next(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* A number from 0 to n-1; n > 0. Scales instead of dividing. */
static inline u32
random_below(u64 *state, u32 n)
{
	return (u32)((random_next(state) >> 32) * n >> 32);
}

#endif
