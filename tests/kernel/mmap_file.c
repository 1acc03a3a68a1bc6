/* SPDX-License-Identifier: MIT */
/*
 * Mapped files: whose page is where, who sees whose writes, and what is left
 * when the file becomes shorter. Also what follows pages (gup.c): the Dirty COW
 * race, made certain.
 */
#include <kernel/signal.h>
#include <lib/string.h>
#include <mm/pagecache.h>
#include <mm/verify.h>
#include "as_helpers.h"
#include "files.h"

#define P	PAGE_SIZE
#define NAME	"/mmap_file"
#define ALL	(VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC)

/* A file of nr pages, page i beginning with 100 + i. */
static struct file *
numbered_file(struct test *t, unsigned nr)
{
	struct file *file = must_open(t, NAME, O_CREAT | O_TRUNC | O_RDWR);

	if (!file)
		return NULL;
	EXPECT_EQ(t, vfs_truncate(file->f_inode, nr * P), 0);
	for (u32 i = 0; i < nr; i++) {
		u32 value = 100 + i;
		u64 pos = i * P;

		EXPECT_EQ(t, kernel_write(file, &value, 4, &pos), 4);
	}
	return file;
}

static void
done_with(struct file *file)
{
	fput(file);
	UNLINK(NAME);
}

/* What the file says, whoever maps it. */
static u32
in_file(struct file *file, unsigned page)
{
	u64 pos = page * P;
	u32 value = ~0u;

	return kernel_read(file, &value, 4, &pos) == 4 ? value : ~0u;
}

/* Bit of the page in the cache; false if it is not there. */
static bool
is_dirty(struct file *file, unsigned index)
{
	struct page *page = find_get_page(file->f_inode->i_mapping, index);
	bool dirty = page && READ_ONCE(page->flags) & PG_dirty;

	if (page)
		put_page(page);
	return dirty;
}

static void
clean(struct file *file, unsigned index)
{
	struct page *page = find_get_page(file->f_inode->i_mapping, index);

	if (!page)
		return;
	/* Nobody else moves its flags now. */
	lock_page(page);
	page->flags &= ~PG_dirty;
	unlock_page(page);
	put_page(page);
}

/* VMAs on the file's list. */
static unsigned
nr_mapped_by(struct address_space *mapping)
{
	struct vm_area_struct *vma;
	unsigned n = 0;

	list_for_each_entry(vma, &mapping->i_mmap, mapping_node)
		n++;
	return n;
}

/* One read fault brings its 16 neighbours along, as far as they are there. */
static void
a_read_maps_the_pages_around_it(struct test *t)
{
	struct file *file = numbered_file(t, 40);
	struct mm_struct *mm = mm_alloc();
	unsigned long at, n = 0;

	ASSERT(t, file && mm);
	at = as_map_file(mm, file, 40 * P, PROT_READ, MAP_PRIVATE);
	EXPECT_EQ(t, as_touch(mm, at + 17 * P, false), 0);
	for (unsigned i = 0; i < 40; i++) {
		bool near = ALIGN_DOWN(at + i * P, 16 * P) ==
			    ALIGN_DOWN(at + 17 * P, 16 * P);

		EXPECT_EQ(t, pte_present(as_pte(mm, at + i * P)), near);
		n += near;
	}
	EXPECT_EQ(t, mm->rss[MM_SHMEMPAGES], n);
	for (unsigned i = 0; i < 40; i++)
		EXPECT_EQ(t, as_peek(mm, at + i * P), 100 + i);
	EXPECT_EQ(t, mm->rss[MM_SHMEMPAGES], 40);
	mmput(mm);
	done_with(file);
}

/*
 *	private	a -- page of the file		b writes: b -- its own copy
 *	private	b -- page of the file		a and the file keep theirs
 */
static void
a_private_write_stays_private(struct test *t)
{
	struct file *file = numbered_file(t, 3);
	struct mm_struct *a = mm_alloc(), *b = mm_alloc();
	unsigned long in_a, in_b;

	ASSERT(t, file && a && b);
	in_a = as_map_file(a, file, 3 * P, RW, MAP_PRIVATE);
	in_b = as_map_file(b, file, 3 * P, RW, MAP_PRIVATE);
	EXPECT_EQ(t, as_peek(a, in_a), 100);
	EXPECT_EQ(t, as_peek(b, in_b), 100);
	EXPECT_EQ(t, pte_pfn(as_pte(a, in_a)), pte_pfn(as_pte(b, in_b)));
	EXPECT(t, !pte_write(as_pte(b, in_b)));
	EXPECT(t, as_poke(b, in_b, 7));			/* after a read */
	EXPECT_EQ(t, do_madvise(b, in_b + P, P, MADV_DONTNEED), 0);
	EXPECT(t, as_poke(b, in_b + P, 8));		/* at once */
	EXPECT_EQ(t, b->rss[MM_ANONPAGES], 2);
	EXPECT_EQ(t, as_peek(b, in_b), 7);
	EXPECT_EQ(t, as_peek(b, in_b + P), 8);
	EXPECT_EQ(t, as_peek(a, in_a), 100);
	EXPECT_EQ(t, in_file(file, 0), 100);
	EXPECT_EQ(t, in_file(file, 1), 101);
	EXPECT_EQ(t, do_madvise(b, in_b, P, MADV_DONTNEED), 0);
	EXPECT_EQ(t, as_peek(b, in_b), 100);		/* the file's again */
	mmput(a);
	mmput(b);
	done_with(file);
}

static void
a_shared_write_marks_the_page(struct test *t)
{
	struct file *file = numbered_file(t, 2);
	struct mm_struct *mm = mm_alloc(), *child = NULL;
	unsigned long at;
	u64 pos = 0;
	u32 value = 44;

	ASSERT(t, file && mm);
	at = as_map_file(mm, file, 2 * P, RW, MAP_SHARED);
	clean(file, 0);
	clean(file, 1);
	EXPECT_EQ(t, as_peek(mm, at), 100);
	EXPECT(t, !pte_dirty(as_pte(mm, at)));
	EXPECT_EQ(t, as_touch(mm, at, true), 0);
	EXPECT(t, pte_dirty(as_pte(mm, at)));
	EXPECT(t, as_poke(mm, at, 33));
	EXPECT_EQ(t, in_file(file, 0), 33);
	EXPECT_EQ(t, kernel_write(file, &value, 4, &pos), 4);
	EXPECT_EQ(t, as_peek(mm, at), 44);
	clean(file, 0);
	ASSERT_EQ(t, dup_mm(mm, &child), 0);
	EXPECT_EQ(t, mm_rss(child), 0);		/* it will find them itself */
	EXPECT(t, as_poke(child, at, 55));
	EXPECT_EQ(t, as_peek(mm, at), 55);
	EXPECT(t, pte_write(as_pte(mm, at)));
	mmput(child);
	EXPECT_EQ(t, do_munmap(mm, at, P), 0);
	EXPECT(t, is_dirty(file, 0));		/* the entry told the page */
	EXPECT(t, !is_dirty(file, 1));
	EXPECT_EQ(t, in_file(file, 0), 55);
	mmput(mm);
	done_with(file);
}

/*
 *	file	0 1 2 3		then	0 1|	two pages are left
 *	shared	s s s s			s s B B		B: SIGBUS
 *	private	f p p f			f p B B		its own copy goes, too
 */
static void
what_is_truncated_is_unmapped(struct test *t)
{
	struct file *file = numbered_file(t, 4);
	struct mm_struct *mm = mm_alloc();
	unsigned long s, p;
	int code = 0;

	ASSERT(t, file && mm);
	s = as_map_file(mm, file, 4 * P, RW, MAP_SHARED);
	p = as_map_file(mm, file, 4 * P, RW, MAP_PRIVATE);
	for (unsigned i = 0; i < 4; i++) {
		EXPECT_EQ(t, as_peek(mm, s + i * P), 100 + i);
		EXPECT_EQ(t, as_peek(mm, p + i * P), 100 + i);
	}
	EXPECT(t, as_poke(mm, p + P, 1));
	EXPECT(t, as_poke(mm, p + 2 * P, 2));
	/* The VMAs are several by now: each part is found. */
	EXPECT_EQ(t, do_mprotect(mm, s + 3 * P, P, PROT_READ), 0);
	EXPECT_EQ(t, do_mprotect(mm, p + 2 * P, P, PROT_READ), 0);
	EXPECT_EQ(t, vfs_truncate(file->f_inode, 2 * P), 0);
	EXPECT_EQ(t, mm_rss(mm), 4);
	EXPECT_EQ(t, as_peek(mm, s + P), 101);
	EXPECT_EQ(t, as_peek(mm, p + P), 1);
	EXPECT_EQ(t, mm_fault(mm, s + 2 * P, 0, &code), VM_FAULT_SIGBUS);
	EXPECT_EQ(t, code, BUS_ADRERR);
	EXPECT_EQ(t, mm_fault(mm, p + 3 * P, FAULT_FLAG_WRITE, &code),
		  VM_FAULT_SIGBUS);
	EXPECT_EQ(t, mm_fault(mm, s + 3 * P, 0, &code), VM_FAULT_SIGBUS);
	/* Some of it can be had, but not all: that is an error. */
	EXPECT_EQ(t, do_madvise(mm, s, 3 * P, MADV_POPULATE_READ), -EFAULT);
	EXPECT_EQ(t, do_mlock(mm, s, 3 * P, 0), -ENOMEM);
	EXPECT_EQ(t, vfs_truncate(file->f_inode, 4 * P), 0);
	EXPECT_EQ(t, as_peek(mm, s + 2 * P), 0);
	mmput(mm);
	done_with(file);
}

static void
vmas_of_one_file_merge_and_leave_its_list(struct test *t)
{
	struct file *file = numbered_file(t, 6);
	struct mm_struct *mm = mm_alloc();
	struct address_space *mapping;
	unsigned long at;

	ASSERT(t, file && mm);
	mapping = file->f_inode->i_mapping;
	at = as_map_file(mm, file, 6 * P, PROT_READ, MAP_SHARED);
	EXPECT_EQ(t, do_mprotect(mm, at + 2 * P, 2 * P, RW), 0);
	EXPECT_EQ(t, mm->map_count, 3);
	EXPECT_EQ(t, vma_lookup(mm, at + 2 * P)->vm_pgoff, 2);
	EXPECT_EQ(t, as_peek(mm, at + 5 * P), 105);
	EXPECT_EQ(t, do_munmap(mm, at, P), 0);
	EXPECT_EQ(t, as_peek(mm, at + P), 101);
	EXPECT_EQ(t, do_mprotect(mm, at + 2 * P, 2 * P, PROT_READ), 0);
	EXPECT_EQ(t, mm->map_count, 1);
	EXPECT_EQ(t, vma_first(mm)->vm_pgoff, 1);
	EXPECT_EQ(t, nr_mapped_by(mapping), 1);
	EXPECT_EQ(t, do_munmap(mm, at, 6 * P), 0);
	EXPECT(t, list_empty(&mapping->i_mmap));
	mmput(mm);
	done_with(file);
}

/* mremap() of length 0: the same shared pages, once more. */
static void
shared_pages_can_be_mapped_twice(struct test *t)
{
	struct file *file = numbered_file(t, 4);
	struct mm_struct *mm = mm_alloc();
	unsigned long at, again = 0;

	ASSERT(t, file && mm);
	at = as_map_file(mm, file, 4 * P, RW, MAP_SHARED);
	EXPECT(t, as_poke(mm, at + P, 5));
	EXPECT_EQ(t, do_mremap(mm, at + P, 0, 2 * P, MREMAP_MAYMOVE, 0,
			       &again), 0);
	EXPECT_EQ(t, as_peek(mm, again), 5);
	EXPECT(t, as_poke(mm, again + P, 6));
	EXPECT_EQ(t, as_peek(mm, at + 2 * P), 6);
	EXPECT_EQ(t, mm->total_vm, 6);
	mmput(mm);
	done_with(file);
}

/* --- Following pages against the rights --- */

#define FORCE	(FOLL_WRITE | FOLL_FORCE)

static unsigned long
force(struct mm_struct *mm, unsigned long addr, u32 value)
{
	return access_remote_vm(mm, addr, &value, 4, FORCE);
}

/*
 * A debugger's write to a page that the program may only read goes to a copy,
 * each time anew when the copy has been thrown away.
 */
static void
a_forced_write_never_reaches_the_file(struct test *t)
{
	struct file *file = numbered_file(t, 2);
	struct mm_struct *mm = mm_alloc();
	unsigned long at, shared;

	ASSERT(t, file && mm);
	at = as_map_file(mm, file, 2 * P, PROT_READ, MAP_PRIVATE);
	shared = as_map_file(mm, file, 2 * P, PROT_READ, MAP_SHARED);
	EXPECT(t, !as_poke(mm, at, 1));
	for (u32 i = 0; i < 3; i++) {
		EXPECT_EQ(t, as_peek(mm, at), 100);
		EXPECT_EQ(t, force(mm, at, 70 + i), 4);
		EXPECT_EQ(t, as_peek(mm, at), 70 + i);
		EXPECT(t, !pte_write(as_pte(mm, at)));
		EXPECT_EQ(t, in_file(file, 0), 100);
		EXPECT_EQ(t, do_madvise(mm, at, P, MADV_DONTNEED), 0);
	}
	EXPECT_EQ(t, force(mm, shared, 9), 0);
	EXPECT_EQ(t, in_file(file, 0), 100);
	mmput(mm);
	done_with(file);
}

static const struct vm_operations_struct *real_ops;
static unsigned nr_races;

/*
 * Another thread in the middle of the debugger's fault: the private copy
 * is in the making, and it reads the file's page into the entry.
 */
static vm_fault_t
fault_with_a_race(struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_WRITE && nr_races) {
		nr_races--;
		handle_mm_fault(vmf->vma, vmf->address, 0);
	}
	return real_ops->fault(vmf);
}

/*
 * Dirty COW (CVE-2016-5195). The debugger's write fault comes to nothing: when
 * it looks again the file's own page is there, read-only. Who then
 * thinks that the copy must have been made writes to the file.
 */
static void
a_lost_race_is_not_taken_for_a_copy(struct test *t)
{
	struct file *file = numbered_file(t, 1);
	struct mm_struct *mm = mm_alloc();
	struct vm_operations_struct ops;
	unsigned long at;

	ASSERT(t, file && mm);
	at = as_map_file(mm, file, P, PROT_READ, MAP_PRIVATE);
	real_ops = vma_first(mm)->vm_ops;
	ops = *real_ops;
	ops.fault = fault_with_a_race;
	vma_first(mm)->vm_ops = &ops;
	nr_races = 1;
	EXPECT_EQ(t, force(mm, at, 66), 4);
	EXPECT_EQ(t, nr_races, 0);
	EXPECT_EQ(t, in_file(file, 0), 100);
	EXPECT_EQ(t, as_peek(mm, at), 66);
	vma_first(mm)->vm_ops = real_ops;
	mmput(mm);
	done_with(file);
}

/* A debugger may look where the program may not: the program still may not. */
static void
a_forced_read_opens_nothing(struct test *t)
{
	struct file *file = numbered_file(t, 1);
	struct mm_struct *mm = mm_alloc();
	unsigned long in_file_at, at;
	u32 value = 0;

	ASSERT(t, file && mm);
	in_file_at = as_map_file(mm, file, P, PROT_NONE, MAP_PRIVATE);
	at = as_map(mm, 0, P, PROT_NONE, ANON);
	EXPECT_EQ(t, access_remote_vm(mm, in_file_at, &value, 4, FOLL_FORCE),
		  4);
	EXPECT_EQ(t, value, 100);
	EXPECT_EQ(t, access_remote_vm(mm, at, &value, 4, FOLL_FORCE), 4);
	EXPECT_EQ(t, value, 0);
	EXPECT(t, !pte_present(as_pte(mm, in_file_at)));
	EXPECT(t, !pte_present(as_pte(mm, at)));
	EXPECT_EQ(t, as_touch(mm, at, false), VM_FAULT_SIGSEGV);
	EXPECT_EQ(t, do_mprotect(mm, at, P, RW), 0);
	EXPECT(t, as_poke(mm, at, 3));
	EXPECT_EQ(t, as_peek(mm, at), 3);
	mmput(mm);
	done_with(file);
}

/* --- Memory of drivers --- */

/* The frames of a device: no counts, not cached. */
static int
map_frames(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, 0x10000000 >> PAGE_SHIFT,
			       2 * P, USER_UNCACHED);
}

static void
uncached_frames_stay_uncached(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	struct mmap_args args = {
		.len = 2 * P, .prot = RW, .flags = MAP_PRIVATE, .may = ALL,
		.file = (struct file *)&args, .map = map_frames,
	};
	unsigned long at = 0;
	pte_t before;

	ASSERT(t, mm != NULL);
	EXPECT_EQ(t, do_mmap(mm, &args, &at), -EINVAL);
	args.flags = MAP_SHARED;
	ASSERT_EQ(t, do_mmap(mm, &args, &at), 0);
	before = as_pte(mm, at + P);
	EXPECT_EQ(t, pte_memory(before), USER_UNCACHED);
	EXPECT_EQ(t, do_mprotect(mm, at, 2 * P, PROT_NONE), 0);
	EXPECT(t, pte_protnone(as_pte(mm, at + P)));
	EXPECT_EQ(t, pte_memory(as_pte(mm, at + P)), USER_UNCACHED);
	EXPECT_EQ(t, do_mprotect(mm, at, 2 * P, RW), 0);
	EXPECT_EQ(t, as_pte(mm, at + P).value, before.value);
	EXPECT_EQ(t, mm_rss(mm), 0);
	EXPECT_EQ(t, as_peek(mm, at), ~0u);	/* not for others to follow */
	EXPECT_EQ(t, do_madvise(mm, at, P, MADV_DONTNEED), -EINVAL);
	EXPECT_EQ(t, do_madvise(mm, at, P, MADV_DOFORK), -EINVAL);
	EXPECT_EQ(t, do_madvise(mm, at, P, MADV_POPULATE_READ), -EINVAL);
	mmput(mm);
}

/* --- Sections beside pages --- */

#define GROUP	(4 * MIB)
#define BASE	0x10000000ul
#define HUGE_AT(i, prot) as_map(mm, BASE + (i) * MIB, MIB, prot, \
				ANON | MAP_HUGETLB | MAP_FIXED)

/*
 *	MiB of a group	[sect][sect][sect][page]	a table for the last
 *	munmap the page, map a section there: the table is nobody's, and goes
 */
static void
sections_and_pages_share_a_group(struct test *t)
{
	struct mm_struct *mm = mm_alloc();

	ASSERT(t, mm != NULL);
	for (unsigned i = 0; i < 3; i++)
		ASSERT_EQ(t, HUGE_AT(i, RW), BASE + i * MIB);
	ASSERT_EQ(t, as_map(mm, BASE + 3 * MIB, P, RW, ANON | MAP_FIXED),
		  BASE + 3 * MIB);
	EXPECT(t, as_poke(mm, BASE + 3 * MIB, 3));
	if (as_touch(mm, BASE, true)) {
		mmput(mm);
		SKIP(t, "no free block of 1 MiB");
	}
	EXPECT_EQ(t, mm->nr_tables, 1);
	EXPECT_EQ(t, mm_rss(mm), 257);
	EXPECT_VERIFIED(t);
	EXPECT_EQ(t, as_peek(mm, BASE + 3 * MIB), 3);
	EXPECT_EQ(t, do_munmap(mm, BASE + 3 * MIB, P), 0);
	EXPECT_EQ(t, mm->nr_tables, 1);		/* sections keep the group */
	ASSERT_EQ(t, HUGE_AT(3, RW), BASE + 3 * MIB);
	for (unsigned i = 1; i < 4; i++) {
		if (as_touch(mm, BASE + i * MIB, true)) {
			mmput(mm);
			SKIP(t, "no four free blocks of 1 MiB");
		}
	}
	EXPECT_EQ(t, mm->nr_tables, 0);
	EXPECT_EQ(t, mm_rss(mm), 1024);
	mmput(mm);
}

/* Rights of what was never touched say nothing about physical memory. */
static void
protecting_an_empty_section_maps_nothing(struct test *t)
{
	struct mm_struct *mm = mm_alloc();

	ASSERT(t, mm != NULL);
	ASSERT_EQ(t, HUGE_AT(0, RW), BASE);
	EXPECT_EQ(t, do_mprotect(mm, BASE, MIB, PROT_READ), 0);
	EXPECT_EQ(t, mm->context.pgd[BASE >> SECTION_SHIFT].value, 0);
	EXPECT_VERIFIED(t);
	EXPECT_EQ(t, do_mprotect(mm, BASE, MIB, RW), 0);
	if (as_touch(mm, BASE, true)) {
		mmput(mm);
		SKIP(t, "no free block of 1 MiB");
	}
	EXPECT(t, as_poke(mm, BASE + 9 * P, 4));
	EXPECT_EQ(t, do_mprotect(mm, BASE, MIB, PROT_NONE), 0);
	EXPECT_EQ(t, as_touch(mm, BASE, false), VM_FAULT_SIGSEGV);
	EXPECT_VERIFIED(t);
	EXPECT_EQ(t, do_mprotect(mm, BASE, MIB, RW), 0);
	EXPECT_EQ(t, as_peek(mm, BASE + 9 * P), 4);
	EXPECT_EQ(t, do_mprotect(mm, BASE + P, P, PROT_READ), -EINVAL);
	mmput(mm);
}

TEST_SUITE("mmap_file",
	TEST_CASE(a_read_maps_the_pages_around_it),
	TEST_CASE(a_private_write_stays_private),
	TEST_CASE(a_shared_write_marks_the_page),
	TEST_CASE(what_is_truncated_is_unmapped),
	TEST_CASE(vmas_of_one_file_merge_and_leave_its_list),
	TEST_CASE(shared_pages_can_be_mapped_twice),
	TEST_CASE(a_forced_write_never_reaches_the_file),
	TEST_CASE(a_lost_race_is_not_taken_for_a_copy),
	TEST_CASE(a_forced_read_opens_nothing),
	TEST_CASE(uncached_frames_stay_uncached),
	TEST_CASE(sections_and_pages_share_a_group),
	TEST_CASE(protecting_an_empty_section_maps_nothing));
