/* SPDX-License-Identifier: MIT */
/*
 * What a process maps, for people: /proc/PID/maps, smaps, smaps_rollup, pagemap.
 *
 *	b6f55000-b6f56000 rw-p 00000000 00:00 0          [heap]
 *
 * smaps adds, for each mapping, how much of it is in memory, and whose it is:
 *
 *	Rss	pages that are there
 *	Pss	each of them divided by how many map it: the sum over all
 *		processes is the memory that is used
 *	clean and dirty, private (mapped once) and shared
 *
 * mmap_lock is held for reading while a VMA is looked at, and while its lines
 * are put into the buffer: the reader's output goes to kernel memory first.
 */
#include <kernel/procfs.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/slab.h>
#include <mm/shmem.h>
#include <mm/swap.h>

#define NAME_COLUMN	73	/* where a mapping's name begins, as in Linux */

/* What the pages of a mapping, or of all, come to: bytes. */
struct mem_stats {
	unsigned long size, rss, referenced, anonymous, locked;
	unsigned long shared_clean, shared_dirty, private_clean, private_dirty;
	u64 pss;		/* in 1/4096 bytes */
	u64 pss_dirty;
	unsigned long swap;
	u64 swap_pss;
};

/* --- The line of a VMA --- */

static const char *
plain_name(struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;

	if (vma->vm_ops && vma->vm_ops->name)
		return vma->vm_ops->name(vma);
	if (vma->vm_file)
		return NULL;
	if (vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk &&
	    mm->brk > mm->start_brk)
		return "[heap]";
	if (vma->vm_start <= mm->start_stack && vma->vm_end > mm->start_stack)
		return "[stack]";
	return "";
}

static void
put_name(struct seq_buf *s, struct vm_area_struct *vma, unsigned column,
	 char *buf)
{
	const char *name = plain_name(vma);
	int err;

	if (!name)
		name = d_path(&vma->vm_file->f_path, buf, PATH_MAX, &err);
	if (!name || !*name)
		return;
	for (; column < NAME_COLUMN; column++)
		seq_putc(s, ' ');
	seq_puts(s, name);
}

static void
put_vma(struct seq_buf *s, struct vm_area_struct *vma, char *buf)
{
	const struct inode *inode = vma->vm_file ? vma->vm_file->f_inode : NULL;
	vm_flags_t f = vma->vm_flags;
	dev_t dev = inode ? inode->i_sb->s_dev : 0;
	char line[80];

	snprintf(line, sizeof(line), "%08lx-%08lx %c%c%c%c %08llx %02x:%02x %llu ",
		 vma->vm_start, vma->vm_end, f & VM_READ ? 'r' : '-',
		 f & VM_WRITE ? 'w' : '-', f & VM_EXEC ? 'x' : '-',
		 f & VM_SHARED ? 's' : 'p',
		 inode ? (u64)vma->vm_pgoff << PAGE_SHIFT : 0ull,
		 (unsigned)MAJOR(dev), (unsigned)MINOR(dev),
		 inode ? inode->i_ino : 0ull);
	seq_puts(s, line);
	put_name(s, vma, (unsigned)strlen(line), buf);
	seq_putc(s, '\n');
}

/* --- What is in memory --- */

static void
add_page(struct mem_stats *m, struct page *page, pte_t pte)
{
	unsigned long mapped = (unsigned long)page_mapcount(page);
	bool dirty = pte_dirty(pte) || page->flags & PG_dirty;
	u64 share = ((u64)PAGE_SIZE << PAGE_SHIFT) / max(mapped, 1ul);

	m->rss += PAGE_SIZE;
	m->pss += share;
	if (pte_young(pte))
		m->referenced += PAGE_SIZE;
	if (page_is_anon(page))
		m->anonymous += PAGE_SIZE;
	if (dirty)
		m->pss_dirty += share;
	if (mapped > 1)
		*(dirty ? &m->shared_dirty : &m->shared_clean) += PAGE_SIZE;
	else
		*(dirty ? &m->private_dirty : &m->private_clean) += PAGE_SIZE;
}

/* Sections: present or not, private, dirty. */
static void
add_sections(struct mem_stats *m, struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start;
	phys_addr_t pa;
	bool dirty;

	for (; addr < vma->vm_end; addr += SECTION_SIZE) {
		if (!user_section_get(&vma->vm_mm->context, addr, &pa, &dirty))
			continue;
		m->rss += SECTION_SIZE;
		m->anonymous += SECTION_SIZE;
		m->private_dirty += SECTION_SIZE;
		m->referenced += SECTION_SIZE;
		m->pss += (u64)SECTION_SIZE << PAGE_SHIFT;
		m->pss_dirty += (u64)SECTION_SIZE << PAGE_SHIFT;
	}
}

/* The page behind an entry that counts as memory of the VMA, or NULL. */
static struct page *
counted_page(struct vm_area_struct *vma, pte_t pte)
{
	struct page *page;

	if (!pte_mapped(pte) || vma->vm_flags & VM_PFNMAP)
		return NULL;
	page = pfn_to_page(pte_pfn(pte));
	return page_mapcount(page) > 0 ? page : NULL;	/* not the zero page */
}

/* A page in swap, shared by as many as name the slot. */
static void
add_swapped(struct mem_stats *m, swp_entry_t entry)
{
	m->swap += PAGE_SIZE;
	m->swap_pss += ((u64)PAGE_SIZE << PAGE_SHIFT) /
		       max(swap_count(entry), 1u);
}

static void
add_vma(struct mem_stats *m, struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long addr = vma->vm_start;

	m->size += vma->vm_end - vma->vm_start;
	if (vma->vm_flags & VM_LOCKED)
		m->locked += vma->vm_end - vma->vm_start;
	if (vma->vm_flags & VM_HUGETLB) {
		add_sections(m, vma);
		return;
	}
	/* Shared memory: its file knows, no table does. */
	if (vma->vm_mapping)
		m->swap += shmem_swap_usage(vma->vm_mapping, vma->vm_pgoff,
					    vma->vm_pgoff + vma_pages(vma)) *
			   PAGE_SIZE;
	spin_lock(&mm->page_table_lock);
	for (; addr < vma->vm_end; addr += PAGE_SIZE) {
		pte_t *pte = pte_offset(&mm->context, addr);
		struct page *page;

		if (!pte) {
			addr |= SECTION_SIZE - PAGE_SIZE;
			continue;
		}
		if (pte_swap(*pte))
			add_swapped(m, pte_to_swp_entry(*pte));
		page = counted_page(vma, *pte);
		if (page)
			add_page(m, page, *pte);
	}
	spin_unlock(&mm->page_table_lock);
}

static void
put_kb(struct seq_buf *s, const char *name, unsigned long bytes)
{
	seq_printf(s, "%-16s%8lu kB\n", name, bytes >> 10);
}

static void
put_stats(struct seq_buf *s, const struct mem_stats *m)
{
	put_kb(s, "Rss:", m->rss);
	put_kb(s, "Pss:", (unsigned long)(m->pss >> PAGE_SHIFT));
	put_kb(s, "Pss_Dirty:", (unsigned long)(m->pss_dirty >> PAGE_SHIFT));
	put_kb(s, "Shared_Clean:", m->shared_clean);
	put_kb(s, "Shared_Dirty:", m->shared_dirty);
	put_kb(s, "Private_Clean:", m->private_clean);
	put_kb(s, "Private_Dirty:", m->private_dirty);
	put_kb(s, "Referenced:", m->referenced);
	put_kb(s, "Anonymous:", m->anonymous);
	put_kb(s, "Swap:", m->swap);
	put_kb(s, "SwapPss:", (unsigned long)(m->swap_pss >> PAGE_SHIFT));
	put_kb(s, "Locked:", m->locked);
}

/* "rd wr mr mw me ac": VmFlags, in Linux's letters. */
static void
put_flags(struct seq_buf *s, vm_flags_t flags)
{
	static const struct {
		vm_flags_t flag;
		char name[3];
	} names[] = {
		{ VM_READ, "rd" }, { VM_WRITE, "wr" }, { VM_EXEC, "ex" },
		{ VM_SHARED, "sh" }, { VM_MAYREAD, "mr" },
		{ VM_MAYWRITE, "mw" }, { VM_MAYEXEC, "me" },
		{ VM_MAYSHARE, "ms" }, { VM_GROWSDOWN, "gd" },
		{ VM_PFNMAP, "pf" }, { VM_LOCKED, "lo" }, { VM_IO, "io" },
		{ VM_SEQ_READ, "sr" }, { VM_RAND_READ, "rr" },
		{ VM_DONTCOPY, "dc" }, { VM_DONTEXPAND, "de" },
		{ VM_ACCOUNT, "ac" }, { VM_NORESERVE, "nr" },
		{ VM_HUGETLB, "ht" }, { VM_WIPEONFORK, "wf" },
		{ VM_DONTDUMP, "dd" }, { VM_MIXEDMAP, "mm" },
		{ VM_HUGEPAGE, "hg" }, { VM_NOHUGEPAGE, "nh" },
		{ VM_MERGEABLE, "mg" },
	};

	seq_puts(s, "VmFlags:");
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			seq_printf(s, " %s", names[i].name);
	seq_putc(s, '\n');
}

/* --- The files --- */

enum maps_style { MAPS, SMAPS, ROLLUP };

static void
show_all(struct seq_buf *s, struct mm_struct *mm, enum maps_style style,
	 char *buf)
{
	struct mem_stats sum = { .size = 0 };
	struct vm_area_struct *vma;

	for_each_vma(mm, vma) {
		struct mem_stats one = { .size = 0 };

		if (style != ROLLUP)
			put_vma(s, vma, buf);
		if (style == ROLLUP)
			add_vma(&sum, vma);
		if (style != SMAPS)
			continue;
		add_vma(&one, vma);
		put_kb(s, "Size:", one.size);
		put_kb(s, "KernelPageSize:", vma->vm_flags & VM_HUGETLB ?
		       SECTION_SIZE : PAGE_SIZE);
		put_stats(s, &one);
		put_flags(s, vma->vm_flags);
	}
	if (style != ROLLUP)
		return;
	vma = vma_first(mm);
	seq_printf(s, "%08lx-%08x ---p 00000000 00:00 0 [rollup]\n",
		   vma ? vma->vm_start : 0, TASK_SIZE);
	put_stats(s, &sum);
}

static int
show_maps(struct seq_buf *s, struct task *task, enum maps_style style)
{
	struct mm_struct *mm = task_get_mm(task);
	char *buf;

	if (!mm)
		return 0;		/* a thread of the kernel maps nothing */
	buf = kmalloc(PATH_MAX, GFP_KERNEL);
	if (buf) {
		down_read(&mm->mmap_lock);
		show_all(s, mm, style, buf);
		up_read(&mm->mmap_lock);
	}
	kfree(buf);
	mmput(mm);
	return buf ? 0 : -ENOMEM;
}

static int
maps_show(struct seq_buf *s, struct task *task)
{
	return show_maps(s, task, MAPS);
}
PROC_PID_FILE(maps, .name = "maps", .mode = 0444, .show = maps_show);

static int
smaps_show(struct seq_buf *s, struct task *task)
{
	return show_maps(s, task, SMAPS);
}
PROC_PID_FILE(smaps, .name = "smaps", .mode = 0444, .show = smaps_show);

static int
rollup_show(struct seq_buf *s, struct task *task)
{
	return show_maps(s, task, ROLLUP);
}
PROC_PID_FILE(smaps_rollup, .name = "smaps_rollup", .mode = 0444,
	      .show = rollup_show);

/* --- pagemap: 64 bits for each page of the address space --- */

#define PM_PRESENT	(1ull << 63)
#define PM_SWAP		(1ull << 62)	/* 4:0 area, 54:5 slot */
#define PM_FILE		(1ull << 61)
#define PM_EXCLUSIVE	(1ull << 56)

static u64
pagemap_entry(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	u64 entry = 0;
	pte_t *pte;

	if (!vma || vma->vm_flags & VM_HUGETLB)
		return 0;
	pte = pte_offset(&mm->context, addr);
	if (!pte)
		return 0;
	spin_lock(&mm->page_table_lock);
	if (pte_swap(*pte)) {
		swp_entry_t place = pte_to_swp_entry(*pte);

		entry = PM_SWAP | swp_type(place) |
			(u64)swp_offset(place) << 5;
	} else if (pte_mapped(*pte)) {
		struct page *page = counted_page(vma, *pte);

		entry = PM_PRESENT | pte_pfn(*pte);
		if (page && !page_is_anon(page))
			entry |= PM_FILE;
		if (page && page_mapcount(page) == 1)
			entry |= PM_EXCLUSIVE;
	}
	spin_unlock(&mm->page_table_lock);
	return entry;
}

#define PAGEMAP_CHUNK	64

static ssize_t
pagemap_read(struct task *task, struct iov_iter *to, u64 *pos)
{
	struct mm_struct *mm = task_get_mm(task);
	u64 chunk[PAGEMAP_CHUNK], end = (u64)(TASK_SIZE >> PAGE_SHIFT) * 8;
	ssize_t done = 0;

	if (*pos & 7 || to->count & 7) {
		if (mm)
			mmput(mm);
		return -EINVAL;		/* words only, as Linux has it */
	}
	if (!mm)
		return 0;
	while (to->count && *pos < end) {
		unsigned n = (unsigned)min(min((u64)to->count, end - *pos) / 8,
					   (u64)PAGEMAP_CHUNK);

		down_read(&mm->mmap_lock);
		for (unsigned i = 0; i < n; i++)
			chunk[i] = pagemap_entry(mm, (unsigned long)
				(*pos / 8 + i) << PAGE_SHIFT);
		up_read(&mm->mmap_lock);
		if (copy_to_iter(chunk, n * 8, to) != n * 8) {
			done = done ? done : -EFAULT;
			break;
		}
		*pos += n * 8;
		done += (ssize_t)n * 8;
	}
	mmput(mm);
	return done;
}
PROC_PID_FILE(pagemap, .name = "pagemap", .mode = 0400, .read = pagemap_read);
