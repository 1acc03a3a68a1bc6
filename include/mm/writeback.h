/* SPDX-License-Identifier: MIT */
/*
 * Write-back: how dirty pages of files come to their store. See
 * mm/cache/writeback.c for the pages of one file.
 *
 *	   set_page_dirty()		clear_page_dirty_for_io()
 *	clean ---------> dirty -------------------> (page locked)
 *	  ^		  ^				|  ->write_page()
 *	  |		  | end, with an error		|  set_page_writeback()
 *	  +--------- under write-back <-----------------+
 *	    end_page_writeback()
 */
#ifndef MM_WRITEBACK_H
#define MM_WRITEBACK_H

#include <mm/pagecache.h>

enum writeback_sync_mode {
	WB_SYNC_NONE,	/* what can be written without waiting */
	WB_SYNC_ALL,	/* all of it: what is being written is waited for */
};

struct writeback_control {
	enum writeback_sync_mode sync_mode;
	long nr_to_write;	/* pages still to begin; counts down */
	unsigned long range_start, range_end;	/* page offsets, half open */
	bool range_cyclic;	/* go on where the last one stopped */
};

/* Context of all: may sleep, unless said. */

/*
 * page, locked: if it is dirty, its flag goes (and its translations become
 * clean, so that the next store to it faults): true, it must be written.
 */
bool clear_page_dirty_for_io(struct page *page);
/* Instead of writing it now: dirty again. Held: the page lock, kept. */
void redirty_page(struct page *page);
/* page, locked, goes to its store now (a page of a file, or of swap). */
void set_page_writeback(struct page *page);
/*
 * It has come there: 0; or not: -Exxx, and then the page of a file is dirty
 * again and its file has the error. Context: any, a handler too.
 */
void end_page_writeback(struct page *page, int err);
/* Held: a reference. */
void wait_on_page_writeback(struct page *page);

/*
 * Begin to write page of mapping, locked, after clear_page_dirty_for_io() has
 * said true. The lock goes. 0, or the error of beginning: then the page is
 * dirty again and its file has the error.
 */
int write_locked_page(struct address_space *mapping, struct page *page,
		      struct writeback_control *wbc);

/* Is any page dirty, or may one be under write-back? Context: any; a hint. */
bool mapping_needs_writeback(const struct address_space *mapping);
/*
 * Begin to write the dirty pages of a range, as wbc says. 0, or the first
 * error of beginning to. wbc->nr_to_write counts down.
 */
int write_mapping_pages(struct address_space *mapping,
			struct writeback_control *wbc);
/* Begin to write / wait for / both: page offsets [start, end). 0, -Exxx of
 * beginning; errors of the store are in mapping->wb_err. */
int filemap_fdatawrite_range(struct address_space *mapping,
			     unsigned long start, unsigned long end);
void filemap_fdatawait_range(struct address_space *mapping,
			     unsigned long start, unsigned long end);
int filemap_write_and_wait_range(struct address_space *mapping,
				 unsigned long start, unsigned long end);

/*
 * Take clean pages that nobody uses out of the range; how many went. Dirty
 * ones, mapped ones, ones in use stay. truncate.c.
 */
unsigned long invalidate_mapping_pages(struct address_space *mapping,
				       unsigned long start, unsigned long end);
/* Zero the bytes [from, to) of the page at index, if it is there. */
void zero_cached_part(struct address_space *mapping, unsigned long index,
		      unsigned from, unsigned to);

/* A page of mapping became dirty: the file system's (kernel/fs). Any context
 * that set_page_dirty() allows, inside rcu_read_lock(). */
extern void (*mapping_dirtied_fn)(struct address_space *mapping);
/* A caller has made a page dirty and can be made to wait. May sleep. */
extern void (*balance_dirty_fn)(struct address_space *mapping);

static inline void
balance_dirty_pages_ratelimited(struct address_space *mapping)
{
	if (balance_dirty_fn && mapping->ops->write_page)
		balance_dirty_fn(mapping);
}

/* vm_operations: a store to a clean page of a shared mapping. */
u32 filemap_page_mkwrite(struct vm_fault *vmf);

#endif
