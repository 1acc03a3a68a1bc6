/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: what a process maps (VMAs), and what it has (pages).
 *
 * Ideas
 *   VMA	a range of addresses with one set of rights and one backing: memory
 *		of its own (anonymous), or a file. A promise: pages come when
 *		they are touched.
 *   mm_struct	the VMAs of a process in a tree, its page table, its counts.
 *		Threads share one. mm_users counts them; the last one unmaps
 *		all. mm_count counts what merely needs the structure (a kernel
 *		thread that borrows the page table); the last one frees it.
 *
 *	mm ---- vmas: tree by address ---- vm_area_struct ---- vm_file
 *	   \--- context: page table			  \--- vm_mapping
 *
 * Which file does what: mm/as/mm.c (a space comes and goes), vma.c (the tree),
 * mmap.c, munmap.c, mprotect.c, mremap.c, brk.c, madvise.c, mlock.c, fork.c,
 * zap.c (taking translations out), fault*.c, gup.c.
 *
 * Fields: who guards them
 *	m	mmap_lock: written by its writer, read by readers
 *	p	page_table_lock
 *	a	atomic
 *	-	constant once the space is in use
 */
#ifndef MM_MM_H
#define MM_MM_H

#include <asm/mmu.h>
#include <kernel/lock.h>
#include <kernel/rwsem.h>
#include <lib/list.h>
#include <lib/rbtree.h>
#include <mm/page.h>

struct address_space;
struct anon_vma;
struct file;
struct mm_struct;
struct seq_buf;
struct task;
struct vm_area_struct;

typedef u32 vm_flags_t;

#define VM_READ		0x00000001u
#define VM_WRITE	0x00000002u
#define VM_EXEC		0x00000004u
#define VM_SHARED	0x00000008u
#define VM_MAYREAD	0x00000010u	/* mprotect() may set VM_READ */
#define VM_MAYWRITE	0x00000020u
#define VM_MAYEXEC	0x00000040u
#define VM_MAYSHARE	0x00000080u	/* a shared mapping, even of a file
					 * that is open for reading only */
#define VM_GROWSDOWN	0x00000100u	/* a stack */
#define VM_UFFD_MISSING	0x00000200u	/* a program serves it: mm/userfault.h */
#define VM_PFNMAP	0x00000400u	/* frames without a life of their own */
#define VM_LOCKED	0x00002000u
#define VM_IO		0x00004000u	/* device memory: never copied, dumped */
#define VM_SEQ_READ	0x00008000u
#define VM_RAND_READ	0x00010000u
#define VM_DONTCOPY	0x00020000u	/* not inherited by fork */
#define VM_DONTEXPAND	0x00040000u	/* mremap() cannot grow it */
#define VM_LOCKONFAULT	0x00080000u
#define VM_ACCOUNT	0x00100000u	/* counted in Committed_AS */
#define VM_NORESERVE	0x00200000u
#define VM_HUGETLB	0x00400000u	/* made of 1 MiB sections */
#define VM_WIPEONFORK	0x02000000u
#define VM_DONTDUMP	0x04000000u
#define VM_MIXEDMAP	0x10000000u	/* pages put in by its driver */
#define VM_HUGEPAGE	0x20000000u
#define VM_NOHUGEPAGE	0x40000000u
#define VM_MERGEABLE	0x80000000u

#define VM_ACCESS_FLAGS	(VM_READ | VM_WRITE | VM_EXEC)
/* VMAs that differ in one of these never merge. */
#define VM_SPECIAL	(VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)

/* What a fault came to. Linux's bits. */
typedef u32 vm_fault_t;
#define VM_FAULT_OOM	0x0001u
#define VM_FAULT_SIGBUS	0x0002u
#define VM_FAULT_MAJOR	0x0004u		/* the page had to be read */
#define VM_FAULT_SIGSEGV 0x0040u	/* no right to it */
#define VM_FAULT_NOPAGE	0x0100u		/* the handler mapped it itself */
#define VM_FAULT_LOCKED	0x0200u		/* vmf->page comes locked */
#define VM_FAULT_RETRY	0x0400u		/* something moved: look again */
#define VM_FAULT_ERROR	(VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV)

#define FAULT_FLAG_WRITE	0x01u
#define FAULT_FLAG_USER		0x40u	/* the access was made in user mode */
#define FAULT_FLAG_EXEC		0x100u
#define FAULT_FLAG_LOCKED	0x1000u	/* mmap_lock must not be let go */

/* One fault on its way. */
struct file_ra_state;
struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long address;		/* page aligned */
	unsigned long pgoff;		/* in the file, pages */
	unsigned flags;			/* FAULT_FLAG_* */
	pte_t *pte;			/* of address, once there is a table */
	pte_t orig_pte;			/* what it was when we looked */
	struct page *page;		/* out: from ->fault(), with a reference */
};

/*
 * A backing. mm/ knows files, devices and the page cache by this alone.
 * Context of all: mmap_lock held (write for open and close); may sleep.
 */
struct vm_operations_struct {
	/* One more VMA of this backing (copy, split); one less. */
	void (*open)(struct vm_area_struct *vma);
	void (*close)(struct vm_area_struct *vma);
	/* May it be split at addr? NULL: yes. */
	int (*may_split)(struct vm_area_struct *vma, unsigned long addr);
	/*
	 * Find the page of vmf->pgoff. VM_FAULT_LOCKED: vmf->page, referenced,
	 * locked, up to date, still of the file. 0: referenced, not locked
	 * (memory of a driver). VM_FAULT_NOPAGE: the handler mapped it.
	 */
	vm_fault_t (*fault)(struct vm_fault *vmf);
	/*
	 * Fault-around, optional: map what is in memory of [start, end) page
	 * offsets by calling filemap_map_locked(). Held: nothing.
	 */
	void (*map_pages)(struct vm_fault *vmf, unsigned long start,
			  unsigned long end);
	/*
	 * A clean page of a shared mapping is about to be written; vmf->page,
	 * locked. 0 or an error; the page stays locked.
	 */
	vm_fault_t (*page_mkwrite)(struct vm_fault *vmf);
	/*
	 * msync(MS_SYNC) of page offsets [first, end). mmap_lock, held for
	 * reading, is let go. 0 or -Exxx. NULL: there is no store.
	 */
	int (*sync)(struct vm_area_struct *vma, unsigned long first,
		    unsigned long end);
	/* The read-ahead of the opening behind vma; NULL: none. */
	struct file_ra_state *(*readahead)(struct vm_area_struct *vma);
	/* What maps shows instead of a path, or NULL. */
	const char *(*name)(struct vm_area_struct *vma);
};

struct vm_area_struct {
	struct rb_node node;		/* m  in mm->vmas */
	unsigned long vm_start;		/* m  */
	unsigned long vm_end;		/* m  the first byte behind */
	unsigned long gap;		/* m  bytes free below it: vma.c */
	unsigned long max_gap;		/* m  largest gap of its subtree */
	struct mm_struct *vm_mm;	/* -  */
	vm_flags_t vm_flags;		/* m  */
	const struct vm_operations_struct *vm_ops; /* -  NULL: anonymous */
	unsigned long vm_pgoff;		/* m  of vm_start in the file, pages;
					 *    anonymous: vm_start's own */
	struct file *vm_file;		/* -  opaque here; NULL: none */
	struct address_space *vm_mapping; /* -  pages come from it, or NULL */
	struct list_head mapping_node;	/* mapping's i_mmap_lock */
	void *vm_private_data;		/* the driver's; VM_UFFD_MISSING: m */
};

#ifndef VELLUM_HOST
static_assert(sizeof(struct vm_area_struct) <= 72, "targets: 72 bytes a VMA");
#endif

enum mm_counter { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES,
		  NR_MM_COUNTERS };

struct mm_struct {
	struct mm_context context;	/* p  the page table */
	spinlock_t page_table_lock;	/*    rank MM_PGTABLE */
	struct rw_semaphore mmap_lock;
	struct rb_root vmas;		/* m  augmented: max_gap */
	struct vm_area_struct *vma_hit;	/*    found last: vma.c */
	unsigned map_count;		/* m  VMAs */
	atomic_t mm_users;		/* a  */
	atomic_t mm_count;		/* a  */
	unsigned long mmap_base;	/* -  new mappings go below */
	unsigned long total_vm;		/* m  pages mapped by VMAs */
	unsigned long locked_vm;	/* m  pages of VM_LOCKED VMAs */
	unsigned long data_vm;		/* m  private, writable, no stack */
	unsigned long exec_vm;		/* m  executable, not writable */
	unsigned long stack_vm;		/* m  */
	vm_flags_t def_flags;		/* m  mlockall(MCL_FUTURE) */
	s32 rss[NR_MM_COUNTERS];	/* p  translations by kind */
	unsigned nr_tables;		/* p  second-level pages */
	unsigned long hiwater_rss;	/* p  of before the last fall */
	unsigned long hiwater_vm;	/* m  */
	unsigned long start_code, end_code, start_data, end_data;
	unsigned long start_brk, brk, start_stack;
	unsigned long arg_start, arg_end, env_start, env_end;
	bool oom_reaped;		/* p  its anonymous memory is taken away:
					 *    no fault is served any more */
	struct anon_vma *anon_vma;	/* -  its pages point at it: mm/rmap.h */
	struct list_head mm_node;	/*    mm_list_lock */
};

#ifndef VELLUM_HOST
static_assert(sizeof(struct mm_struct) <= 256, "targets: 256 bytes an mm");
#endif

/* --- A space comes and goes: mm/as/mm.c --- */

/* An empty one with one user. Context: may sleep. NULL: no memory. */
struct mm_struct *mm_alloc(void);
/* A copy for fork: copy on write. Context: may sleep. 0 or -ENOMEM. */
int dup_mm(struct mm_struct *old, struct mm_struct **copy);

static inline void
mmget(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_users);
}

static inline void
mmgrab(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_count);
}

/* The last user unmaps everything. Context: may sleep. */
void mmput(struct mm_struct *mm);
/* The last holder frees the structure and its table. Context: any. */
void mmdrop(struct mm_struct *mm);
/* Choose mmap_base from the stack limit, with a random part. */
void mm_pick_layout(struct mm_struct *mm, unsigned long stack_limit);
/* Call fn for each space that has users; mm_list_lock is not held. */
void mm_for_each(void (*fn)(struct mm_struct *mm, void *arg), void *arg);

/* The page of zeros that reads of untouched memory get. */
bool is_zero_pfn(pfn_t pfn);

/*
 * Take all anonymous memory out of a space whose users are to end; none of them
 * finds zeros in its place: faults are SIGBUS from now on. False: its mmap_lock is
 * held by a writer. pid: whose it is, for traces. Context: may sleep.
 * mm/as/oom_reap.c
 */
bool mm_oom_reap(struct mm_struct *mm, int pid);
/* Its last user has unmapped all of it. Held: a reference (mmgrab). */
bool mm_is_unmapped(const struct mm_struct *mm);

/* Pages in memory, all kinds. */
unsigned long mm_rss(const struct mm_struct *mm);
/* The most that there have been. Context: any; a moment's figure. */
unsigned long mm_hiwater_rss(const struct mm_struct *mm);
/* Held: page_table_lock. */
static inline void
mm_add_rss(struct mm_struct *mm, enum mm_counter kind, long pages)
{
	mm->rss[kind] += pages;
}

/* rss is about to fall. Held: page_table_lock. */
void mm_note_rss(struct mm_struct *mm);

/* --- VMAs: mm/as/vma.c. Held for all: mmap_lock, to write where it changes - */

/* The first VMA that ends behind addr (it may begin behind it too); or NULL. */
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);
/* The VMA that holds addr, or NULL. */
struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr);
struct vm_area_struct *find_vma_prev(struct mm_struct *mm, unsigned long addr,
				     struct vm_area_struct **prev);
/* The first one that overlaps [start, end), or NULL. */
struct vm_area_struct *find_vma_intersection(struct mm_struct *mm,
					     unsigned long start,
					     unsigned long end);
struct vm_area_struct *vma_first(struct mm_struct *mm);
struct vm_area_struct *vma_next(struct vm_area_struct *vma);
struct vm_area_struct *vma_prev(struct vm_area_struct *vma);

#define for_each_vma(mm, vma) \
	for ((vma) = vma_first(mm); (vma); (vma) = vma_next(vma))

static inline unsigned long
vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

static inline bool
vma_is_anonymous(const struct vm_area_struct *vma)
{
	return !vma->vm_ops;
}

/* Rights of a VMA as USER_* of the page table. */
static inline unsigned
vma_allow(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_ACCESS_FLAGS;
}

/* --- The mmap family: addresses and lengths in bytes --- */

/* What is mapped, for do_mmap(). */
struct mmap_args {
	unsigned long addr;		/* a wish; MAP_FIXED: an order */
	unsigned long len;
	unsigned prot;			/* PROT_* */
	unsigned flags;			/* MAP_* */
	unsigned long pgoff;
	vm_flags_t may;			/* VM_MAY* that the file grants */
	struct file *file;		/* NULL: anonymous memory */
	/* Sets vm_ops, vm_file (with a reference), vm_mapping; 0 or -Exxx. */
	int (*map)(struct file *file, struct vm_area_struct *vma);
};

/*
 * Map; *addr is where. Context: may sleep; takes mmap_lock; populates after
 * (MAP_POPULATE, MAP_LOCKED, mlockall). Errors as mmap(2).
 */
int do_mmap(struct mm_struct *mm, const struct mmap_args *args,
	    unsigned long *addr);
/* Context of all: may sleep; take mmap_lock. Errors as the system calls'. */
int do_munmap(struct mm_struct *mm, unsigned long addr, unsigned long len);
int do_mprotect(struct mm_struct *mm, unsigned long addr, unsigned long len,
		unsigned prot);
int do_mremap(struct mm_struct *mm, unsigned long addr, unsigned long old_len,
	      unsigned long new_len, unsigned flags, unsigned long new_addr,
	      unsigned long *result);
/* The new break, or the old one when it cannot be had. */
unsigned long do_brk(struct mm_struct *mm, unsigned long brk);
int do_madvise(struct mm_struct *mm, unsigned long addr, unsigned long len,
	       int advice);
int do_msync(struct mm_struct *mm, unsigned long addr, unsigned long len,
	     unsigned flags);
int do_mlock(struct mm_struct *mm, unsigned long addr, unsigned long len,
	     unsigned flags);
int do_munlock(struct mm_struct *mm, unsigned long addr, unsigned long len);
int do_mlockall(struct mm_struct *mm, unsigned flags);
int do_munlockall(struct mm_struct *mm);
/* vec: one byte a page, kernel memory; bit 0: in memory. */
int do_mincore(struct mm_struct *mm, unsigned long addr, unsigned long pages,
	       u8 *vec);

/*
 * For exec, on a space that nobody runs in: anonymous memory at exactly
 * [start, start + len), and a stack that ends at top and may grow down.
 */
int vm_map_anon(struct mm_struct *mm, unsigned long start, unsigned long len,
		vm_flags_t flags);
int vm_map_stack(struct mm_struct *mm, unsigned long top, bool exec);
/*
 * A page of the kernel that every process has (signal return). The VMA holds
 * a reference to page.
 */
int vm_map_special(struct mm_struct *mm, unsigned long addr, struct page *page,
		   vm_flags_t flags, const struct vm_operations_struct *ops);

/* --- Faults: mm/as/fault.c --- */

/*
 * Make the access at addr possible: the whole of a page fault, with lock, VMA,
 * stack growth, counts and retries. Context: may sleep; mmap_lock not held.
 * Returns VM_FAULT_ERROR bits, or 0 / VM_FAULT_MAJOR. *code, written with one of
 * the former: the si_code of a SIGSEGV or SIGBUS.
 */
vm_fault_t mm_fault(struct mm_struct *mm, unsigned long addr, unsigned flags,
		    int *code);
/* One page of vma. Held: mmap_lock, reading. */
vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long addr,
			   unsigned flags);

/*
 * For map_pages(): map those of n pages (at most 32), of the file, locked and
 * referenced, whose place is free; their references are the translations' then.
 * A bit for each that was mapped. Held: mmap_lock.
 */
u32 filemap_map_locked(struct vm_fault *vmf, struct page *const *pages,
		       unsigned n);
/* For drivers, in ->mmap or ->fault. Held: mmap_lock. 0 or -Exxx. */
int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, pfn_t pfn,
		    unsigned long size, enum user_memory memory);
int vm_insert_page(struct vm_area_struct *vma, unsigned long addr,
		   struct page *page);

/*
 * The file's pages [first, first + nr) leave it: take them out of every space
 * (nr 0: to the end). even_cows: private copies too (truncation).
 */
void unmap_mapping_range(struct address_space *mapping, unsigned long first,
			 unsigned long nr, bool even_cows);

/* --- Reaching another's memory: mm/as/gup.c --- */

/*
 * References that a pin takes: more than a page of a program ever has by other
 * means. Told wrongly now and then, of a page that a thousand spaces share:
 * that costs a copy.
 */
#define PIN_BIAS	1024

static inline bool
page_maybe_pinned(struct page *page)
{
	return page_count(page) >= PIN_BIAS;
}

#define FOLL_WRITE	0x01u
#define FOLL_FORCE	0x10u	/* a debugger: private pages against the rights */

/*
 * References to the pages behind n pages from start; faults them in. pages may
 * be NULL (populate). Held: mmap_lock, reading. Returns how many, or -Exxx
 * if none.
 */
long get_user_pages(struct mm_struct *mm, unsigned long start,
		    unsigned long n, unsigned gup_flags, struct page **pages);
/* The same, and the pages may be written for long: DMA. */
long pin_user_pages(struct mm_struct *mm, unsigned long start,
		    unsigned long n, unsigned gup_flags, struct page **pages);
void unpin_user_pages(struct page **pages, unsigned long n, bool dirty);
/* Copy; takes mmap_lock. Returns bytes done. */
unsigned long access_remote_vm(struct mm_struct *mm, unsigned long addr,
			       void *buf, unsigned long len, unsigned gup_flags);

/* --- Overcommit: mm/as/commit.c --- */

extern int sysctl_overcommit_memory;	/* 0 guess, 1 always, 2 never */
extern int sysctl_overcommit_ratio;
extern unsigned sysctl_max_map_count;
extern unsigned long sysctl_mmap_min_addr;
extern int randomize_va_space;		/* 0: nothing is moved at random */

/* Promise pages more (0 or -ENOMEM); take a promise back. */
int vm_commit(struct mm_struct *mm, unsigned long pages);
void vm_uncommit(unsigned long pages);
unsigned long vm_committed(void);	/* pages */
unsigned long vm_commit_limit(void);	/* pages */

#endif
