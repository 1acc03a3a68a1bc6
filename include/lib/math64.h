/* SPDX-License-Identifier: MIT */
/*
 * Division of 64-bit numbers by constants that hot paths divide by.
 *
 * The core has no instruction for it, and libgcc's general division takes 300.
 * By a constant d it is a multiplication by 2^k / d, rounded up, and a shift
 * (Granlund and Montgomery, PLDI 1994), here 25:
 *
 *	10^9 = 2^9 x 1953125	n / 10^9 = (n >> 9) / 1953125
 *	m = ceil(2^84 / 1953125), m x 1953125 - 2^84 = 1576184
 *
 * exact while 1576184 x (n >> 9) < 2^84, which all n fulfil.
 */
#ifndef LIB_MATH64_H
#define LIB_MATH64_H

#include <lib/types.h>

/* The upper half of a * b. */
static inline u64
mul_high_u64(u64 a, u64 b)
{
	u32 al = (u32)a, ah = (u32)(a >> 32), bl = (u32)b, bh = (u32)(b >> 32);
	u64 low = (u64)al * bl;
	u64 mid = (u64)ah * bl + (low >> 32);
	u64 mid2 = (u64)al * bh + (u32)mid;

	return (u64)ah * bh + (mid >> 32) + (mid2 >> 32);
}

/* Whole seconds of ns; *nsec: what is left of it, 0 to 999 999 999. */
static inline u64
ns_to_sec(u64 ns, u32 *nsec)
{
	u64 sec = mul_high_u64(ns >> 9, 0x89705f4136b4a598ull) >> 20;

	*nsec = (u32)ns - (u32)sec * 1000000000u;
	return sec;
}

#endif
