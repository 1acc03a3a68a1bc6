/* SPDX-License-Identifier: MIT */
/* Programs of a few instructions, for exec. */
#include "utest.h"

struct elf {
	unsigned char ident[16];
	unsigned short type, machine;
	unsigned version, entry, phoff, shoff, flags;
	unsigned short ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
	struct phdr {
		unsigned type, offset, vaddr, paddr, filesz, memsz, flags,
			 align;
	} phdrs[3];
	unsigned code[8];
	char interp[48];
};

enum { PT_LOAD = 1, PT_INTERP = 3 };

void
make_program(const char *path, int type, const char *interp)
{
	unsigned at = type == ET_EXEC ? 0x20000 : 0;
	struct elf elf = {
		.ident = "\177ELF\1\1\1", .type = type, .machine = 40,
		.version = 1, .entry = at + offsetof(struct elf, code),
		.phoff = offsetof(struct elf, phdrs), .flags = 0x05000000,
		.ehsize = 52, .phentsize = sizeof(struct phdr),
		.phnum = interp ? 3 : 2,
		.phdrs = {
			{ PT_LOAD, 0, at, at, sizeof(elf), sizeof(elf), 5,
			  PAGE },
			{ PT_LOAD, 0, at + 4 * PAGE, at + 4 * PAGE, sizeof(elf),
			  3 * PAGE, 6, PAGE },
			{ PT_INTERP, offsetof(struct elf, interp), 0, 0,
			  interp ? strlen(interp) + 1 : 0, 0, 4, 1 },
		},
		/* exit(getpid() - gettid()) */
		.code = {
			0xe3a070e0, 0xef000000,		/* mov r7, #224; svc */
			0xe1a04000,			/* mov r4, r0 */
			0xe3a07014, 0xef000000,		/* mov r7, #20; svc */
			0xe0400004,			/* sub r0, r0, r4 */
			0xe3a07001, 0xef000000,		/* mov r7, #1; svc */
		},
	};
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	if (interp)
		strcpy(elf.interp, interp);
	ASSERT_EQ(write(fd, &elf, sizeof(elf)), sizeof(elf));
	close(fd);
}
