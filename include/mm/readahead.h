/* SPDX-License-Identifier: MIT */
/* Reading a file's pages before they are asked for: mm/cache/readahead.c. */
#ifndef MM_READAHEAD_H
#define MM_READAHEAD_H

#include <mm/pagecache.h>

#define RA_PAGES_DEFAULT	32u	/* 128 KiB */

/* What one opening of a file has read ahead; all of it a hint. */
struct file_ra_state {
	unsigned long start;		/* of the window, pages */
	unsigned size, async_size;	/* pages; the last ones, with the mark */
	unsigned ra_pages;		/* the largest window; 0: none */
	unsigned mmap_miss;		/* faults that read-around did not foresee */
	unsigned long prev_index;	/* the page read last; ~0: none yet */
};

void file_ra_init(struct file_ra_state *ra);

/* Context of all: may sleep for memory, not for what is begun. */

/* The page at index is not there; req pages from it on are wanted. */
void page_cache_sync_readahead(struct address_space *mapping,
			       struct file_ra_state *ra, unsigned long index,
			       unsigned long req);
/* page, at index, is there and has the mark. */
void page_cache_async_readahead(struct address_space *mapping,
				struct file_ra_state *ra, struct page *page,
				unsigned long index, unsigned long req);
/* Begin what is missing of nr pages; the last `async` get the mark at their
 * first. How many were looked at before memory was short. */
unsigned long do_page_cache_ra(struct address_space *mapping,
			       unsigned long start, unsigned long nr,
			       unsigned long async);
/* Begin them whatever the window is: readahead(2), *_WILLNEED. */
void force_page_cache_readahead(struct address_space *mapping,
				unsigned long start, unsigned long nr);

/* filemap_fault(): the page is not there / is. */
void filemap_fault_miss(struct vm_fault *vmf);
void filemap_fault_hit(struct vm_fault *vmf, struct page *page);

#endif
