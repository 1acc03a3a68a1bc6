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
 *   A page that left the file (truncation) has mapping NULL; it stays in state
 *	CACHE until the last reference goes.
 */
#ifndef MM_PAGECACHE_H
#define MM_PAGECACHE_H

#include <kernel/lock.h>
#include <kernel/rwsem.h>
#include <lib/list.h>
#include <mm/gfp.h>
#include <mm/page.h>

struct address_space;
struct inode;
struct vm_fault;

struct address_space_operations {
	/*
	 * Fill page, locked, which is in the cache and not up to date, and
	 * say so with page_mark_uptodate(). 0 or -Exxx. Context: may sleep.
	 */
	int (*read_page)(struct address_space *mapping, struct page *page);
	/*
	 * Optional: pages more (n > 0) are about to enter: 0, or -ENOSPC when
	 * there may not be so many; or -n pages have left.
	 */
	int (*charge)(struct address_space *mapping, long n);
	/* Is it memory that has no other store (shmem)? Then what is not in
	 * the cache is a hole. */
	bool swap_backed;
};

/* A radix tree of pages: mm/cache/page_tree.c. */
struct page_tree {
	void *root;
};

struct address_space {
	struct inode *host;		/* -  opaque here */
	const struct address_space_operations *ops;	/* -  */
	spinlock_t tree_lock;		/*    rank PAGE_TREE */
	struct page_tree pages;		/* tree_lock; readers: RCU or the lock */
	unsigned long nr_pages;		/* tree_lock */
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
 * Its contents are newer than what is stored. Any user page; does nothing to
 * one that has left its file. Context: any, with a reference.
 */
void set_page_dirty(struct page *page);

/* Context of the three: lock may sleep; the others any. */
void lock_page(struct page *page);
bool trylock_page(struct page *page);
void unlock_page(struct page *page);

/* The page at index with a reference, or NULL. Context: any. */
struct page *find_get_page(struct address_space *mapping, unsigned long index);
/* The same, locked, and still there. Context: may sleep. */
struct page *find_lock_page(struct address_space *mapping,
			    unsigned long index);
/*
 * The same, made if missing (then not up to date). Context: may sleep.
 * 0, -ENOMEM, or what ops->charge says.
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

/*
 * page: locked, in state KERNEL, the caller's, who keeps its reference.
 * Context: may sleep. 0, -EEXIST, -ENOMEM, or what ops->charge says.
 */
int add_to_page_cache(struct page *page, struct address_space *mapping,
		      unsigned long index);
/* page: locked, in its file, not mapped. The cache's reference goes. */
void delete_from_page_cache(struct page *page);
/*
 * Take [first, end) out. Context: may sleep. Held: nothing that a page lock's
 * holder waits for.
 */
void truncate_inode_pages_range(struct address_space *mapping,
				unsigned long first, unsigned long end);

/* For vm_operations_struct: the handlers of a file in the page cache. */
u32 filemap_fault(struct vm_fault *vmf);
void filemap_map_pages(struct vm_fault *vmf, unsigned long start,
		       unsigned long end);

#endif
