/* SPDX-License-Identifier: MIT */
/*
 * Page cache: the pages of a file that are in memory. See mm/cache/filemap.c.
 *
 * Ideas
 *   address_space  the cached pages of one file by their index (offset in
 *	pages), and the VMAs that map it.
 *   A page in it has state CACHE, page->user.mapping and .index say where, and
 *	the cache holds one reference.
 *   Page lock  PG_locked: its holder reads it in, writes it, takes it out of
 *	the cache, or maps it. A page that is locked and still has its mapping
 *	stays in the file until it is unlocked.
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
	 * Fill page, locked, which is in the cache and not up to date.
	 * Returns 0 (it is up to date now) or -Exxx. Context: may sleep.
	 */
	int (*read_page)(struct address_space *mapping, struct page *page);
	/* Is it shared memory that has no other store (shmem)? */
	bool swap_backed;
};

/* A radix tree of pages: mm/cache/page_tree.c. */
struct page_tree {
	void *root;
	unsigned height;
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
};

void address_space_init(struct address_space *mapping, struct inode *host,
			const struct address_space_operations *ops, gfp_t gfp);

/* Context of the three: lock may sleep; the others any. */
void lock_page(struct page *page);
bool trylock_page(struct page *page);
void unlock_page(struct page *page);

/* Its contents are newer than what is stored. Context: any. */
static inline void
set_page_dirty(struct page *page)
{
	if (!(READ_ONCE(page->flags) & PG_dirty))
		__atomic_fetch_or(&page->flags, PG_dirty, __ATOMIC_RELAXED);
}

/* The page at index with a reference, or NULL. Context: any. */
struct page *find_get_page(struct address_space *mapping, unsigned long index);
/* The same, locked, and still there. Context: may sleep. */
struct page *find_lock_page(struct address_space *mapping,
			    unsigned long index);
/* The same, made if missing (then not up to date). NULL: no memory. */
struct page *find_or_create_page(struct address_space *mapping,
				 unsigned long index);
/* find_or_create and read in: referenced, up to date, not locked. 0 / -Exxx. */
int read_cache_page(struct address_space *mapping, unsigned long index,
		    struct page **page);
/* Up to n pages from index on that are there, with references; how many. */
unsigned find_get_pages(struct address_space *mapping, unsigned long index,
			unsigned n, struct page **pages);

/* page: locked, in state KERNEL, the caller's. 0, -EEXIST or -ENOMEM. */
int add_to_page_cache(struct page *page, struct address_space *mapping,
		      unsigned long index);
/* page: locked. The cache's reference goes. */
void delete_from_page_cache(struct page *page);
/* Take [first, end) out; pages that are mapped must be unmapped before. */
void truncate_inode_pages_range(struct address_space *mapping,
				unsigned long first, unsigned long end);

/* For vm_operations_struct: the handlers of a file in the page cache. */
u32 filemap_fault(struct vm_fault *vmf);
void filemap_map_pages(struct vm_fault *vmf, unsigned long start,
		       unsigned long end);

#endif
