/* SPDX-License-Identifier: MIT */
/*
 * Pages of files that live in memory only: tmpfs, shared anonymous memory,
 * System V segments, memfd. See mm/cache/shmem.c.
 */
#ifndef MM_SHMEM_H
#define MM_SHMEM_H

#include <lib/atomic.h>
#include <mm/pagecache.h>

/* How much one file system of such files may hold. */
struct shmem_space {
	atomic_t nr_pages;	/* in use */
	s32 max_pages;		/* 0: no limit */
};

extern const struct address_space_operations shmem_aops;

/* Make mapping one of shared memory, counted in space (NULL: nowhere). */
void shmem_init_mapping(struct address_space *mapping, struct inode *host,
			struct shmem_space *space);
/*
 * The bytes [start, end) become a hole: whole pages leave the file, the rest
 * of a page is zeroed. Translations are gone before. Context: may sleep.
 */
void shmem_punch_hole(struct address_space *mapping, u64 start, u64 end);
/*
 * A page for index that the caller will fill whole: locked, not in the cache,
 * content undefined. shmem_add_page() puts it there, up to date and unlocked
 * (0), or on failure frees it (-EEXIST: somebody was first).
 */
struct page *shmem_new_page(struct address_space *mapping);
int shmem_add_page(struct address_space *mapping, unsigned long index,
		   struct page *page);

#endif
