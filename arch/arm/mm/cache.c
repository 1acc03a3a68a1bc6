/* SPDX-License-Identifier: MIT */
/*
 * Cache maintenance by address (asm/cacheflush.h), one line of 32 bytes at a
 * time. The emulator has no caches, so a missing call is not seen there; the
 * rules are those of the hardware all the same.
 *
 * Source  ARM DDI 0406C, B2.2.6, B4.2.1.
 */
#include <asm/barrier.h>
#include <asm/cacheflush.h>
#include <asm/uaccess.h>
#include <lib/compiler.h>

#define TURN	(16 * CACHE_LINE)

#define LINE(line, operation) \
	__asm__ volatile("mcr p15, 0, %0, " operation :: "r"(line) : "memory")

/* By turns of 16: else two of the four instructions of a line would count. */
#define FOR_EACH_LINE(start, end, operation) do { \
	unsigned long line_ = ALIGN_DOWN((unsigned long)(start), CACHE_LINE); \
	unsigned long end_ = (unsigned long)(end); \
	for (; line_ + TURN <= end_; line_ += TURN) \
		_Pragma("GCC unroll 16") \
		for (unsigned at_ = 0; at_ < TURN; at_ += CACHE_LINE) \
			LINE(line_ + at_, operation); \
	for (; line_ < end_; line_ += CACHE_LINE) \
		LINE(line_, operation); \
	dsb(); \
} while (0)

void
dcache_clean_range(const void *start, const void *end)
{
	FOR_EACH_LINE(start, end, "c7, c10, 1");
}

void
dcache_invalidate_range(const void *start, const void *end)
{
	FOR_EACH_LINE(start, end, "c7, c6, 1");
}

void
dcache_clean_invalidate_range(const void *start, const void *end)
{
	FOR_EACH_LINE(start, end, "c7, c14, 1");
}

void
icache_sync_range(const void *start, const void *end)
{
	FOR_EACH_LINE(start, end, "c7, c11, 1");
	FOR_EACH_LINE(start, end, "c7, c5, 1");
	__asm__ volatile("mcr p15, 0, %0, c7, c1, 6" :: "r"(0));
	dsb();
	isb();
}

/* One operation on a line of user memory, which may not be there. */
#define USER_LINE(line, operation, fault) \
	__asm__ volatile goto("1: mcr p15, 0, %0, " operation "\n" \
		     EX_TABLE("1b", "%l1") \
		     : : "r"(line) : "memory" : fault)

int
icache_sync_user(unsigned long start, unsigned long end)
{
	unsigned long line;

	if (end < start || !access_ok((void *)start, end - start))
		return -EINVAL;
	for (line = ALIGN_DOWN(start, CACHE_LINE); line < end;
	     line += CACHE_LINE)
		USER_LINE(line, "c7, c11, 1", fault);
	dsb();
	for (line = ALIGN_DOWN(start, CACHE_LINE); line < end;
	     line += CACHE_LINE)
		USER_LINE(line, "c7, c5, 1", fault);
	__asm__ volatile("mcr p15, 0, %0, c7, c1, 6" :: "r"(0));
	dsb();
	isb();
	return 0;
fault:
	return -EFAULT;
}
