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
/* Context: boot, while the table can be written. */
void sort_extable(void);

#endif
