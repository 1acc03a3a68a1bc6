/* SPDX-License-Identifier: MIT */
/*
 * Page cache: a file's pages in memory, found by their offset.
 *
 * Everything that shows a file's content goes through here: read() and write()
 * copy from and to these pages, and mmap() puts the very same frames into page
 * tables. So there is one copy of each page, and nothing to keep coherent.
 *
 *	read()  write()		shared mapping		private mapping
 *	   \      |		      |			      |
 *	    copy  copy		 translation	      copied when written
 *	       \  |		     /			    /
 *	     [ page 0 ][ page 1 ][ hole ][ page 3 ]	address_space
 *
 * The life of a page here
 *	alloc_page	KERNEL, 1 reference: ours
 *	add		CACHE, locked, 2 references: the cache's and ours
 *	read in		PG_uptodate
 *	unlock, put	1 reference: the cache's
 *	find		one more for each finder, one for each translation
 *	delete		mapping NULL; the cache's reference goes, others end
 *			when they end
 *
 * Finding without a lock
 *   The tree may be read inside rcu_read_lock(). Between finding the pointer
 *   and taking a reference the page may leave, be freed, and be given to
 *   somebody else. So: take a reference unless there is none, then ask the page
 *   whether it is still the one of this file at this index; if not, put it
 *   and look again.
 *
 * The page lock
 *   One bit, PG_locked, and 32 wait queues shared by all pages (a queue for
 *   each page would cost more than the page's whole descriptor). A waiter sets
 *   PG_waiters before it sleeps; unlock clears both bits in one step and
 *   looks at the queue only if PG_waiters was set.
 *
 * Invariants (filemap_verify)
 *   C1  a page in state CACHE with a mapping is what the mapping's tree holds
 *	at its index, and has a reference.
 *   C2  nr_file_pages is the number of such pages; nr_shmem the number of
 *	those whose file has no other store, nr_buffers of those of disks.
 *   C3  a page that is up to date has a mapping.
 *   C4, C5  of dirty pages: writeback.c.
 *
 * Locks   mapping->tree_lock (rank PAGE_TREE) for changes of the tree; nothing
 *   is allocated or freed under it. Page lock: sleeps; taken inside the inode
 *   lock and mmap_lock, two of one file in order of index.
 *
 * Cost    find: one load for each six bits of the index, and a reference.
 *
 * Questions a reader asks
 *   Why may a reader copy from a page that it has not locked?  Because what is
 *   up to date stays so; a write at the same time gives a mixture, as POSIX
 *   allows. Truncation takes the page out of the file, not out of our hands.
 *
 * Sources  Gorman, Understanding the Linux Virtual Memory Manager, chapter 10;
 *	    Piggin, A lockless pagecache in Linux, OLS 2006.
 */
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <kernel/psi.h>
#include <kernel/wait.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/hooks.h>
#include <mm/lru.h>
#include <mm/mm.h>
#include <mm/pagecache.h>
#include <mm/reclaim.h>
#include <mm/readahead.h>
#include <mm/shmem.h>
#include <mm/slab.h>
#include <mm/verify.h>
#include <mm/writeback.h>

#include "cache.h"
#include "page_tree.h"

#define NR_PAGE_QUEUES	32u	/* a power of two */
#define AROUND_BATCH	16u	/* at most 32: filemap_map_locked() */

/* What delete leaves alone: its caller and those who wait for it. */
#define LOCK_FLAGS	(PG_locked | PG_waiters | PG_pinned)
/* And where it stands until its last reference goes (mm/lru.h). */
#define LIST_FLAGS	(PG_lru | PG_active | PG_unevictable | PG_mlocked | \
			 PG_swapbacked)

static struct wait_queue_head page_queues[NR_PAGE_QUEUES];
static struct kmem_cache *node_cache;

/* --- flags and the page lock ---------------------------------------------- */

void
page_mark_uptodate(struct page *page)
{
	page_set_flags(page, PG_uptodate);
}

void
page_end_read(struct page *page, int err)
{
	page_set_flags(page, err ? PG_error : PG_uptodate);
	unlock_page(page);
}

struct wait_queue_head *
page_queue(const struct page *page)
{
	/* Neighbours in mem_map get different queues. */
	return &page_queues[(unsigned long)page / sizeof(*page) %
			    NR_PAGE_QUEUES];
}

bool
trylock_page(struct page *page)
{
	return !(page_set_flags(page, PG_locked) & PG_locked);
}

static noinline void
lock_page_slow(struct page *page)
{
	struct wait_queue_head *queue = page_queue(page);
	unsigned was = psi_stall_enter(PSI_IO_STALL);
	struct wait_queue_entry entry;

	init_wait_entry(&entry, false);
	for (;;) {
		prepare_to_wait(queue, &entry, TASK_UNINTERRUPTIBLE);
		page_set_flags(page, PG_waiters);
		if (trylock_page(page))
			break;
		schedule();
	}
	finish_wait(queue, &entry);
	psi_stall_leave(was);
}

void
lock_page(struct page *page)
{
	might_sleep();
	if (!trylock_page(page))
		lock_page_slow(page);
}

void
unlock_page(struct page *page)
{
	u32 old = page_clear_flags(page, PG_locked | PG_waiters);

	assert(old & PG_locked);
	if (unlikely(old & PG_waiters))
		wake_up_all(page_queue(page));
}

/* --- finding ---------------------------------------------------------------- */

void
address_space_init(struct address_space *mapping, struct inode *host,
		   const struct address_space_operations *ops, gfp_t gfp)
{
	memset(mapping, 0, sizeof(*mapping));
	mapping->host = host;
	mapping->ops = ops;
	mapping->gfp = gfp;
	spin_lock_init(&mapping->tree_lock, LOCK_PAGE_TREE);
	init_rwsem(&mapping->i_mmap_lock);
	INIT_LIST_HEAD(&mapping->i_mmap);
}

/* Is page, of which we hold a reference, mapping's page at index? */
static bool
page_is_at(const struct page *page, const struct address_space *mapping,
	   unsigned long index)
{
	return page_state(page) == PAGE_STATE_CACHE &&
	       READ_ONCE(page->user.mapping) == mapping &&
	       READ_ONCE(page->user.index) == index;
}

struct page *
find_get_page(struct address_space *mapping, unsigned long index)
{
	struct page *page;

	rcu_read_lock();
	for (;;) {
		page = page_tree_lookup(&mapping->pages, index);
		if (!page || page_tree_is_value(page)) {
			page = NULL;
			break;
		}
		if (!get_page_unless_zero(page))
			continue;
		if (likely(page_is_at(page, mapping, index)))
			break;
		put_page(page);
	}
	rcu_read_unlock();
	return page;
}

struct page *
find_lock_page(struct address_space *mapping, unsigned long index)
{
	struct page *page;

	while ((page = find_get_page(mapping, index))) {
		lock_page(page);
		if (likely(page->user.mapping == mapping))
			break;
		unlock_page(page);
		put_page(page);
	}
	return page;
}

unsigned
find_get_pages(struct address_space *mapping, unsigned long index,
	       unsigned long end, unsigned n, struct page **pages)
{
	return find_get_pages_tag(mapping, index, end, PAGE_TREE_ANY, n,
				  pages);
}

unsigned
find_get_pages_tag(struct address_space *mapping, unsigned long index,
		   unsigned long end, unsigned tag, unsigned n,
		   struct page **pages)
{
	struct page *page;
	unsigned i = 0;

	spin_lock(&mapping->tree_lock);
	while (i < n && index < end &&
	       (page = tag == PAGE_TREE_ANY ?
		page_tree_next(&mapping->pages, &index) :
		page_tree_next_tagged(&mapping->pages, &index, tag)) &&
	       index < end) {
		if (!page_tree_is_value(page)) {
			get_page(page);
			pages[i++] = page;
		}
		index++;
		if (!index)
			break;
	}
	spin_unlock(&mapping->tree_lock);
	return i;
}

/* --- coming and going ------------------------------------------------------- */

static void
free_node_rcu(struct rcu_head *head)
{
	kmem_cache_free(node_cache,
			container_of(head, struct page_tree_node, rcu));
}

/* Readers may still stand in nodes that were in a tree. */
void
free_tree_nodes(struct page_tree_node *list)
{
	struct page_tree_node *node;

	while ((node = list)) {
		list = node->next;
		call_rcu(&node->rcu, free_node_rcu);
	}
}

/* Those that were never in one go at once. */
static void
free_spare(struct page_tree_node *list)
{
	struct page_tree_node *node;

	while ((node = list)) {
		list = node->next;
		kmem_cache_free(node_cache, node);
	}
}

/*
 * tree_lock, with as many spare nodes as an insertion at index needs now.
 * Returns false, unlocked, when there is no memory for them.
 */
static bool
lock_with_nodes(struct address_space *mapping, unsigned long index,
		struct page_tree_node **spare)
{
	struct page_tree_node *node;
	unsigned have = 0;

	for (;;) {
		spin_lock(&mapping->tree_lock);
		if (page_tree_nodes_needed(&mapping->pages, index) <= have)
			return true;
		spin_unlock(&mapping->tree_lock);
		/* As its pages: a file system holds locks here. */
		node = kmem_cache_zalloc(node_cache,
					 mapping->gfp & GFP_KERNEL);
		if (!node)
			return false;
		node->next = *spare;
		*spare = node;
		have++;
	}
}

void
count_cache_page(const struct address_space *mapping, struct page *page, int n)
{
	struct pglist_data *node = NODE_DATA(page_to_nid(page));

	mod_node_page_state(node, NR_FILE_PAGES, n);
	if (mapping->ops->swap_backed)
		mod_node_page_state(node, NR_SHMEM, n);
	if (mapping->ops->buffers)
		mod_node_page_state(node, NR_BUFFERS, n);
}

static int
charge(struct address_space *mapping, long n)
{
	return mapping->ops->charge ? mapping->ops->charge(mapping, n) : 0;
}

/* Put page, charged for, into the tree. */
static int
insert_page(struct page *page, struct address_space *mapping,
	    unsigned long index)
{
	struct page_tree_node *spare = NULL;
	int err = -ENOMEM;

	if (lock_with_nodes(mapping, index, &spare)) {
		err = page_tree_insert(&mapping->pages, index, page, &spare);
		if (!err)
			mapping->nr_pages++;
		spin_unlock(&mapping->tree_lock);
	}
	free_spare(spare);
	return err;
}

int
add_to_page_cache(struct page *page, struct address_space *mapping,
		  unsigned long index)
{
	int err = charge(mapping, 1);

	assert(page->flags & PG_locked);
	if (err) {
		page_clear_flags(page, PG_uptodate);
		return err;
	}
	INIT_LIST_HEAD(&page->user.lru);
	page->user.mapping = mapping;
	page->user.index = index;
	page->user.private = 0;
	/* The cache's reference, before anybody can find the page. */
	get_page(page);
	page_set_state(page, PAGE_STATE_CACHE);
	if (mapping->ops->swap_backed)
		page_set_flags(page, PG_swapbacked);
	err = insert_page(page, mapping, index);
	if (!err) {
		page_life(page, CACHE, index);
		if (workingset_refault(mapping, index,
				       !mapping->ops->swap_backed))
			page_set_flags(page, PG_active | PG_workingset);
		lru_add(page);
		count_cache_page(mapping, page, 1);
		return 0;
	}
	page_clear_flags(page, PAGE_FLAGS_MASK & ~LOCK_FLAGS);
	page->user.mapping = NULL;
	page_set_state(page, PAGE_STATE_KERNEL);
	put_page(page);
	charge(mapping, -1);
	return err;
}

void
delete_from_page_cache(struct page *page)
{
	struct address_space *mapping = page->user.mapping;
	struct page_tree_node *freed = NULL;

	assert(page->flags & PG_locked);
	assert(!(page->flags & PG_writeback));
	spin_lock(&mapping->tree_lock);
	page_forget_dirty(mapping, page);
	page_tree_delete(&mapping->pages, page->user.index, &freed);
	mapping->nr_pages--;
	WRITE_ONCE(page->user.mapping, NULL);
	spin_unlock(&mapping->tree_lock);
	page_clear_flags(page, PAGE_FLAGS_MASK & ~(LOCK_FLAGS | LIST_FLAGS));
	free_tree_nodes(freed);
	page_life(page, UNCACHE, page->user.index);
	count_cache_page(mapping, page, -1);
	charge(mapping, -1);
	put_page(page);
}

bool
remove_mapping(struct page *page)
{
	struct address_space *mapping = page->user.mapping;
	unsigned long index = page->user.index;
	struct page_tree_node *freed = NULL;
	bool alone;

	assert(page->flags & PG_locked);
	spin_lock(&mapping->tree_lock);
	/* No finder gets a reference from 0; who has one already is counted. */
	alone = freeze_clean_page(page);
	if (alone) {
		page_tree_delete(&mapping->pages, index, &freed);
		mapping->nr_pages--;
		/* The file may end as soon as the lock is free. */
		count_cache_page(mapping, page, -1);
		charge(mapping, -1);
		WRITE_ONCE(page->user.mapping, NULL);
	}
	spin_unlock(&mapping->tree_lock);
	free_tree_nodes(freed);
	if (alone)
		workingset_eviction(mapping, index);
	return alone;
}

int
find_or_create_page(struct address_space *mapping, unsigned long index,
		    struct page **found)
{
	struct page *page;
	int err;

	for (;;) {
		page = find_lock_page(mapping, index);
		if (page)
			break;
		if (READ_ONCE(mapping->nr_swapped)) {
			err = shmem_swap_in(mapping, index);
			if (err < 0)
				return err;
			if (err)
				continue;
		}
		page = alloc_page(mapping->gfp);
		if (!page)
			return -ENOMEM;
		page_set_flags(page, PG_locked);
		err = add_to_page_cache(page, mapping, index);
		if (!err)
			break;
		unlock_page(page);
		put_page(page);
		if (err != -EEXIST)
			return err;
	}
	*found = page;
	return 0;
}

int
read_cache_page(struct address_space *mapping, unsigned long index,
		struct page **found)
{
	struct page *page = find_get_page(mapping, index);
	int err;

	if (!page || !page_uptodate(page)) {
		if (page)
			put_page(page);
		err = find_or_create_page(mapping, index, &page);
		if (err)
			return err;
		if (!page_uptodate(page))
			err = mapping->ops->read_page(mapping, page);
		unlock_page(page);
		if (err) {
			put_page(page);
			return err;
		}
	}
	*found = page;
	return 0;
}

/* --- faults ----------------------------------------------------------------- */

static vm_fault_t
fault_error(int err)
{
	return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
}

/* The page and those around it are begun, if they are to be read ahead. */
static vm_fault_t
fault_readahead(struct vm_fault *vmf)
{
	struct page *page = find_get_page(vmf->vma->vm_mapping, vmf->pgoff);
	vm_fault_t waits = VM_FAULT_MAJOR;

	if (!page) {
		filemap_fault_miss(vmf);
		return waits;
	}
	filemap_fault_hit(vmf, page);
	if (page_uptodate(page))
		waits = 0;
	put_page(page);
	return waits;
}

/*
 * Find or read the page of a fault: locked, up to date, referenced, and of
 * the file. The size is looked at again under the page lock: whoever makes the
 * file smaller writes the size first and then waits for this lock.
 */
u32
filemap_fault(struct vm_fault *vmf)
{
	struct address_space *mapping = vmf->vma->vm_mapping;
	vm_fault_t ret = VM_FAULT_LOCKED;
	struct page *page;
	int err;

	if (vmf->pgoff >= READ_ONCE(mapping->size_pages))
		return VM_FAULT_SIGBUS;
	if (mapping->ops->start_read)
		ret |= fault_readahead(vmf);
	else if (mapping_in_swap(mapping, vmf->pgoff))
		ret |= VM_FAULT_MAJOR;
	err = find_or_create_page(mapping, vmf->pgoff, &page);
	if (err)
		return fault_error(err);
	if (!page_uptodate(page)) {
		if (!mapping->ops->swap_backed)
			ret |= VM_FAULT_MAJOR;
		err = mapping->ops->read_page(mapping, page);
	}
	if (err || vmf->pgoff >= READ_ONCE(mapping->size_pages)) {
		unlock_page(page);
		put_page(page);
		return err ? fault_error(err) : VM_FAULT_SIGBUS;
	}
	vmf->page = page;
	return ret;
}

/* Lock page for fault-around, if it is of mapping and can be had at once. */
static bool
lock_to_map(struct address_space *mapping, struct page *page)
{
	/* One with the mark is left for a fault, which reads on. */
	if (!page_uptodate(page) || READ_ONCE(page->flags) & PG_readahead ||
	    !trylock_page(page))
		return false;
	if (page->user.mapping == mapping &&
	    page->user.index < READ_ONCE(mapping->size_pages))
		return true;
	unlock_page(page);
	return false;
}

/*
 * Fault-around: what is in memory of the page offsets [start, end) is mapped
 * with one fault. A page that is locked or not read yet is left for its own.
 */
void
filemap_map_pages(struct vm_fault *vmf, unsigned long start, unsigned long end)
{
	struct address_space *mapping = vmf->vma->vm_mapping;
	struct page *pages[AROUND_BATCH];
	unsigned i, n, ready;
	u32 mapped;

	while (start < end && (n = find_get_pages(mapping, start, end,
						  AROUND_BATCH, pages))) {
		start = pages[n - 1]->user.index + 1;
		for (i = ready = 0; i < n; i++) {
			if (lock_to_map(mapping, pages[i]))
				pages[ready++] = pages[i];
			else
				put_page(pages[i]);
		}
		mapped = filemap_map_locked(vmf, pages, ready);
		for (i = 0; i < ready; i++) {
			unlock_page(pages[i]);
			if (!(mapped >> i & 1))
				put_page(pages[i]);
		}
		if (!start)
			break;
	}
}

/* --- verify ----------------------------------------------------------------- */

struct cache_count {
	unsigned long file, shmem, buffers;
	struct dirty_count dirty;
};

/* C1, C3 to C5 of one page in state CACHE. */
static void
verify_page(struct verify *v, struct page *page, struct cache_count *count)
{
	struct address_space *mapping = page->user.mapping;
	unsigned long pfn = page_to_pfn(page);

	if (!mapping) {
		VERIFY(v, !page_uptodate(page), "C3",
		       "pfn %#lx is up to date, but of no file", pfn);
		return;
	}
	count->file++;
	verify_dirty_page(v, page, &count->dirty);
	if (mapping->ops->swap_backed)
		count->shmem++;
	if (mapping->ops->buffers)
		count->buffers++;
	VERIFY(v, page_tree_lookup(&mapping->pages, page->user.index) == page,
	       "C1", "pfn %#lx says it is page %lu of mapping %p, which has %p",
	       pfn, page->user.index, (void *)mapping,
	       page_tree_lookup(&mapping->pages, page->user.index));
}

static void
filemap_verify(struct verify *v)
{
	struct cache_count count = { 0 };
	struct page *page;

	verify_for_each_user(page) {
		if (page_state(page) == PAGE_STATE_CACHE)
			verify_page(v, page, &count);
	}
	VERIFY(v, count.file == global_node_page_state(NR_FILE_PAGES), "C2",
	       "%lu pages of files, the counter says %lu", count.file,
	       global_node_page_state(NR_FILE_PAGES));
	VERIFY(v, count.shmem == global_node_page_state(NR_SHMEM), "C2",
	       "%lu pages of shared memory, the counter says %lu",
	       count.shmem, global_node_page_state(NR_SHMEM));
	VERIFY(v, count.buffers == global_node_page_state(NR_BUFFERS), "C2",
	       "%lu pages of disks, the counter says %lu", count.buffers,
	       global_node_page_state(NR_BUFFERS));
	verify_dirty_counts(v, &count.dirty);
}

static struct verify_module filemap_module = { .name = "filemap",
					       .fn = filemap_verify };

static int __init
page_cache_init(void)
{
	for (unsigned i = 0; i < NR_PAGE_QUEUES; i++)
		init_waitqueue_head(&page_queues[i]);
	node_cache = kmem_cache_create("page_tree_node",
				       sizeof(struct page_tree_node), 0,
				       SLAB_PANIC | SLAB_RECLAIM_ACCOUNT,
				       NULL);
	verify_register(&filemap_module);
	return 0;
}
early_initcall(page_cache_init);
