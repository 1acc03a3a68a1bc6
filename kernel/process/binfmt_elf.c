/* SPDX-License-Identifier: MIT */
/*
 * Loading an ELF program into a new address space, and what it finds there.
 *
 *	0x00010000	ET_EXEC, where it wants to be
 *	0x7f555000 ...	ET_DYN (PIE), moved at random
 *	below mmap_base	the dynamic linker (PT_INTERP), where there is room
 *	top		stack:
 *
 *	  high	"v7l" 16 random bytes, file name, environment, arguments (strings)
 *		auxiliary vector	pairs (type, value), ends with AT_NULL
 *		envp[] NULL
 *		argv[] NULL
 *	  sp ->	argc			8-byte aligned
 *
 *   Loading is mapping: a PT_LOAD becomes a private file mapping, its pages come
 *   from the page cache when they are touched, and text is shared by all who run
 *   the program. Only the tail of the last page of data, which belongs to .bss,
 *   must be cleared by hand; the rest of .bss is anonymous memory.
 *
 * Source  System V ABI, chapter 5; Linux's auxiliary vector, getauxval(3).
 */
#include <kernel/process.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <lib/elf.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mman.h>
#include <mm/slab.h>
#include "binprm.h"

#define ET_DYN_BASE	0x7f555000u
#define DYN_RANDOM_PAGES 0x100u

#define HWCAP_V7	0x0008b8d6	/* half thumb fastmult vfp edsp thumbee
					 * neon vfpv3 tls vfpd32 */
enum { AT_NULL = 0, AT_PHDR = 3, AT_PHENT = 4, AT_PHNUM = 5, AT_PAGESZ = 6,
       AT_BASE = 7, AT_FLAGS = 8, AT_ENTRY = 9, AT_UID = 11, AT_EUID = 12,
       AT_GID = 13, AT_EGID = 14, AT_PLATFORM = 15, AT_HWCAP = 16,
       AT_CLKTCK = 17, AT_SECURE = 23, AT_RANDOM = 25, AT_HWCAP2 = 26,
       AT_EXECFN = 31 };

/* One ELF file: the program, or its dynamic linker. */
struct loaded {
	struct file *file;
	struct elf32_ehdr header;
	struct elf32_phdr phdrs[ELF_MAX_PHDRS];
	struct elf_image image;
	u32 bias;			/* added to every address of the file */
};

static int
read_headers(struct loaded *l)
{
	int err = read_exactly(l->file, 0, &l->header, sizeof(l->header));

	if (err)
		return err;
	if (!elf_header_ok(&l->header))
		return -ENOEXEC;
	err = read_exactly(l->file, l->header.e_phoff, l->phdrs,
			   l->header.e_phnum * (u32)sizeof(l->phdrs[0]));
	if (err)
		return err;
	return elf_read(&l->header, l->phdrs, TASK_SIZE, &l->image);
}

/* --- Mapping --- */

static vm_flags_t
segment_flags(const struct elf32_phdr *p)
{
	return (p->p_flags & PF_R ? VM_READ : 0) |
	       (p->p_flags & PF_W ? VM_WRITE : 0) |
	       (p->p_flags & PF_X ? VM_EXEC : 0);
}

/* Zeros from the end of the file's bytes to the end of their page. */
static int
clear_tail(struct mm_struct *mm, u32 addr)
{
	static const char zeros[64];
	u32 end = ALIGN_UP(addr, (u32)PAGE_SIZE);

	while (addr < end) {
		u32 n = min(end - addr, (u32)sizeof(zeros));

		if (access_remote_vm(mm, addr, (void *)zeros, n,
				     FOLL_WRITE | FOLL_FORCE) != n)
			return -ENOMEM;
		addr += n;
	}
	return 0;
}

static int
map_file_part(struct mm_struct *mm, struct file *file,
	      const struct elf32_phdr *p, u32 start)
{
	struct mmap_args args = {
		.addr = start & PAGE_MASK,
		.len = p->p_filesz + (start & ~PAGE_MASK),
		.prot = segment_flags(p),
		.flags = MAP_PRIVATE | MAP_FIXED,
		.pgoff = p->p_offset >> PAGE_SHIFT,
		.may = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC,
		.file = file,
		.map = file->f_op->mmap,
	};
	unsigned long at;

	if (!args.map)
		return -ENOEXEC;
	return do_mmap(mm, &args, &at);
}

static int
map_segment(struct mm_struct *mm, struct file *file,
	    const struct elf32_phdr *p, u32 bias)
{
	u32 start = p->p_vaddr + bias, file_end = start + p->p_filesz;
	u32 end = ALIGN_UP(start + p->p_memsz, (u32)PAGE_SIZE), bss;
	int err = 0;

	if (p->p_filesz)
		err = map_file_part(mm, file, p, start);
	if (!err && p->p_filesz && p->p_memsz > p->p_filesz &&
	    p->p_flags & PF_W)
		err = clear_tail(mm, file_end);
	bss = p->p_filesz ? ALIGN_UP(file_end, (u32)PAGE_SIZE) :
			    start & (u32)PAGE_MASK;
	if (!err && bss < end)
		err = vm_map_anon(mm, bss, end - bss, segment_flags(p));
	return err;
}

/* Code and data borders, as PID/stat and size limits know them. */
static void
note_segment(struct mm_struct *mm, const struct elf32_phdr *p, u32 bias)
{
	unsigned long start = p->p_vaddr + bias;
	unsigned long file_end = start + p->p_filesz;

	if (p->p_flags & PF_X) {
		if (!mm->start_code || start < mm->start_code)
			mm->start_code = start;
		mm->end_code = max(mm->end_code, file_end);
	}
	if (p->p_flags & PF_W) {
		mm->start_data = start;
		mm->end_data = max(mm->end_data, file_end);
	}
	mm->start_brk = max(mm->start_brk, start + p->p_memsz);
}

static int
map_segments(struct mm_struct *mm, struct loaded *l, bool program)
{
	for (unsigned i = 0; i < l->image.nr_phdrs; i++) {
		const struct elf32_phdr *p = &l->phdrs[i];
		int err;

		if (p->p_type != PT_LOAD || !p->p_memsz)
			continue;
		err = map_segment(mm, l->file, p, l->bias);
		if (err)
			return err;
		if (program)
			note_segment(mm, p, l->bias);
	}
	return 0;
}

/* Where a file that can lie anywhere is to lie; wish 0: no wish. */
static int
choose_bias(struct mm_struct *mm, struct loaded *l, u32 wish)
{
	struct mmap_args args = {
		.addr = wish, .len = l->image.end - l->image.start,
		.prot = PROT_NONE,
		.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
	};
	unsigned long at;
	int err;

	if (l->image.type == ET_EXEC)
		return 0;
	err = do_mmap(mm, &args, &at);
	if (err)
		return err;
	l->bias = (u32)at - l->image.start;
	return do_munmap(mm, at, args.len);
}

/* --- The dynamic linker --- */

static int
open_interp(struct linux_binprm *bprm, const struct elf32_phdr *p,
	    struct loaded *interp)
{
	int err;

	if (p->p_filesz < 2 || p->p_filesz > PAGE_SIZE)
		return -ENOEXEC;
	err = read_exactly(bprm->file, p->p_offset, bprm->page, p->p_filesz);
	if (err)
		return err;
	if (bprm->page[p->p_filesz - 1])
		return -ENOEXEC;
	err = open_exec(bprm->page, &interp->file);
	if (err)
		return err;
	err = read_headers(interp);
	return err == -ENOEXEC ? -ELIBBAD : err;
}

static int
load_interp(struct linux_binprm *bprm, struct loaded *interp)
{
	int err = choose_bias(bprm->mm, interp, 0);

	if (!err)
		err = map_segments(bprm->mm, interp, false);
	return err;
}

/* --- The stack --- */

static int
push(struct linux_binprm *bprm, const void *from, u32 n)
{
	bprm->p -= n;
	return stack_write(bprm, bprm->p, from, n);
}

struct auxv {
	u32 pair[21][2];
	unsigned n;
};

static void
aux(struct auxv *v, u32 type, u32 value)
{
	v->pair[v->n][0] = type;
	v->pair[v->n++][1] = value;
}

static void
fill_auxv(struct linux_binprm *bprm, const struct loaded *l, u32 base,
	  struct auxv *v)
{
	const struct process *process = current->process;

	aux(v, AT_HWCAP, HWCAP_V7);
	aux(v, AT_PAGESZ, PAGE_SIZE);
	aux(v, AT_CLKTCK, 100);
	aux(v, AT_PHDR, l->image.phdr_vaddr ? l->image.phdr_vaddr + l->bias :
					      0);
	aux(v, AT_PHENT, sizeof(struct elf32_phdr));
	aux(v, AT_PHNUM, l->image.nr_phdrs);
	aux(v, AT_BASE, base);
	aux(v, AT_FLAGS, 0);
	aux(v, AT_ENTRY, l->image.entry + l->bias);
	aux(v, AT_UID, process->uid);
	aux(v, AT_EUID, process->euid);
	aux(v, AT_GID, process->gid);
	aux(v, AT_EGID, process->egid);
	aux(v, AT_SECURE, 0);
	aux(v, AT_HWCAP2, 0);
	aux(v, AT_EXECFN, bprm->execfn);
}

/* Pointers to count strings that lie one behind the other from *at on. */
static int
write_pointers(struct linux_binprm *bprm, u32 where, int count, u32 *at)
{
	u32 pointer;
	int err = 0;

	for (int i = 0; i < count && !err; i++, where += 4) {
		pointer = *at;
		err = stack_write(bprm, where, &pointer, 4);
		while (!err) {		/* over this string */
			u32 n = min((u32)(PAGE_SIZE - (*at & ~PAGE_MASK)),
				    (u32)64);
			char *end;

			if (access_remote_vm(bprm->mm, *at, bprm->page, n,
					     0) != n)
				return -EFAULT;
			end = memchr(bprm->page, 0, n);
			*at += end ? (u32)(end - bprm->page) + 1 : n;
			if (end)
				break;
		}
	}
	pointer = 0;
	return err ? err : stack_write(bprm, where, &pointer, 4);
}

/* strings: the lowest of them, argv[0]. */
static int
build_stack(struct linux_binprm *bprm, const struct loaded *l, u32 base)
{
	struct auxv v = { .n = 0 };
	u32 strings = bprm->p, random[4], argc = (u32)bprm->argc, at;
	int err;

	get_random_bytes(random, sizeof(random));
	fill_auxv(bprm, l, base, &v);
	bprm->p &= ~15u;
	err = push(bprm, "v7l", 4);
	aux(&v, AT_PLATFORM, bprm->p);
	if (!err)
		err = push(bprm, random, sizeof(random));
	aux(&v, AT_RANDOM, bprm->p);
	aux(&v, AT_NULL, 0);
	at = (bprm->p - v.n * 8 - ((u32)bprm->argc + (u32)bprm->envc + 3) * 4) &
	     ~15u;
	bprm->sp = at;
	bprm->mm->start_stack = at;
	if (!err)
		err = stack_write(bprm, at, &argc, 4);
	at += 4;
	bprm->mm->arg_start = strings;
	if (!err)
		err = write_pointers(bprm, at, bprm->argc, &strings);
	at += ((u32)bprm->argc + 1) * 4;
	bprm->mm->arg_end = bprm->mm->env_start = strings;
	if (!err)
		err = write_pointers(bprm, at, bprm->envc, &strings);
	bprm->mm->env_end = strings;
	at += ((u32)bprm->envc + 1) * 4;
	return err ? err : stack_write(bprm, at, v.pair, v.n * 8);
}

/* --- All of it --- */

static int
load(struct linux_binprm *bprm, struct loaded *l, struct loaded *interp)
{
	u32 wish = ET_DYN_BASE, base = 0;
	int err;

	if (l->image.interp) {
		err = open_interp(bprm, l->image.interp, interp);
		if (err)
			return err;
	}
	if (randomize_va_space)
		wish += get_random_u32() % DYN_RANDOM_PAGES << PAGE_SHIFT;
	err = choose_bias(bprm->mm, l, wish);
	if (!err)
		err = map_segments(bprm->mm, l, true);
	bprm->entry = l->image.entry + l->bias;
	if (!err && interp->file) {
		err = load_interp(bprm, interp);
		base = interp->bias + (interp->image.type == ET_EXEC ?
				       interp->image.start : 0);
		bprm->entry = interp->image.entry + interp->bias;
	}
	if (err)
		return err;
	bprm->mm->start_brk = ALIGN_UP(bprm->mm->start_brk, PAGE_SIZE);
	if (randomize_va_space)
		bprm->mm->start_brk += get_random_u32() % 256 << PAGE_SHIFT;
	bprm->mm->brk = bprm->mm->start_brk;
	return build_stack(bprm, l, base);
}

int
load_elf_binary(struct linux_binprm *bprm)
{
	struct loaded *l = kzalloc(2 * sizeof(*l), GFP_KERNEL);
	int err;

	if (!l)
		return -ENOMEM;
	l[0].file = bprm->file;
	err = read_headers(&l[0]);
	if (!err)
		err = load(bprm, &l[0], &l[1]);
	if (l[1].file) {	/* a library may be written to, as in Linux */
		file_allow_write(l[1].file);
		fput(l[1].file);
	}
	kfree(l);
	return err;
}
