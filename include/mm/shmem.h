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
 * 0; -ENOMEM, -EIO: such a rest is in swap and did not come; nothing is done.
 */
int shmem_punch_hole(struct address_space *mapping, u64 start, u64 end);
/*
 * The page that byte pos lies inside of (not at the start) comes back from swap,
 * if it is there, and stays while *page, perhaps NULL, has the reference. 0,
 * -ENOMEM, -EIO. Context: may sleep.
 */
int shmem_bring_in(struct address_space *mapping, u64 pos, struct page **page);
/*
 * A page for index that the caller will fill whole: locked, not in the cache,
 * content undefined. shmem_add_page() puts it there, up to date and unlocked
 * (0), or on failure frees it (-EEXIST: somebody was first).
 */
struct page *shmem_new_page(struct address_space *mapping);
int shmem_add_page(struct address_space *mapping, unsigned long index,
		   struct page *page);

/* --- In swap: shmem_swap.c --- */

/*
 * For reclaim: page, locked, of shared memory, not mapped, with the cache's and
 * the caller's reference only, leaves its file: it is in the swap cache, dirty.
 * False: it cannot (in use, no slot, SHM_LOCK). Context: may sleep.
 */
bool shmem_swap_out(struct page *page);
/* 1: what was in swap at index has come back, or has gone: look again; 0: there
 * is nothing; -ENOMEM, -EIO. Context: may sleep. */
int shmem_swap_in(struct address_space *mapping, unsigned long index);
/* Is page index in swap? Context: any; a hint. */
bool mapping_in_swap(struct address_space *mapping, unsigned long index);
/* The first page from *index on, in memory or in swap. Context: any. */
bool mapping_next_data(struct address_space *mapping, unsigned long *index);
/* How many of the pages [first, end) are in swap. Context: any. */
unsigned long shmem_swap_usage(struct address_space *mapping,
			       unsigned long first, unsigned long end);
/* What the swap cache has of page index, with a reference, or NULL. */
struct page *shmem_swap_cached(struct address_space *mapping,
			       unsigned long index);
/* Bring back what files have in area type. 0, -ENOMEM, -EIO. May sleep. */
int shmem_unuse(unsigned type);
/* Of all files together, for verify. */
unsigned long shmem_swapped_pages(void);

/* Set by whoever has inodes: keep one; false: it is ending. Held: swap_lock. */
extern bool (*shmem_hold_fn)(struct inode *inode);
/* Let it go. Context: may sleep. */
extern void (*shmem_release_fn)(struct inode *inode);

#endif
