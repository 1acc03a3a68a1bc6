/* SPDX-License-Identifier: MIT */
/*
 * Between the entry code and the kernel: read what the hardware says of an
 * exception, before anything can overwrite it, and pass it up (asm/entry.h).
 *
 * A load or store that may legitimately fault has an entry in .ex_table, the
 * pair { address of the instruction, where to go on }. The table is for the
 * handlers above: fixup_exception() is asked when nothing else helps, and
 * has_fixup() before a fault of the kernel at a user's address is served, so
 * that only an access that was meant is. The linker leaves the entries in the
 * order of the objects; they are sorted once, before the table becomes
 * read-only, and searched by halves.
 */
#include <asm/arch-entry.h>
#include <asm/catch.h>
#include <asm/entry.h>
#include <asm/extable.h>
#include <asm/switch.h>

#define DFSR_WRITE	(1u << 11)

/* By insertion: the objects' entries are mostly in order already. */
void
sort_extable(struct exception_entry *start, struct exception_entry *end)
{
	struct exception_entry *e, *at, moved;

	for (e = start + 1; e < end; e++) {
		moved = *e;
		for (at = e; at > start && at[-1].insn > moved.insn; at--)
			*at = at[-1];
		*at = moved;
	}
}

static const struct exception_entry *
search_extable(u32 pc)
{
	const struct exception_entry *low = __ex_table_start;
	unsigned long n = (unsigned long)(__ex_table_end - __ex_table_start);

	while (n) {
		unsigned long half = n / 2;

		if (low[half].insn == pc)
			return &low[half];
		if (low[half].insn < pc) {
			low += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return NULL;
}

bool
has_fixup(const struct pt_regs *regs)
{
	return search_extable(regs->pc) != NULL;
}

bool
fixup_exception(struct pt_regs *regs)
{
	const struct exception_entry *e = search_extable(regs->pc);

	if (!e)
		return false;
	regs->pc = e->fixup;
	return true;
}

void
handle_data_abort(struct pt_regs *regs)
{
	struct fault_info fault = { .fetch = false };

	__asm__ volatile("mrc p15, 0, %0, c6, c0, 0" : "=r"(fault.addr));
	__asm__ volatile("mrc p15, 0, %0, c5, c0, 0" : "=r"(fault.fsr));
	fault.write = fault.fsr & DFSR_WRITE;
	do_page_fault(regs, &fault);
}

void
handle_prefetch_abort(struct pt_regs *regs)
{
	struct fault_info fault = { .fetch = true };

	__asm__ volatile("mrc p15, 0, %0, c6, c0, 2" : "=r"(fault.addr));
	__asm__ volatile("mrc p15, 0, %0, c5, c0, 1" : "=r"(fault.fsr));
	do_page_fault(regs, &fault);
}

void
handle_undefined(struct pt_regs *regs)
{
	/* lr pointed behind the instruction: 4 bytes in ARM, 2 in Thumb. */
	regs->pc -= regs->psr & PSR_T_BIT ? 2 : 4;
	do_undefined(regs);
}

void
handle_fiq(struct pt_regs *regs)
{
	do_bad_exception(regs, "fast interrupt");
}

void
handle_reset(struct pt_regs *regs)
{
	do_bad_exception(regs, "jump to the reset vector");
}

void
handle_stack_overflow(struct pt_regs *regs)
{
	/* From now on this stack is the one to check against. */
	set_stack_bounds((unsigned long)this_cpu_ptr(&emergency_stack[0]),
			 EMERGENCY_STACK_SIZE);
	do_stack_overflow(regs);
}
