/* SPDX-License-Identifier: MIT */
/*
 * Reading the headers of an ELF program (lib/elf.h).
 *
 *	file	 [ehdr][phdrs ...][ text ........ ][ data ... ]
 *	memory	 start --PT_LOAD R X-- ... --PT_LOAD RW-- bss -- end
 *
 * Everything comes from a file that anybody may have written. So each sum is
 * checked for overflow, and what is accepted can be mapped without looking
 * again: every PT_LOAD lies below the limit, follows the one before, and has
 * the same place in its page in the file as in memory.
 *
 * Source  System V ABI, chapter 5; ELF for the ARM Architecture (IHI 0044).
 */
#include <lib/compiler.h>
#include <lib/elf.h>
#include <lib/errno.h>
#include <lib/string.h>

#define PAGE_BYTES	4096u
#define PAGE_BITS	(~(PAGE_BYTES - 1))
#define EM_ARM		40
#define ELFCLASS32	1
#define ELFDATA2LSB	1
#define EF_ARM_EABIMASK	0xff000000u
#define EF_ARM_EABI_VER5 0x05000000u

bool
elf_header_ok(const struct elf32_ehdr *h)
{
	static const u8 ident[] = { 0x7f, 'E', 'L', 'F', ELFCLASS32,
				    ELFDATA2LSB, 1 };

	return !memcmp(h->e_ident, ident, sizeof(ident)) &&
	       (h->e_type == ET_EXEC || h->e_type == ET_DYN) &&
	       h->e_machine == EM_ARM &&
	       (h->e_flags & EF_ARM_EABIMASK) == EF_ARM_EABI_VER5 &&
	       h->e_phentsize == sizeof(struct elf32_phdr) && h->e_phnum > 0 &&
	       h->e_phnum <= ELF_MAX_PHDRS &&
	       h->e_phoff <= 0x7fffffff;
}

static u32
page_down(u32 addr)
{
	return addr & PAGE_BITS;
}

/* One PT_LOAD; *end is where the last one ended. */
static bool
load_ok(const struct elf32_phdr *p, u32 limit, u32 *end)
{
	u32 stop = p->p_vaddr + p->p_memsz;

	if (p->p_filesz > p->p_memsz || !p->p_memsz ||
	    stop < p->p_vaddr || stop > limit ||
	    p->p_offset + p->p_filesz < p->p_offset)
		return false;
	if ((p->p_vaddr ^ p->p_offset) & ~PAGE_BITS)
		return false;
	if (page_down(p->p_vaddr) < *end)
		return false;
	*end = (stop + PAGE_BYTES - 1) & PAGE_BITS;
	return *end >= stop;
}

/* The headers themselves, if a PT_LOAD holds them: programs look at them. */
static void
find_phdrs(const struct elf32_ehdr *h, const struct elf32_phdr *p,
	   struct elf_image *image)
{
	u32 size = h->e_phnum * (u32)sizeof(*p);

	if (h->e_phoff >= p->p_offset &&
	    h->e_phoff - p->p_offset + size <= p->p_filesz)
		image->phdr_vaddr = p->p_vaddr + (h->e_phoff - p->p_offset);
}

int
elf_read(const struct elf32_ehdr *h, const struct elf32_phdr *phdrs, u32 limit,
	 struct elf_image *image)
{
	u32 end = 0;

	*image = (struct elf_image){
		.type = h->e_type, .entry = h->e_entry,
		.nr_phdrs = h->e_phnum, .phdrs = phdrs,
		.start = ~0u,
	};
	for (unsigned i = 0; i < h->e_phnum; i++) {
		const struct elf32_phdr *p = &phdrs[i];

		if (p->p_type == PT_GNU_STACK)
			image->exec_stack = p->p_flags & PF_X;
		if (p->p_type == PT_INTERP)
			image->interp = p;
		if (p->p_type != PT_LOAD || !p->p_memsz)
			continue;
		if (!load_ok(p, limit, &end))
			return -ENOEXEC;
		image->start = min(image->start, page_down(p->p_vaddr));
		find_phdrs(h, p, image);
	}
	image->end = end;
	if (!end || (image->type == ET_EXEC && image->start < PAGE_BYTES))
		return -ENOEXEC;
	return 0;
}
