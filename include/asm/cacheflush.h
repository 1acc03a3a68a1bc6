/* SPDX-License-Identifier: MIT */
/*
 * Cache maintenance by virtual address range, [start, end), to the point of
 * coherency unless said. A range is widened to whole lines of 32 bytes.
 */
#ifndef ASM_CACHEFLUSH_H
#define ASM_CACHEFLUSH_H

#define CACHE_LINE	32

#ifndef __ASSEMBLER__
void dcache_clean_range(const void *start, const void *end);
void dcache_invalidate_range(const void *start, const void *end);
void dcache_clean_invalidate_range(const void *start, const void *end);
/* New instructions were written: clean to unification, drop old fetches. */
void icache_sync_range(const void *start, const void *end);

/*
 * The same for the running process's addresses: the call cacheflush. Context:
 * may sleep. -EINVAL: no range of user space; -EFAULT: a hole in it.
 */
int icache_sync_user(unsigned long start, unsigned long end);

/* Clear / copy one whole page; page aligned, kernel-mapped. */
void clear_page(void *page);
void copy_page(void *dst, const void *src);
#endif
#endif
