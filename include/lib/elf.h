/* SPDX-License-Identifier: MIT */
/*
 * ELF programs for 32-bit ARM: what a header says, checked. Pure: no memory of
 * anybody is touched but the bytes given. See kernel/lib/elf.c.
 */
#ifndef LIB_ELF_H
#define LIB_ELF_H

#include <lib/types.h>

#define PT_LOAD		1
#define PT_DYNAMIC	2
#define PT_INTERP	3
#define PT_PHDR		6
#define PT_TLS		7
#define PT_GNU_STACK	0x6474e551
#define PF_X		1
#define PF_W		2
#define PF_R		4
#define ET_EXEC		2
#define ET_DYN		3

struct elf32_ehdr {
	u8 e_ident[16];
	u16 e_type, e_machine;
	u32 e_version, e_entry, e_phoff, e_shoff, e_flags;
	u16 e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
};

struct elf32_phdr {
	u32 p_type, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_flags,
	    p_align;
};

#define ELF_MAX_PHDRS	32

/* A program as far as loading it needs to know. */
struct elf_image {
	u16 type;			/* ET_EXEC or ET_DYN */
	u16 nr_phdrs;
	u32 entry;			/* bit 0: Thumb */
	u32 phdr_vaddr;			/* where its headers will lie, or 0 */
	u32 start, end;			/* all PT_LOADs: page aligned */
	bool exec_stack;
	const struct elf32_phdr *phdrs;
	const struct elf32_phdr *interp;	/* or NULL */
};

/* Is it an ELF file that could run here? header: the first bytes of it. */
bool elf_header_ok(const struct elf32_ehdr *header);
/*
 * Check header and its nr_phdrs program headers (phdrs, read from e_phoff)
 * and fill *image. Addresses must lie in [0, limit) and in order, offsets
 * agree with addresses in their pages. 0 or -ENOEXEC.
 */
int elf_read(const struct elf32_ehdr *header, const struct elf32_phdr *phdrs,
	     u32 limit, struct elf_image *image);

#endif
