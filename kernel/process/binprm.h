/* SPDX-License-Identifier: MIT */
/* A program on its way to run: between exec.c and binfmt_elf.c. */
#ifndef KERNEL_BINPRM_H
#define KERNEL_BINPRM_H

#include <kernel/fs.h>
#include <mm/mm.h>

#define BINPRM_BUF	256	/* first bytes of the file, as much as #! needs */

struct linux_binprm {
	struct file *file;
	struct mm_struct *mm;		/* the new space; nobody runs in it */
	u32 p;				/* the lowest byte of the stack in use */
	int argc, envc;
	u32 execfn;			/* where the file's name lies, user */
	u32 entry;			/* out: where the program starts */
	u32 sp;				/* out: its stack pointer */
	char buf[BINPRM_BUF];
	char *page;			/* PAGE_SIZE bytes for copying */
};

/* Load bprm->file into bprm->mm. 0; -ENOEXEC: not ELF; other -Exxx. elf.c */
int load_elf_binary(struct linux_binprm *bprm);

/* A file that may be run. 0 or -Exxx. */
int open_exec(const char *path, struct file **file);
/* Write n bytes to the new stack at addr; grows it. 0, -EFAULT or -E2BIG. */
int stack_write(struct linux_binprm *bprm, u32 addr, const void *from, u32 n);
/* Bytes [pos, pos + n) of file into buf. 0; -ENOEXEC: it is shorter; -EIO. */
int read_exactly(struct file *file, u64 pos, void *buf, u32 n);

#endif
