/* SPDX-License-Identifier: MIT */
/*
 * Shared memory in swap: where a page of tmpfs, of a memfd, of a System V segment
 * or of MAP_SHARED|MAP_ANONYMOUS goes when memory is short.
 *
 * Ideas
 *   A page of a program's own leaves its slot's number behind in page tables. A
 *   shared one has a better place for it: the file's tree, at its index, where
 *   everybody looks first. So translations are merely taken away, and nobody
 *   need be told where the page is.
 *
 *	tree of the file   [page][slot 17][page][ - ][slot 18]
 *				    |		       |
 *	swap cache		   page (on its way)   nobody: on the disk only
 *
 *	out	CACHE --its place in the tree becomes the slot--> SWAPCACHE, dirty,
 *		of no mapping --write--> clean --nobody has it--> freed
 *	in	slot in the tree --cache or disk--> the page, locked --the place in
 *		the tree becomes the page again, the slot is free--> CACHE
 *
 *   Each slot is named by one tree, once: its count is 1. No copy of the slot is
 *	kept when the page is back, since any store through a mapping would
 *	make it stale unseen.
 *   Every page is written, one of zeros too: a hole would be cheaper, but what
 *	a device or a debugger stored leaves no mark that we could trust.
 *   Space	a page in swap is still the file's: it stays charged (shmem.c).
 *
 * Who else may have the page?  It goes only if its references are the cache's
 *   and the caller's, and its count is held at 0 while it changes hands. So no
 *   read or write that is copying meets a page that is not the file's any more.
 *
 * Races	in and truncation: who finds the slot in the tree under tree_lock has
 *   it; the other looks again. Truncation takes pages and slots in one walk
 *   (gather_to_truncate), so that nothing slips from one kind to the other
 *   behind its back.
 *
 * Invariants (shmem_swap_verify)
 *   S1	 nr_swapped is the number of slots in a file's tree; it is on the list if
 *	 and only if that is not 0.
 *   S2	 each of these slots has a count of 1.
 * Locks   page lock -> tree_lock -> swap_lock. The list of mappings that have
 *   something in swap: swap_lock.
 * Cost	   nothing is allocated: a slot takes the place of the page in the tree.
 * Sources  Rohland, Dickins: Linux tmpfs and shmem (swap entries in the page cache
 *	    since 3.1, 2011).
 */
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <mm/hooks.h>
#include <mm/shmem.h>
#include <mm/verify.h>
#include <mm/writeback.h>
#include "cache.h"
#include "page_tree.h"
#include "swap.h"

bool (*shmem_hold_fn)(struct inode *inode);
void (*shmem_release_fn)(struct inode *inode);

static LIST_HEAD(swapped_mappings);	/* swap_lock; by swap_list */

static swp_entry_t
value_to_entry(const void *value)
{
	return (swp_entry_t){ page_tree_to_value(value) };
}

/* One page more (n = 1) or less is in swap. Held: tree_lock, swap_lock. */
static void
count_swapped(struct address_space *mapping, int n)
{
	if (!mapping->nr_swapped)
		list_add_tail(&mapping->swap_list, &swapped_mappings);
	mapping->nr_swapped += (unsigned long)n;
	if (!mapping->nr_swapped)
		list_del(&mapping->swap_list);
}

/* --- out ---------------------------------------------------------------------- */

/* page, which nobody can get a reference of, leaves. Held: tree_lock. */
static void
leave_file(struct address_space *mapping, struct page *page, swp_entry_t entry)
{
	page_tree_replace(&mapping->pages, page->user.index,
			  page_tree_value(entry.value));
	mapping->nr_pages--;
	count_cache_page(mapping, page, -1);
	WRITE_ONCE(page->user.mapping, NULL);
	spin_lock(&swap_lock);
	swap_cache_take(page, entry);
	count_swapped(mapping, 1);
	spin_unlock(&swap_lock);
}

bool
shmem_swap_out(struct page *page)
{
	struct address_space *mapping = page->user.mapping;
	swp_entry_t entry;
	s32 two = 2;
	bool alone;

	assert(page->flags & PG_locked && !page_mapcount(page));
	if (mapping->unevictable || !page_uptodate(page))
		return false;
	entry = get_swap_page(NULL);
	if (!entry.value)
		return false;
	spin_lock(&mapping->tree_lock);
	alone = __atomic_compare_exchange_n(&page->refcount.value, &two, 0,
					    false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED);
	if (alone) {
		page_life(page, UNCACHE, page->user.index);
		leave_file(mapping, page, entry);
		/* The swap cache's and the caller's. */
		atomic_set(&page->refcount, 2);
	}
	/* The file may end as soon as the lock is free. */
	spin_unlock(&mapping->tree_lock);
	if (!alone)
		put_swap_page(entry);
	return alone;
}

/* --- in ------------------------------------------------------------------------- */

/* Is it in swap, and where? Context: any; a hint without tree_lock. */
static void *
find_value(struct address_space *mapping, unsigned long index)
{
	void *entry;

	rcu_read_lock();
	entry = page_tree_lookup(&mapping->pages, index);
	rcu_read_unlock();
	return page_tree_is_value(entry) ? entry : NULL;
}

/* page, locked, read, not being written, takes the place of value. */
static void
enter_file(struct address_space *mapping, unsigned long index,
	   struct page *page, void *value)
{
	spin_lock(&mapping->tree_lock);
	if (page_tree_lookup(&mapping->pages, index) == value) {
		spin_lock(&swap_lock);
		swap_cache_give(page);
		count_swapped(mapping, -1);
		spin_unlock(&swap_lock);
		page->user.index = index;
		WRITE_ONCE(page->user.mapping, mapping);
		page_tree_replace(&mapping->pages, index, page);
		mapping->nr_pages++;
		count_cache_page(mapping, page, 1);
		page_life(page, CACHE, index);
	}
	spin_unlock(&mapping->tree_lock);
}

int
shmem_swap_in(struct address_space *mapping, unsigned long index)
{
	void *value = find_value(mapping, index);
	struct page *page;
	bool major;
	int err;

	if (!value)
		return 0;
	err = get_swap_cache_page(value_to_entry(value), &page, &major);
	if (err)
		return err == -EAGAIN || find_value(mapping, index) != value ?
		       1 : err;
	wait_on_page_writeback(page);
	enter_file(mapping, index, page, value);
	/* If it was cut off meanwhile, nobody else will look for the page. */
	try_to_free_swap(page);
	unlock_page(page);
	put_page(page);
	return 1;
}

/* --- looking, and going --------------------------------------------------------- */

bool
mapping_in_swap(struct address_space *mapping, unsigned long index)
{
	return READ_ONCE(mapping->nr_swapped) && find_value(mapping, index);
}

bool
mapping_next_data(struct address_space *mapping, unsigned long *index)
{
	bool found;

	spin_lock(&mapping->tree_lock);
	found = page_tree_next(&mapping->pages, index) != NULL;
	spin_unlock(&mapping->tree_lock);
	return found;
}

/* The next slot of the tree from *index on. Held: tree_lock. */
static void *
next_value(struct address_space *mapping, unsigned long *index)
{
	void *entry;

	while ((entry = page_tree_next(&mapping->pages, index)) &&
	       !page_tree_is_value(entry))
		++*index;
	return entry;
}

unsigned long
shmem_swap_usage(struct address_space *mapping, unsigned long first,
		 unsigned long end)
{
	unsigned long n = 0;

	if (!READ_ONCE(mapping->nr_swapped))
		return 0;
	spin_lock(&mapping->tree_lock);
	for (; next_value(mapping, &first) && first < end; first++)
		n++;
	spin_unlock(&mapping->tree_lock);
	return n;
}

struct page *
shmem_swap_cached(struct address_space *mapping, unsigned long index)
{
	void *value = find_value(mapping, index);

	return value ? lookup_swap_cache(value_to_entry(value)) : NULL;
}

/* The slot at index leaves the tree. Held: tree_lock. */
static void
delete_value(struct address_space *mapping, unsigned long index,
	     struct page_tree_node **freed)
{
	page_tree_delete(&mapping->pages, index, freed);
	spin_lock(&swap_lock);
	count_swapped(mapping, -1);
	spin_unlock(&swap_lock);
}

bool
gather_to_truncate(struct address_space *mapping, unsigned long *index,
		   unsigned long end, struct page **pages, unsigned *nr_pages)
{
	struct page_tree_node *freed = NULL;
	swp_entry_t gone[TRUNCATE_BATCH];
	unsigned nr_gone = 0;
	void *entry;

	*nr_pages = 0;
	spin_lock(&mapping->tree_lock);
	while (*nr_pages < TRUNCATE_BATCH && nr_gone < TRUNCATE_BATCH &&
	       *index < end &&
	       (entry = page_tree_next(&mapping->pages, index)) &&
	       *index < end) {
		if (page_tree_is_value(entry)) {
			delete_value(mapping, *index, &freed);
			gone[nr_gone++] = value_to_entry(entry);
		} else {
			get_page(entry);
			pages[(*nr_pages)++] = entry;
		}
		++*index;
	}
	spin_unlock(&mapping->tree_lock);
	free_tree_nodes(freed);
	for (unsigned i = 0; i < nr_gone; i++)
		free_swap_and_cache(gone[i]);
	if (nr_gone && mapping->ops->charge)
		mapping->ops->charge(mapping, -(long)nr_gone);
	return *nr_pages || nr_gone;
}

/* --- swapoff ------------------------------------------------------------------- */

/* A mapping of the list, kept alive; it goes to the end. NULL: none can be had. */
static struct address_space *
hold_next(void)
{
	struct address_space *mapping, *found = NULL;

	spin_lock(&swap_lock);
	list_for_each_entry(mapping, &swapped_mappings, swap_list) {
		/* One that is ending gives its slots up by itself. */
		if (!mapping->host || shmem_hold_fn(mapping->host)) {
			found = mapping;
			break;
		}
	}
	if (found)
		list_move_tail(&found->swap_list, &swapped_mappings);
	spin_unlock(&swap_lock);
	return found;
}

static bool
next_of_type(struct address_space *mapping, unsigned long *index,
	     unsigned type)
{
	void *value;

	spin_lock(&mapping->tree_lock);
	while ((value = next_value(mapping, index)) &&
	       swp_type(value_to_entry(value)) != type)
		++*index;
	spin_unlock(&mapping->tree_lock);
	return value != NULL;
}

static int
unuse_mapping(struct address_space *mapping, unsigned type)
{
	unsigned long index = 0;
	int err;

	for (; next_of_type(mapping, &index, type); index++) {
		err = shmem_swap_in(mapping, index);
		if (err < 0)
			return err;
		cond_resched();
	}
	return 0;
}

int
shmem_unuse(unsigned type)
{
	struct address_space *mapping;
	unsigned n = 0;
	int err = 0;

	spin_lock(&swap_lock);
	list_for_each_entry(mapping, &swapped_mappings, swap_list)
		n++;
	spin_unlock(&swap_lock);
	while (!err && n-- && (mapping = hold_next())) {
		err = unuse_mapping(mapping, type);
		if (mapping->host)
			shmem_release_fn(mapping->host);
	}
	return err;
}

/* --- verify --------------------------------------------------------------------- */

unsigned long
shmem_swapped_pages(void)
{
	struct address_space *mapping;
	unsigned long sum = 0;

	list_for_each_entry(mapping, &swapped_mappings, swap_list)
		sum += mapping->nr_swapped;
	return sum;
}

static void
shmem_swap_verify(struct verify *v)
{
	struct address_space *mapping;

	list_for_each_entry(mapping, &swapped_mappings, swap_list) {
		unsigned long index = 0, n = 0;
		void *value;

		for (; (value = next_value(mapping, &index)); index++) {
			n++;
			VERIFY(v, swap_count(value_to_entry(value)) == 1, "S2",
			       "shmem: page %lu of mapping %p names slot %u, "
			       "whose count is %u", index, (void *)mapping,
			       swp_offset(value_to_entry(value)),
			       swap_count(value_to_entry(value)));
		}
		VERIFY(v, n && n == mapping->nr_swapped, "S1",
		       "shmem: mapping %p has %lu pages in swap, counted %lu",
		       (void *)mapping, n, mapping->nr_swapped);
	}
}

static struct verify_module shmem_module = { .name = "shmem",
					     .fn = shmem_swap_verify };

static int __init
shmem_swap_init(void)
{
	verify_register(&shmem_module);
	return 0;
}
early_initcall(shmem_swap_init);
