/* SPDX-License-Identifier: MIT */
/*
 * Swap: where memory that no file backs goes when it is short. See
 * mm/cache/swapfile.c (areas and slots), swap_cache.c (pages that have a slot),
 * shmem_swap.c (shared memory), mm/as/fault_swap.c (coming back),
 * kernel/block/swap.c (disks).
 */
#ifndef MM_SWAP_H
#define MM_SWAP_H

#include <asm/pte.h>
#include <lib/types.h>
#include <mm/page.h>

struct mm_struct;
struct seq_buf;
struct swap_area;
struct vm_area_struct;
struct vm_fault;

/*
 * A place in swap, in the form that an entry of a page table holds:
 *	31..........8 | 7...3 | 2 1 0
 *	slot, not 0	area	0 0 0
 */
typedef struct {
	u32 value;
} swp_entry_t;

#define SWP_TYPE_SHIFT		3
#define SWP_OFFSET_SHIFT	8
#define MAX_SWAPFILES		30	/* 30 and 31 are for migration */
#define MAX_SWAP_SLOTS		(1u << 24)

static inline swp_entry_t
swp_entry(unsigned type, u32 offset)
{
	return (swp_entry_t){ offset << SWP_OFFSET_SHIFT |
			      type << SWP_TYPE_SHIFT };
}

static inline unsigned
swp_type(swp_entry_t entry)
{
	return entry.value >> SWP_TYPE_SHIFT & 31;
}

static inline u32
swp_offset(swp_entry_t entry)
{
	return entry.value >> SWP_OFFSET_SHIFT;
}

static inline pte_t
swp_entry_to_pte(swp_entry_t entry)
{
	return (pte_t){ entry.value };
}

/* pte_swap(pte) must hold. */
static inline swp_entry_t
pte_to_swp_entry(pte_t pte)
{
	return (swp_entry_t){ pte.value };
}

/*
 * How slots are read and written: by whoever opened the device. start: page is
 * locked (reading) or under write-back (writing); it ends with page_end_read()
 * or end_page_writeback(), whatever happened. Context: may sleep.
 */
struct swap_operations {
	void (*start)(struct swap_area *area, struct page *page, u32 slot,
		      bool write);
	/* Optional: its content is not needed. Held: swap_lock. */
	void (*slot_freed)(struct swap_area *area, u32 slot);
	/* The area is gone. Context: may sleep. */
	void (*close)(struct swap_area *area);
};

struct swap_area {
	const struct swap_operations *ops;
	void *device;			/* of ops */
	char name[64];			/* as it was opened */
	const char *kind;		/* "partition" or "file" */
	u32 nr_slots;			/* of the device, the header included */
	s16 prio;
	/* swapfile.c's. s: swap_lock */
	unsigned type;			/* -  */
	u32 nr_usable, nr_used;		/* s  */
	u32 next;			/* s  where the search begins */
	bool active;			/* s  slots may be given out */
	u16 *map;			/* s  by slot: users, and SLOT_CACHED */
	struct page **cache;		/* s  by slot: its page in the swap cache */
	u32 *free;			/* s  a bit for each free slot */
	u32 *any;			/* s  a bit for each word of free */
};

#define SWAP_PRIO_DEFAULT	(-32768)	/* below all others */

/* --- Areas: swapfile.c --- */

/*
 * area, which the caller allocated and filled, is used from now on; slot 0 is
 * its header, which is read and checked. Context: may sleep. 0; -EINVAL: no
 * swap space there; -EBUSY: in use, or too many; -ENOMEM, -EIO.
 */
int swap_on(struct swap_area *area);
/*
 * Bring everything back. Context: may sleep. 0, -EINVAL: no such area, -ENOMEM:
 * not enough memory, -EIO: a page cannot be read, -EINTR. On 0 ops->close() has been called.
 */
int swap_off(const char *name);
void swaps_show(struct seq_buf *s);

/* Slots of the areas in use. Changed under swap_lock; read at any time. */
extern struct swap_sum {
	unsigned long total, free;
} swap_sum;
extern int sysctl_swap_cluster;		/* read-ahead: 2^n slots */
unsigned long total_swap_pages(void);
unsigned long nr_free_swap_pages(void);

/* --- Slots --- */

/*
 * A free one, whose page in the cache is page, locked, from now on; or NULL: it is
 * about to enter there. 0: none.
 */
swp_entry_t get_swap_page(struct page *page);
/* It was not used after all. */
void put_swap_page(swp_entry_t entry);
/* One more / one less entry names it. Context: any but interrupts.
 * duplicate: false: it cannot be counted, or is no slot in use. */
bool swap_duplicate(swp_entry_t entry);
void swap_free(swp_entry_t entry);
/* The same, and what the cache has of it goes too if nobody needs it. */
void free_swap_and_cache(swp_entry_t entry);
/* How many entries name it. The caller has what keeps the area: one of them, or
 * the lock of its page. */
unsigned swap_count(swp_entry_t entry);
/* All counts together, for verify. */
unsigned long swap_users(void);
/* Is less than half of swap free?  Then pages keep no slot for later. */
bool vm_swap_full(void);

/* --- The cache: swap_cache.c --- */

/* The page at entry with a reference, or NULL. Context: any but interrupts. */
struct page *lookup_swap_cache(swp_entry_t entry);
/* Give page, locked, anonymous, a slot. False: there is none. */
bool add_to_swap(struct page *page);
/* page, locked, gives its slot back. */
void delete_from_swap_cache(struct page *page);
/*
 * If nobody but its user (one translation, or none) and the caller has page,
 * locked, it gives up its slot. True: it has none any more.
 */
bool try_to_free_swap(struct page *page);
/* If page, with a reference, is in the cache, and no translation is left, nor a
 * user of its slot, it gives that up. Context: any but interrupts. */
void free_swap_cache(struct page *page);
/* For reclaim: nobody has page, locked, clean, but the cache and the caller:
 * it is nobody's then. False: somebody has. */
bool remove_from_swap_cache(struct page *page);
/* Read entry, and its neighbours, unless there. 0: *page is it, referenced,
 * perhaps still locked for reading; NULL: it came and went. Or -ENOMEM. */
int swapin_readahead(swp_entry_t entry, struct page **page);
/*
 * The page at entry, locked, up to date, referenced. *major: it had to be read.
 * 0; -EAGAIN: it came and went; -ENOMEM; -EIO: it cannot be read (the next who
 * wants it tries again). Context: may sleep.
 */
int get_swap_cache_page(swp_entry_t entry, struct page **page, bool *major);
/* page, locked, dirty flag cleared, goes to its slot; it is unlocked. */
void swap_writepage(struct page *page);
unsigned long total_swapcache_pages(void);

/* --- mm/as/fault_swap.c --- */

u32 do_swap_page(struct vm_fault *vmf);
/* Bring back what spaces have in area type. 0, -ENOMEM, -EIO. May sleep. */
int unuse_spaces(unsigned type);

#endif
