/* SPDX-License-Identifier: MIT */
/* Instructions that may fault, and where to go on when they do. */
#ifndef ASM_EXTABLE_H
#define ASM_EXTABLE_H

#include <asm/ptrace.h>
#include <lib/types.h>

struct exception_entry {
	u32 insn, fixup;
};

/* Send regs to the fix-up of its instruction; false when it has none. */
bool fixup_exception(struct pt_regs *regs);
/* Is it an instruction that may fault? */
bool has_fixup(const struct pt_regs *regs);
/* The table that the linker made; sorted once, at boot. */
extern struct exception_entry __ex_table_start[], __ex_table_end[];
void sort_extable(struct exception_entry *start, struct exception_entry *end);

#endif
