/* SPDX-License-Identifier: MIT */
/* What the files of mm/as share. Held unless said: mmap_lock, for writing. */
#ifndef MM_AS_AS_H
#define MM_AS_AS_H

#include <kernel/panic.h>
#include <mm/hooks.h>
#include <mm/lru.h>
#include <mm/mm.h>
#include <mm/zone.h>

struct verify;

/* --- vma.c: the tree. Nothing here touches a page table. --- */

/* A growing stack keeps this far from what lies below it. */
#define STACK_GUARD_GAP		(256 * PAGE_SIZE)

void vma_init_cache(void);	/* boot, once */
/* Zeroed but for vm_mm; NULL: no memory. */
struct vm_area_struct *vma_alloc(struct mm_struct *mm);
/* A copy that is in no tree and no mapping; its backing does not know. */
struct vm_area_struct *vma_copy(const struct vm_area_struct *vma);
/* In no tree any more: tell the backing, free it. */
void vma_free(struct vm_area_struct *vma);
/* Of one that its backing has never seen. */
void vma_free_unused(struct vm_area_struct *vma);

/* Enter vma; nothing of mm overlaps it. */
void vma_insert(struct mm_struct *mm, struct vm_area_struct *vma);
void vma_remove(struct vm_area_struct *vma);
/* Move its borders, past no neighbour; vm_pgoff follows vm_start. */
void vma_set_range(struct vm_area_struct *vma, unsigned long start,
		   unsigned long end);
/* Could one VMA be both? a ends where b begins. */
bool vma_mergeable(const struct vm_area_struct *a,
		   const struct vm_area_struct *b);
/* Make one of vma and what it can merge with; returns the one that is left. */
struct vm_area_struct *vma_merge(struct vm_area_struct *vma);
/*
 * Split vma at addr, which lies inside: vma keeps the lower part, *upper is
 * the new one. 0, -ENOMEM (no memory, or too many VMAs), or what its backing
 * says.
 */
int vma_split(struct vm_area_struct *vma, unsigned long addr,
	      struct vm_area_struct **upper);
/*
 * Make [start, end) begin and end at borders of VMAs. *first: the first of
 * the range. 0, -ENOMEM, or -EINVAL from a backing.
 */
int vma_split_range(struct mm_struct *mm, unsigned long start,
		    unsigned long end, struct vm_area_struct **first);
/* The highest hole of len bytes in [low, high); 0: none. */
unsigned long vma_find_hole(struct mm_struct *mm, unsigned long len,
			    unsigned long low, unsigned long high);
/* Rules V1-V6 of vma.c. */
void vma_verify(struct mm_struct *mm, struct verify *v);

/* Move the totals of mm: pages come (or go, negative) with these flags. */
void vm_stat_account(struct mm_struct *mm, vm_flags_t flags, long pages);
/* Do these flags count against the promise of memory? */
static inline bool
accountable(vm_flags_t flags)
{
	return (flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

/* --- mm.c --- */

/*
 * An empty space whose pages may come from parent's (fork; its page_table_lock
 * ranks below parent's until then). NULL: no memory.
 */
struct mm_struct *mm_alloc_child(struct mm_struct *parent);

/* --- table.c: page tables of a space --- */

void table_init(void);		/* boot, once */
/*
 * The entry of addr, its table made if need be. Held: mmap_lock, reading.
 * NULL: no memory. Context: may sleep.
 */
pte_t *pte_alloc(struct mm_struct *mm, unsigned long addr);
/* The frame of the page of zeros. Written at boot. */
extern pfn_t zero_frame;
/*
 * The page behind a mapped entry, or NULL: the zero page, or a frame that
 * is not the memory manager's (VM_PFNMAP).
 */
static inline struct page *
vm_normal_page(const struct vm_area_struct *vma, pte_t pte)
{
	pfn_t pfn = pte_pfn(pte);

	if (pfn == zero_frame || vma->vm_flags & VM_PFNMAP)
		return NULL;
	return pfn_to_page(pfn);
}
/* What kind of translation a page makes. */
enum mm_counter mm_counter_of_file(const struct page *page);

static inline enum mm_counter
mm_counter_of(const struct page *page)
{
	return likely(page_is_anon(page)) ? MM_ANONPAGES :
					    mm_counter_of_file(page);
}

/* The first translation of page came, or the last one went: of the node. */
void count_mapped(struct page *page, long n);

/*
 * Enter / leave: one translation more or less. Held: page_table_lock. Whoever
 * takes pages out calls mm_note_rss() before. A mapcount orders nothing:
 * who writes a page in place looks at its references too, which do.
 */
static inline void
page_add_map(struct mm_struct *mm, struct page *page)
{
	if (atomic_add_return_relaxed(&page->mapcount, 1) == 1)
		count_mapped(page, 1);
	mm_add_rss(mm, mm_counter_of(page), 1);
}

static inline void
page_remove_map(struct mm_struct *mm, struct page *page)
{
	s32 left = atomic_add_return_relaxed(&page->mapcount, -1);

	assert(left >= 0);
	mm_add_rss(mm, mm_counter_of(page), -1);
	if (!left)
		count_mapped(page, -1);
}

/*
 * The same for a walk over many entries. What it does to the counts of the
 * space and of the nodes is kept here and told once, before page_table_lock
 * is let go: so nobody who holds the lock sees entries and counts differ.
 */
struct map_counts {
	s32 rss[NR_MM_COUNTERS];
	s32 unmapped[2][MAX_NODES];	/* last translations: files', anon */
};

void map_counts_tell(struct map_counts *counts, struct mm_struct *mm);

/*
 * Is page, at the frame of pte, a plain anonymous one, and pte present? Most
 * are; of the others vm_normal_page() tells. Not in a VM_PFNMAP VMA, whose
 * frames may be no memory. (The page of zeros is the kernel's.)
 */
static __always_inline bool
pte_plain_anon(pte_t pte, const struct page *page)
{
	return pte_present(pte) && page_state(page) == PAGE_STATE_ANON;
}

/* Must every page of vma be looked at closely, even a plain one? */
static inline bool
map_counts_ask(const struct vm_area_struct *vma)
{
	return vma->vm_flags & (VM_PFNMAP | VM_LOCKED) ||
	       page_debug_flags & PAGE_DEBUG_LIFE;
}

/* One translation less: of a plain anonymous page, or of any. */
static __always_inline void
map_counts_remove_anon(struct map_counts *counts, struct page *page)
{
	s32 left = atomic_add_return_relaxed(&page->mapcount, -1);

	assert(left >= 0);
	counts->rss[MM_ANONPAGES]--;
	counts->unmapped[1][page_to_nid(page)] += !left;
}

static inline void
map_counts_remove(struct map_counts *counts, struct page *page)
{
	enum mm_counter kind = mm_counter_of(page);
	s32 left = atomic_add_return_relaxed(&page->mapcount, -1);

	assert(left >= 0);
	counts->rss[kind]--;
	if (!left) {
		page_life(page, UNMAP, page->user.index);
		counts->unmapped[kind == MM_ANONPAGES][page_to_nid(page)]++;
	}
}

/* One translation more. */
static inline void
map_counts_add(struct map_counts *counts, struct page *page)
{
	enum mm_counter kind = mm_counter_of(page);

	counts->rss[kind]++;
	if (atomic_add_return_relaxed(&page->mapcount, 1) == 1) {
		page_life(page, MAP, page->user.index);
		counts->unmapped[kind == MM_ANONPAGES][page_to_nid(page)]--;
	}
}

/* --- zap.c: taking translations out --- */

#define ZAP_BATCH	128	/* 8 blocks of 16 pages: free_pages_list() */

/*
 * Pages whose translations are gone from the table, but perhaps not from the
 * TLBs: they are freed behind a flush.
 */
struct mmu_gather {
	struct mm_struct *mm;
	unsigned long start, end;	/* what to flush; empty: nothing */
	unsigned nr;
	bool swap_cache;		/* some are in the swap cache */
	struct page *pages[ZAP_BATCH];
};

void tlb_gather(struct mmu_gather *tlb, struct mm_struct *mm);
/* Flush and free what was gathered; the gather may go on. */
void tlb_flush(struct mmu_gather *tlb);

/* The translations of [start, end) of vma. Held: mmap_lock, reading. */
void zap_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
	       unsigned long start, unsigned long end);
/* Only the file's own pages, not private copies, unless even_cows. */
void zap_file_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
		    unsigned long start, unsigned long end, bool even_cows);
/* Tables that no VMA needs any more, of the hole [floor, ceiling). */
void free_tables(struct mmu_gather *tlb, unsigned long floor,
		 unsigned long ceiling);

/* --- mmap.c --- */

/* Take [start, end) out, without the lock calls. 0 or -Exxx (nothing done). */
int unmap_locked(struct mm_struct *mm, unsigned long start, unsigned long end);
/* Would pages more be within the limits of current? */
bool may_expand_vm(struct mm_struct *mm, vm_flags_t flags, unsigned long pages);
/* Where len bytes fit, near hint if it is free. 0 or -Exxx. */
int get_unmapped_area(struct mm_struct *mm, unsigned long hint,
		      unsigned long len, unsigned flags, unsigned long *addr);
/* Anonymous memory, checked and in free space already. 0 or -ENOMEM. */
int map_anonymous(struct mm_struct *mm, unsigned long start,
		  unsigned long end, vm_flags_t flags);
/* PROT_* to VM_*, which are the same bits. */
static inline vm_flags_t
prot_flags(unsigned prot)
{
	return prot & VM_ACCESS_FLAGS;
}

/* --- pageout.c --- */

/* MADV_COLD, or pageout: MADV_PAGEOUT. Held: mmap_lock, reading. 0, -EINVAL. */
int advise_cold(struct vm_area_struct *vma, unsigned long start,
		unsigned long end, bool pageout);

/* --- mlock.c --- */

/* Fault [start, end) in, as far as VM_LOCKED VMAs or `all' reach. */
int mm_populate(struct mm_struct *mm, unsigned long start, unsigned long end,
		bool all);
/* May locked pages grow by these? */
int may_lock(const struct mm_struct *mm, unsigned long pages);

/* A translation of page in vma comes / goes. Held: page_table_lock. */
static inline void
vma_mlock_page(const struct vm_area_struct *vma, struct page *page)
{
	if (unlikely(vma->vm_flags & VM_LOCKED) && page)
		mlock_page(page);
}

static inline void
vma_munlock_page(const struct vm_area_struct *vma, struct page *page)
{
	if (unlikely(vma->vm_flags & VM_LOCKED) && page)
		munlock_page(page);
}

/* --- fault_*.c: one page. Held: mmap_lock, reading --- */

vm_fault_t do_anonymous_page(struct vm_fault *vmf);
vm_fault_t do_file_page(struct vm_fault *vmf);
vm_fault_t do_write_protected(struct vm_fault *vmf);
/*
 * Enter pte for vmf->address if its entry still is what it was; the page's
 * reference goes with it. False: it changed, nothing was done.
 */
bool fault_install(struct vm_fault *vmf, struct page *page, pte_t pte);
/* A frame becomes a page for addr of mm; what is in it is the caller's. */
void anon_page_begin(struct page *page, struct mm_struct *mm,
		     unsigned long addr);
/* A page of its own for addr of mm, zeroed or not; state ANON. */
struct page *alloc_anon_page(struct mm_struct *mm, unsigned long addr,
			     bool zeroed);
/* Rights of a translation that only a read asked for. None stay none: a
 * debugger may look where the program may not. */
static inline unsigned
read_only(unsigned allow)
{
	return allow ? (allow & ~(unsigned)USER_WRITE) | USER_READ : 0;
}
/* Take a stack down to addr. Held: mmap_lock, writing. 0 or -ENOMEM. */
int expand_stack(struct vm_area_struct *vma, unsigned long addr);

/* --- userfault.c --- */

struct userfault;

/* Ask who serves it, and sleep; mmap_lock is let go meanwhile. */
vm_fault_t do_userfault(struct vm_fault *vmf);

static inline bool
vma_served_by(const struct vm_area_struct *vma, const struct userfault *u)
{
	return vma->vm_flags & VM_UFFD_MISSING && vma->vm_private_data == u;
}

/* Held: mmap_lock, writing; or vma is in no tree yet. */
static inline void
vma_leave_userfault(struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_UFFD_MISSING) {
		vma->vm_flags &= ~VM_UFFD_MISSING;
		vma->vm_private_data = NULL;
	}
}

/* --- section.c: MAP_HUGETLB --- */

vm_fault_t do_section_fault(struct vm_fault *vmf);
int copy_sections(struct mm_struct *to, struct vm_area_struct *vma);
void zap_sections(struct mmu_gather *tlb, struct vm_area_struct *vma,
		  unsigned long start, unsigned long end);
void protect_sections(struct vm_area_struct *vma);
unsigned long count_sections(struct vm_area_struct *vma);

#endif
