/* SPDX-License-Identifier: MIT */
/*
 * For the suites of mm/as: address spaces without a program. The tests stand in
 * for one: they fault where it would (mm_fault), and read and write its memory
 * from outside (access_remote_vm).
 */
#ifndef TESTS_AS_HELPERS_H
#define TESTS_AS_HELPERS_H

#include <kernel/fs.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <mm/mm.h>
#include <mm/mman.h>

#define RW		(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)
#define MIB		(1ul << 20)

/* mmap(): the address, or a negative errno as a huge number. */
static inline unsigned long
as_map(struct mm_struct *mm, unsigned long addr, unsigned long len,
       unsigned prot, unsigned flags)
{
	struct mmap_args args = {
		.addr = addr, .len = len, .prot = prot, .flags = flags,
	};
	unsigned long at = 0;
	int err = do_mmap(mm, &args, &at);

	return err ? (unsigned long)err : at;
}

/* mmap() of an open file, as the system call does it. */
static inline unsigned long
as_map_file(struct mm_struct *mm, struct file *file, unsigned long len,
	    unsigned prot, unsigned flags)
{
	struct mmap_args args = {
		.len = len, .prot = prot, .flags = flags, .file = file,
		.may = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC,
		.map = file->f_op->mmap,
	};
	unsigned long at = 0;
	int err = do_mmap(mm, &args, &at);

	return err ? (unsigned long)err : at;
}

/* A write or a read as a program makes it: 0, or VM_FAULT_ERROR bits. */
static inline vm_fault_t
as_touch(struct mm_struct *mm, unsigned long addr, bool write)
{
	int code;

	return mm_fault(mm, addr, FAULT_FLAG_USER |
			(write ? FAULT_FLAG_WRITE : 0), &code) & VM_FAULT_ERROR;
}

/* Its answer as an errno, for a sweep; what is neither is told by -EIO. */
static inline int
as_touch_errno(struct mm_struct *mm, unsigned long addr, bool write)
{
	vm_fault_t result = as_touch(mm, addr, write);

	return !result ? 0 : result == VM_FAULT_OOM ? -ENOMEM : -EIO;
}

static inline bool
as_poke(struct mm_struct *mm, unsigned long addr, u32 value)
{
	return access_remote_vm(mm, addr, &value, 4, FOLL_WRITE) == 4;
}

/* ~0: it cannot be read. */
static inline u32
as_peek(struct mm_struct *mm, unsigned long addr)
{
	u32 value;

	return access_remote_vm(mm, addr, &value, 4, 0) == 4 ? value : ~0u;
}

/* The entry of addr, 0 when there is no table. */
static inline pte_t
as_pte(struct mm_struct *mm, unsigned long addr)
{
	pte_t *pte = pte_offset(&mm->context, addr);

	return pte ? *pte : (pte_t){ 0 };
}

/* The page behind addr, which is mapped. */
static inline struct page *
as_page(struct mm_struct *mm, unsigned long addr)
{
	return pfn_to_page(pte_pfn(as_pte(mm, addr)));
}

/* A space with so many pages of its own at base. */
static inline struct mm_struct *
as_space(struct test *t, unsigned long base, unsigned long pages)
{
	struct mm_struct *mm = mm_alloc();

	if (EXPECT(t, mm != NULL))
		EXPECT_EQ(t, as_map(mm, base, pages * PAGE_SIZE, RW,
				    ANON | MAP_FIXED), base);
	return mm;
}

/* What fn says of a space made for it, or -ENOMEM: for sweeps. */
static inline int
as_in_a_space(int (*fn)(struct mm_struct *mm))
{
	struct mm_struct *mm = mm_alloc();
	int err;

	if (!mm)
		return -ENOMEM;
	err = fn(mm);
	mmput(mm);
	return err;
}

/* How many VMAs the tree holds, whatever map_count says. */
static inline unsigned
as_nr_vmas(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	unsigned n = 0;

	for_each_vma(mm, vma)
		n++;
	return n;
}

static inline bool
as_is(struct mm_struct *mm, unsigned long addr, unsigned long start,
      unsigned long end, vm_flags_t rights)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);

	return vma && vma->vm_start == start && vma->vm_end == end &&
	       (vma->vm_flags & VM_ACCESS_FLAGS) == rights;
}

#endif
