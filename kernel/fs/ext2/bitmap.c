/* SPDX-License-Identifier: MIT */
/*
 * ext2: bitmaps as they stand on the disk, bit n in byte n / 8.
 *
 * Eight free blocks in one byte are what a file that grows wants to have in
 * front of it; see balloc.c.
 *
 * Locks   the caller's.
 * Cost    a step for each byte that is full, for each bit of others.
 */
#include <lib/string.h>

#include "ext2.h"

bool
ext2_test_bit(const u8 *map, u32 n)
{
	return map[n / 8] >> n % 8 & 1;
}

bool
ext2_set_bit(u8 *map, u32 n)
{
	bool old = ext2_test_bit(map, n);

	map[n / 8] = (u8)(map[n / 8] | 1u << n % 8);
	return old;
}

bool
ext2_clear_bit(u8 *map, u32 n)
{
	bool old = ext2_test_bit(map, n);

	map[n / 8] = (u8)(map[n / 8] & ~(1u << n % 8));
	return old;
}

u32
ext2_find_clear(const u8 *map, u32 start, u32 end)
{
	while (start < end) {
		if (start % 8 == 0 && map[start / 8] == 0xff)
			start += 8;
		else if (ext2_test_bit(map, start))
			start++;
		else
			return start;
	}
	return end;
}

u32
ext2_find_clear_byte(const u8 *map, u32 start, u32 end)
{
	start = (start + 7) & ~7u;
	while (start < end && end - start >= 8) {
		if (!map[start / 8])
			return start;
		start += 8;
	}
	return end;
}

u32
ext2_count_clear(const u8 *map, u32 end)
{
	u32 n = 0, i;

	for (i = 0; i < end / 8; i++)
		n += 8 - (u32)__builtin_popcount(map[i]);
	for (i *= 8; i < end; i++)
		n += !ext2_test_bit(map, i);
	return n;
}
