/* SPDX-License-Identifier: MIT */
/*
 * Page cache: the pages of a file that are in memory. See mm/cache/filemap.c.
 *
 * Ideas
 *   address_space  the cached pages of one file by their index (offset in
 *	pages), and the VMAs that map it.
 *   A page in it has state CACHE, page->user.mapping and .index say where, and
 *	the cache holds one reference.
 *   Page lock  PG_locked: its holder reads it in, takes it out of the cache,
 *	or maps it. A page that is locked and still has its mapping stays in
 *	the file until it is unlocked.
 *   Up to date	PG_uptodate: it holds what the file holds. Set once, under the
 *	page lock; who finds it set may read the page without the lock.
 *   Dirty	PG_dirty: newer than what is stored. The tree has a mark for such
 *	pages, and for those that are being written. See mm/writeback.h.
 *   A page that left the file (truncation) has mapping NULL; it stays in state
 *	CACHE until the last reference goes.
 */
#ifndef MM_PAGECACHE_H
#define MM_PAGECACHE_H

#include <kernel/lock.h>
#include <kernel/rwsem.h>
#include <lib/errseq.h>
#include <lib/list.h>
#include <mm/gfp.h>
#include <mm/page.h>

struct address_space;
struct inode;
struct iov_iter;
struct vm_fault;
struct writeback_control;

struct address_space_operations {
	/*
	 * Fill page, locked, which is in the cache and not up to date, and
	 * say so with page_mark_uptodate(). 0 or -Exxx. Context: may sleep.
	 */
	int (*read_page)(struct address_space *mapping, struct page *page);
	/*
	 * Optional: begin to read page, locked and not up to date; when it has
	 * come, page_end_read(). 0, or -Exxx: nothing begun, page is still
	 * locked. Context: may sleep, but not for what it has begun.
	 */
	int (*start_read)(struct address_space *mapping, struct page *page);
	/*
	 * Begin to write page, locked, whose dirty flag was taken away by
	 * clear_page_dirty_for_io(). 0: set_page_writeback() was done, the I/O
	 * begun and page unlocked; when it ends, end_page_writeback(). Or
	 * redirty_page() was done and page unlocked. -Exxx: nothing begun, page
	 * is still locked (it becomes dirty again, the error is told).
	 * NULL: the pages are not written anywhere, and none counts as dirty.
	 */
	int (*write_page)(struct address_space *mapping, struct page *page,
			  struct writeback_control *wbc);
	/*
	 * Bytes [from, to) of page, locked, will be written to: find room in
	 * the store, and bring the rest of the page up to date (all of it,
	 * unless the whole page will be written: then it need not be read).
	 * Marks the page up to date if it has made it so. 0 or -Exxx. Optional.
	 * Context: may sleep; the inode lock is held by a write, not by a fault.
	 */
	int (*prepare_write)(struct address_space *mapping, struct page *page,
			     unsigned from, unsigned to);
	/*
	 * Optional, for O_DIRECT: move bytes between the store and iter's
	 * memory, past the cache, which has none of the range that is dirty
	 * (a read), or nothing of it (a write); *pos and iter go on by that
	 * much. Returns how many, a write: fewer where the cache must do it; or
	 * -EINVAL: no whole sectors; -EFAULT, -EIO, -ENOMEM, -ENOSPC.
	 * Context: may sleep; the inode lock is held.
	 */
	ssize_t (*direct_io)(struct address_space *mapping,
			     struct iov_iter *iter, u64 *pos, bool write);
	/* The first sector of page index in the store; 0: a hole. Optional. */
	u64 (*bmap)(struct address_space *mapping, unsigned long index);
	/*
	 * Optional: pages more (n > 0) are about to enter: 0, or -ENOSPC when
	 * there may not be so many; or -n pages have left.
	 */
	int (*charge)(struct address_space *mapping, long n);
	/* Is it memory that has no other store (shmem)? Then what is neither in
	 * the cache nor in swap is a hole. */
	bool swap_backed;
	/* A disk's own pages: meminfo's Buffers. */
	bool buffers;
};

/* A radix tree of pages: mm/cache/page_tree.c. */
struct page_tree {
	void *root;
	u8 tags;		/* marks that any entry has */
};

struct address_space {
	struct inode *host;		/* -  opaque here */
	const struct address_space_operations *ops;	/* -  */
	spinlock_t tree_lock;		/*    rank PAGE_TREE */
	struct page_tree pages;		/* tree_lock; readers: RCU or the lock */
	unsigned long nr_pages;		/* tree_lock */
	unsigned long nr_swapped;	/* tree_lock; shared memory in swap */
	struct list_head swap_list;	/* swap_lock, unless nr_swapped is 0 */
	bool unevictable;		/* a  SHM_LOCK: nothing goes to swap */
	bool swapfile;			/* a  its blocks are swap: swapon changes it
					 * under the inode lock; no writes */
	unsigned long writeback_index;	/* where the flusher goes on; a hint */
	errseq_t wb_err;		/* a  of writes: lib/errseq.h */
	unsigned long size_pages;	/* the file's size, rounded up; inode lock:
					 * a fault at or beyond it is SIGBUS */
	struct rw_semaphore i_mmap_lock;
	struct list_head i_mmap;	/* i_mmap_lock: vm_area_struct.mapping_node */
	gfp_t gfp;			/* -  for its pages */
	void *private;			/* -  of ops */
};

void address_space_init(struct address_space *mapping, struct inode *host,
			const struct address_space_operations *ops, gfp_t gfp);

static inline bool
page_uptodate(const struct page *page)
{
	return smp_load_acquire(&page->flags) & PG_uptodate;
}

/* Its content is that of the file. Held: the page lock. */
void page_mark_uptodate(struct page *page);
/*
 * Reading has ended: up to date, or -Exxx; the page lock goes. Context: any.
 */
void page_end_read(struct page *page, int err);
/*
 * Its contents are newer than what is stored. Any user page; does nothing to
 * one that has left its file. Context: any but a handler, with a reference;
 * spinlocks of rank MM_PGTABLE and above may be held.
 */
void set_page_dirty(struct page *page);

/* Context of the three: lock may sleep; the others any, a handler too. */
void lock_page(struct page *page);
bool trylock_page(struct page *page);
void unlock_page(struct page *page);

/* Has it any page, in memory or in swap? Context: any; a hint. */
static inline bool
mapping_empty(const struct address_space *mapping)
{
	return !READ_ONCE(mapping->pages.root);
}

/* The page at index with a reference; NULL: not in memory. Context: any. */
struct page *find_get_page(struct address_space *mapping, unsigned long index);
/* The same, locked, and still there. Context: may sleep. */
struct page *find_lock_page(struct address_space *mapping,
			    unsigned long index);
/*
 * The same, brought back from swap, or made if missing (then not up to date).
 * Context: may sleep. 0, -ENOMEM, -EIO (of swap), or what ops->charge says.
 */
int find_or_create_page(struct address_space *mapping, unsigned long index,
			struct page **page);
/* find_or_create and read in: referenced, up to date, not locked. 0 / -Exxx. */
int read_cache_page(struct address_space *mapping, unsigned long index,
		    struct page **page);
/*
 * Up to n pages from index on, below end, that are there, with references, in
 * order; how many. Context: any.
 */
unsigned find_get_pages(struct address_space *mapping, unsigned long index,
			unsigned long end, unsigned n, struct page **pages);
/* The same of those that have a mark of the tree (PAGE_TREE_DIRTY ...). */
unsigned find_get_pages_tag(struct address_space *mapping,
			    unsigned long index, unsigned long end,
			    unsigned tag, unsigned n, struct page **pages);

/*
 * page: locked, in state KERNEL, the caller's, who keeps its reference.
 * Context: may sleep. 0, -EEXIST, -ENOMEM, or what ops->charge says.
 */
int add_to_page_cache(struct page *page, struct address_space *mapping,
		      unsigned long index);
/* page: locked, in its file, not mapped. The cache's reference goes. */
void delete_from_page_cache(struct page *page);
/*
 * For reclaim: page, locked, in its file, not mapped. If it is clean and nobody
 * but the cache and the caller has it, it leaves, and its count is 0: true.
 */
bool remove_mapping(struct page *page);
/*
 * Take [first, end) out, of swap too. Context: may sleep. Held: nothing that a page lock's
 * holder waits for.
 */
void truncate_inode_pages_range(struct address_space *mapping,
				unsigned long first, unsigned long end);

/* For vm_operations_struct: the handlers of a file in the page cache. */
u32 filemap_fault(struct vm_fault *vmf);
void filemap_map_pages(struct vm_fault *vmf, unsigned long start,
		       unsigned long end);

#endif
