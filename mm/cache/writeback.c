/* SPDX-License-Identifier: MIT */
/*
 * Write-back of one file: its dirty pages, from the store of an instruction to
 * the end of the I/O. When they are written, and whose turn it is, is decided
 * above (kernel/fs/writeback.c).
 *
 *	write()		store through a shared mapping
 *	   |			| fault: the translation is clean
 *	   |		page_mkwrite
 *	   v			v
 *	set_page_dirty()	PG_dirty, mark DIRTY, nr_dirty
 *	   |
 *	write_mapping_pages()	for each marked page, locked:
 *	   |  clear_page_dirty_for_io()	   translations clean, PG_dirty gone
 *	   |  ->write_page()
 *	   |	 set_page_writeback()	   PG_writeback, mark WRITEBACK
 *	   |	 the I/O begins; unlock
 *	   v  ... an interrupt ...
 *	end_page_writeback()	PG_writeback gone; waiters woken
 *
 * Ideas
 *   A mark says "perhaps".  The end of an I/O is told by an interrupt, and an
 *	interrupt does not touch the tree: then every user of the tree would have
 *	to mask interrupts. So the end changes the page's flags alone. The mark
 *	WRITEBACK stays until somebody comes by with the lock, looks at the page
 *	and sees that it is done (reap_writeback). Only this must hold: a page
 *	that is dirty or being written has a mark.
 *   A write that failed	loses nothing: the page is dirty again, so it is tried
 *	again later, and the file has the error (lib/errseq.h), which each
 *	opening of it hears of once. Linux throws such a page's news away.
 *   A store during the I/O	makes the page dirty again, as its translations were
 *	made clean before: the page is under write-back and dirty at once,
 *	and is written once more.
 *   One pass over a range, upwards  so that a writer that runs ahead of it, making
 *	pages dirty as fast as they are written, does not hold it for ever.
 *
 * Invariants (filemap_verify)
 *   C4  a page of a file with a store that is dirty has a mark; one that is under
 *	write-back has the mark WRITEBACK.
 *   C5  nr_dirty is the number of such dirty pages, nr_writeback the number of
 *	those under write-back.
 *
 * Locks   page lock over clear_page_dirty_for_io() and set_page_writeback(); the
 *   marks and PG_dirty change under tree_lock, but for the end of an I/O that
 *   failed. A page under write-back cannot leave its file: truncation waits.
 *
 * Questions a reader asks
 *   Why is nr_dirty not the number of marks?  Two marks, one page.
 *   May the content change while it is written?  Yes: nobody sums it up. What
 *   comes to the disk is old or new in parts, and the new is written again.
 *   Why RCU in set_page_dirty()?  A device's page that is unpinned may have
 *   left its file; the file's inode stays readable until we have looked.
 *
 * Sources  Gorman, Understanding the Linux Virtual Memory Manager, ch. 10;
 *   Linux Documentation/filesystems/locking.rst, for the contract of writepage.
 */
#include <kernel/psi.h>
#include <kernel/panic.h>
#include <kernel/plug.h>
#include <kernel/sched.h>
#include <kernel/rcu.h>
#include <lib/errno.h>
#include <mm/hooks.h>
#include <mm/lru.h>
#include <mm/mm.h>
#include <mm/trace.h>
#include <mm/verify.h>
#include <mm/rmap.h>
#include <mm/writeback.h>

#include "cache.h"
#include "page_tree.h"

#define WRITE_BATCH	16u

void (*mapping_dirtied_fn)(struct address_space *mapping);
void (*balance_dirty_fn)(struct address_space *mapping);

/* --- dirty ------------------------------------------------------------------ */

/*
 * Of memory that has no store: the flag alone. Deleting clears mapping first
 * and the flags after; we set the flag first and look at mapping after. Whoever
 * is late clears it.
 */
static void
set_flag_dirty(struct page *page)
{
	page_set_flags(page, PG_dirty);
	if (page_state(page) == PAGE_STATE_CACHE &&
	    !READ_ONCE(page->user.mapping))
		page_clear_flags(page, PG_dirty);
}

/* Under the lock, as deletion is: the page is mapping's, or not any more. */
static bool
set_tagged_dirty(struct address_space *mapping, struct page *page)
{
	bool news;

	spin_lock(&mapping->tree_lock);
	news = page->user.mapping == mapping &&
	       !(page_set_flags(page, PG_dirty) & PG_dirty);
	if (news) {
		page_tree_set_tag(&mapping->pages, page->user.index,
				  PAGE_TREE_DIRTY);
		count_node_page(page, NR_FILE_DIRTY, 1);
		count_vm_event(NR_DIRTIED);
		trace_writeback_dirty_page(mapping, page);
	}
	spin_unlock(&mapping->tree_lock);
	return news;
}

void
set_page_dirty(struct page *page)
{
	struct address_space *mapping;

	if (READ_ONCE(page->flags) & PG_dirty)
		return;
	page_life(page, DIRTY, page->user.index);
	if (page_state(page) != PAGE_STATE_CACHE) {
		set_flag_dirty(page);
		return;
	}
	rcu_read_lock();
	mapping = READ_ONCE(page->user.mapping);
	if (!mapping || !mapping_writes_back(mapping))
		set_flag_dirty(page);
	else if (set_tagged_dirty(mapping, page) && mapping_dirtied_fn)
		mapping_dirtied_fn(mapping);
	rcu_read_unlock();
}

void
page_forget_dirty(struct address_space *mapping, struct page *page)
{
	if (page_clear_flags(page, PG_dirty) & PG_dirty &&
	    mapping_writes_back(mapping))
		count_node_page(page, NR_FILE_DIRTY, -1);
}

/* The file of page, if it has a store; NULL: memory, or swap. */
static struct address_space *
stored_mapping(const struct page *page)
{
	struct address_space *mapping = page->user.mapping;

	return page_state(page) == PAGE_STATE_CACHE && mapping &&
	       mapping_writes_back(mapping) ? mapping : NULL;
}

bool
clear_page_dirty_for_io(struct page *page)
{
	struct address_space *mapping = stored_mapping(page);
	bool was;

	assert(page->flags & PG_locked);
	if (!mapping)
		return page_clear_flags(page, PG_dirty) & PG_dirty;
	if (page_mapcount(page) && page_mkclean(page))
		set_page_dirty(page);
	spin_lock(&mapping->tree_lock);
	was = page_clear_flags(page, PG_dirty) & PG_dirty;
	if (was)
		count_node_page(page, NR_FILE_DIRTY, -1);
	spin_unlock(&mapping->tree_lock);
	return was;
}

void
redirty_page(struct page *page)
{
	set_page_dirty(page);
}

/* --- under write-back ------------------------------------------------------- */

void
set_page_writeback(struct page *page)
{
	struct address_space *mapping = stored_mapping(page);

	assert(page->flags & PG_locked);
	if (mapping) {
		spin_lock(&mapping->tree_lock);
		page_set_flags(page, PG_writeback);
		page_tree_set_tag(&mapping->pages, page->user.index,
				  PAGE_TREE_WRITEBACK);
		if (!(page->flags & PG_dirty))
			page_tree_clear_tag(&mapping->pages, page->user.index,
					    PAGE_TREE_DIRTY);
		spin_unlock(&mapping->tree_lock);
	} else {
		page_set_flags(page, PG_writeback);
	}
	count_node_page(page, NR_WRITEBACK, 1);
	page_life(page, WRITEBACK, page->user.index);
}

/*
 * The write failed: the page's content is still only here. Its file cannot go
 * while it is under write-back, and nobody else changes PG_dirty from 0
 * without adding to the same counter.
 */
static void
write_failed(struct page *page, int err)
{
	struct address_space *mapping = stored_mapping(page);

	page_set_flags(page, PG_error);
	if (!mapping)
		return;
	errseq_set(&mapping->wb_err, err);
	if (!(page_set_flags(page, PG_dirty) & PG_dirty))
		count_node_page(page, NR_FILE_DIRTY, 1);
}

void
end_page_writeback(struct page *page, int err)
{
	u32 old;

	page_life(page, WRITTEN, page->user.index);
	if (err)
		write_failed(page, err);
	else if (page->flags & PG_error)
		page_clear_flags(page, PG_error);
	count_vm_events(NR_WRITTEN, !err);
	count_node_page(page, NR_WRITEBACK, -1);
	if (page->flags & PG_reclaim && !err) {
		page_clear_flags(page, PG_reclaim);
		rotate_reclaimable_page(page);
	}
	old = page_clear_flags(page, PG_writeback | PG_waiters);
	assert(old & PG_writeback);
	/* From here on the page may be gone; its queue is found by address. */
	if (old & PG_waiters)
		wake_up_all(page_queue(page));
}

/*
 * PG_waiters, but only while there is something to wait for: nobody would take
 * it away from a page that is done, and perhaps of no file any more.
 */
static bool
announce_waiter(struct page *page)
{
	u32 flags = READ_ONCE(page->flags);

	do {
		if (!(flags & PG_writeback))
			return false;
	} while (!__atomic_compare_exchange_n(&page->flags, &flags,
					      flags | PG_waiters, false,
					      __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	return true;
}

void
wait_on_page_writeback(struct page *page)
{
	struct wait_queue_head *queue = page_queue(page);
	struct wait_queue_entry entry;
	unsigned was;

	if (!(READ_ONCE(page->flags) & PG_writeback))
		return;
	might_sleep();
	was = psi_stall_enter(PSI_IO_STALL);
	init_wait_entry(&entry, false);
	for (;;) {
		prepare_to_wait(queue, &entry, TASK_UNINTERRUPTIBLE);
		if (!announce_waiter(page))
			break;
		schedule();
	}
	finish_wait(queue, &entry);
	psi_stall_leave(was);
}

/*
 * The mark WRITEBACK of a page that is done goes; if its write failed, the
 * mark DIRTY comes. Held: a reference.
 */
static void
reap_writeback(struct address_space *mapping, struct page *page)
{
	spin_lock(&mapping->tree_lock);
	if (page->user.mapping == mapping &&
	    !(READ_ONCE(page->flags) & PG_writeback)) {
		if (READ_ONCE(page->flags) & PG_dirty)
			page_tree_set_tag(&mapping->pages, page->user.index,
					  PAGE_TREE_DIRTY);
		page_tree_clear_tag(&mapping->pages, page->user.index,
				    PAGE_TREE_WRITEBACK);
	}
	spin_unlock(&mapping->tree_lock);
}

/* --- a file ----------------------------------------------------------------- */

bool
mapping_needs_writeback(const struct address_space *mapping)
{
	return READ_ONCE(mapping->pages.tags) != 0;
}

/* Go over the pages under write-back: wait for each, or only reap. */
static void
go_over_writeback(struct address_space *mapping, unsigned long start,
		  unsigned long end, bool wait)
{
	struct page *pages[WRITE_BATCH];
	unsigned i, n;

	while (start < end &&
	       (n = find_get_pages_tag(mapping, start, end,
				       PAGE_TREE_WRITEBACK, WRITE_BATCH,
				       pages))) {
		start = pages[n - 1]->user.index + 1;
		for (i = 0; i < n; i++) {
			if (wait)
				wait_on_page_writeback(pages[i]);
			reap_writeback(mapping, pages[i]);
			put_page(pages[i]);
		}
		cond_resched();
		if (!start)
			break;
	}
}

int
write_locked_page(struct address_space *mapping, struct page *page,
		  struct writeback_control *wbc)
{
	int err = mapping->ops->write_page(mapping, page, wbc);

	if (err) {
		errseq_set(&mapping->wb_err, err);
		redirty_page(page);
		unlock_page(page);
	}
	return err;
}

/* One page that had the mark. Held: a reference. */
static int
write_one_page(struct address_space *mapping, struct page *page,
	       struct writeback_control *wbc)
{
	lock_page(page);
	if (wbc->sync_mode == WB_SYNC_ALL)
		wait_on_page_writeback(page);
	if (page->user.mapping != mapping || page->flags & PG_writeback ||
	    !clear_page_dirty_for_io(page)) {
		unlock_page(page);
		return 0;
	}
	wbc->nr_to_write--;
	return write_locked_page(mapping, page, wbc);
}

/* [start, end): where it stopped; *err: the first error. */
static unsigned long
write_range(struct address_space *mapping, unsigned long start,
	    unsigned long end, struct writeback_control *wbc, int *err)
{
	struct page *pages[WRITE_BATCH];
	unsigned i, n;
	int result;

	while (start < end && wbc->nr_to_write > 0 &&
	       (n = find_get_pages_tag(mapping, start, end, PAGE_TREE_DIRTY,
				       WRITE_BATCH, pages))) {
		for (i = 0; i < n; i++) {
			if (wbc->nr_to_write > 0) {
				start = pages[i]->user.index + 1;
				result = write_one_page(mapping, pages[i],
							wbc);
				*err = *err ? *err : result;
			}
			put_page(pages[i]);
		}
		cond_resched();
		if (!start)
			return end;
	}
	return wbc->nr_to_write > 0 ? end : start;
}

int
write_mapping_pages(struct address_space *mapping,
		    struct writeback_control *wbc)
{
	unsigned long start = wbc->range_start, end = wbc->range_end, middle;
	int err = 0;

	/* Those whose write failed have the mark DIRTY again after this. */
	go_over_writeback(mapping, start, end, false);
	middle = wbc->range_cyclic ? READ_ONCE(mapping->writeback_index) : start;
	if (middle <= start || middle >= end)
		middle = start;
	middle = write_range(mapping, middle, end, wbc, &err);
	if (wbc->range_cyclic && middle == end && wbc->nr_to_write > 0)
		middle = write_range(mapping, start, end, wbc, &err);
	if (wbc->range_cyclic)
		WRITE_ONCE(mapping->writeback_index, middle == end ? 0 :
			   middle);
	return err;
}

int
filemap_fdatawrite_range(struct address_space *mapping, unsigned long start,
			 unsigned long end)
{
	struct writeback_control wbc = {
		.sync_mode = WB_SYNC_ALL, .nr_to_write = 0x7fffffff,
		.range_start = start, .range_end = end,
	};

	struct blk_plug plug;
	int err;

	if (!mapping_writes_back(mapping) || !mapping_needs_writeback(mapping))
		return 0;
	blk_start_plug(&plug);
	err = write_mapping_pages(mapping, &wbc);
	blk_finish_plug(&plug);
	return err;
}

void
filemap_fdatawait_range(struct address_space *mapping, unsigned long start,
			unsigned long end)
{
	go_over_writeback(mapping, start, end, true);
}

int
filemap_write_and_wait_range(struct address_space *mapping,
			     unsigned long start, unsigned long end)
{
	int err = filemap_fdatawrite_range(mapping, start, end);

	filemap_fdatawait_range(mapping, start, end);
	return err;
}

/* --- stores through mappings ------------------------------------------------- */

/*
 * The file system finds room for the page before it becomes dirty: without, the
 * store would be lost when it is written. SIGBUS tells the program now.
 */
u32
filemap_page_mkwrite(struct vm_fault *vmf)
{
	struct address_space *mapping = vmf->vma->vm_mapping;
	struct page *page = vmf->page;
	int err = 0;

	if (page->user.mapping != mapping)
		return VM_FAULT_RETRY;	/* it has left: look again */
	if (page->user.index >= READ_ONCE(mapping->size_pages) ||
	    READ_ONCE(mapping->swapfile))
		return VM_FAULT_SIGBUS;
	if (mapping->ops->prepare_write)
		err = mapping->ops->prepare_write(mapping, page, 0, PAGE_SIZE);
	if (err)
		return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
	set_page_dirty(page);
	return 0;
}

/* --- verify ------------------------------------------------------------------ */

void
verify_dirty_page(struct verify *v, struct page *page,
		  struct dirty_count *count)
{
	struct address_space *mapping = page->user.mapping;
	unsigned long index = page->user.index, pfn = page_to_pfn(page);
	u32 flags = READ_ONCE(page->flags);
	bool dirty, writeback;

	count->writeback += (flags & PG_writeback) != 0;
	if (!mapping_writes_back(mapping))
		return;
	dirty = page_tree_get_tag(&mapping->pages, index, PAGE_TREE_DIRTY);
	writeback = page_tree_get_tag(&mapping->pages, index,
				      PAGE_TREE_WRITEBACK);
	count->dirty += (flags & PG_dirty) != 0;
	VERIFY(v, !(flags & PG_dirty) || dirty || writeback, "C4",
	       "pfn %#lx is dirty and has no mark", pfn);
	VERIFY(v, !(flags & PG_writeback) || writeback, "C4",
	       "pfn %#lx is under write-back and has no mark", pfn);
}

void
verify_dirty_counts(struct verify *v, const struct dirty_count *count)
{
	VERIFY(v, count->dirty == global_node_page_state(NR_FILE_DIRTY), "C5",
	       "%lu pages are dirty, the counter says %lu", count->dirty,
	       global_node_page_state(NR_FILE_DIRTY));
	VERIFY(v, count->writeback == global_node_page_state(NR_WRITEBACK),
	       "C5", "%lu pages are under write-back, the counter says %lu",
	       count->writeback, global_node_page_state(NR_WRITEBACK));
}
