/* SPDX-License-Identifier: MIT */
/*
 * Programs of a few instructions: an ELF file put together in memory and written
 * to a file.
 */
#ifndef TESTS_PROGRAMS_H
#define TESTS_PROGRAMS_H

#include <kernel/fs.h>
#include <lib/elf.h>
#include <lib/errno.h>
#include <lib/string.h>

#define CODE_MAX	64

struct program {
	struct elf32_ehdr ehdr;
	struct elf32_phdr phdr;
	u32 code[CODE_MAX];
};

#define LOAD_AT		0x10000u
#define WEXITSTATUS(s)	((s) >> 8 & 0xff)

/* ARM: mov r0-r7, #imm8; svc 0; ... */
#define MOV(r, n)	(0xe3a00000u | (r) << 12 | (n))
#define MOVREG(r, s)	(0xe1a00000u | (r) << 12 | (s))
#define SVC		0xef000000u
#define EXIT(n)		MOV(0, n), MOV(7, 1), SVC

static inline struct program
program_of(const u32 *code, unsigned n)
{
	struct program p;

	memset(&p, 0, sizeof(p));
	memcpy(p.ehdr.e_ident, "\x7f" "ELF\1\1\1", 7);
	p.ehdr.e_type = ET_EXEC;
	p.ehdr.e_machine = 40;
	p.ehdr.e_version = 1;
	p.ehdr.e_flags = 0x05000000;
	p.ehdr.e_phoff = offsetof(struct program, phdr);
	p.ehdr.e_phentsize = sizeof(p.phdr);
	p.ehdr.e_phnum = 1;
	p.ehdr.e_entry = LOAD_AT + offsetof(struct program, code);
	p.phdr.p_type = PT_LOAD;
	p.phdr.p_vaddr = LOAD_AT;
	p.phdr.p_filesz = p.phdr.p_memsz = sizeof(p);
	p.phdr.p_flags = PF_R | PF_X;
	memcpy(p.code, code, n * 4);
	return p;
}

static inline int
write_file(const char *path, const void *data, size_t n, unsigned mode)
{
	struct file *file;
	u64 pos = 0;
	int err = filp_open(path, O_CREAT | O_TRUNC | O_WRONLY, mode, &file);

	if (err)
		return err;
	if (kernel_write(file, data, n, &pos) != (ssize_t)n)
		err = -EIO;
	fput(file);
	return err;
}

#endif
