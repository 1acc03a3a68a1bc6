/* SPDX-License-Identifier: MIT */
/* Bits of one word and of arrays of words. Not atomic: the owner's lock. */
#ifndef LIB_BITOPS_H
#define LIB_BITOPS_H

#include <lib/compiler.h>
#include <lib/types.h>

#define BIT(n)			(1UL << (n))
#define BITS_PER_LONG		(8 * (int)sizeof(long))
#define BITS_TO_LONGS(n)	(((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define DECLARE_BITMAP(name, n)	unsigned long name[BITS_TO_LONGS(n)]

static inline void
set_bit(unsigned long n, unsigned long *map)
{
	map[n / BITS_PER_LONG] |= BIT(n % BITS_PER_LONG);
}

static inline void
clear_bit(unsigned long n, unsigned long *map)
{
	map[n / BITS_PER_LONG] &= ~BIT(n % BITS_PER_LONG);
}

static inline bool
test_bit(unsigned long n, const unsigned long *map)
{
	return map[n / BITS_PER_LONG] >> (n % BITS_PER_LONG) & 1;
}

/* Index of the lowest set bit; x must not be 0. */
static inline int
ffs_long(unsigned long x)
{
	return __builtin_ctzl(x);
}

/* Index of the highest set bit; x must not be 0. */
static inline int
fls_long(unsigned long x)
{
	return BITS_PER_LONG - 1 - __builtin_clzl(x);
}

/* The first set bit from n on, of those below end; end: there is none. */
static inline unsigned long
find_next_bit(const unsigned long *map, unsigned long end, unsigned long n)
{
	unsigned long word;

	while (n < end) {
		word = map[n / BITS_PER_LONG] >> (n % BITS_PER_LONG);
		if (word)
			return min(n + (unsigned long)ffs_long(word), end);
		n = (n / BITS_PER_LONG + 1) * BITS_PER_LONG;
	}
	return end;
}

static inline bool
is_power_of_2(unsigned long x)
{
	return x && !(x & (x - 1));
}

/* Smallest order with 2^order >= n; n >= 1. */
static inline int
order_of(unsigned long n)
{
	return n <= 1 ? 0 : fls_long(n - 1) + 1;
}

#endif
