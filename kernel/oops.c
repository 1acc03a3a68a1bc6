/* SPDX-License-Identifier: MIT */
/*
 * What a report says: where, registers, the fault and its page-table walk,
 * the code, the stack.
 *
 * Everything here runs in a kernel that is known to be broken. So it takes no
 * lock but those of printk, allocates nothing, reads memory only where the
 * core says that a page is mapped, and every loop has a bound.
 */
#include <asm/memory.h>
#include <asm/pgtable.h>
#include <asm/unwind.h>
#include <kernel/irq.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/ptwalk.h>
#include <kernel/task.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/vmalloc.h>
#include "report.h"

#define MAX_FRAMES	32
#define CODE_WORDS	4	/* shown before pc */

static const char *
mode_name(u32 psr)
{
	switch (psr & PSR_MODE_MASK) {
	case PSR_MODE_USR:	return "user";
	case PSR_MODE_FIQ:	return "FIQ";
	case PSR_MODE_IRQ:	return "IRQ";
	case PSR_MODE_SVC:	return "SVC";
	case PSR_MODE_ABT:	return "abort";
	case PSR_MODE_UND:	return "undefined";
	case PSR_MODE_SYS:	return "system";
	default:		return "no such mode";
	}
}

void
report_where(void)
{
	const struct task *task = current;

	if (!task)
		pr_emerg("CPU %u, before there are tasks%s\n",
			 smp_processor_id(),
			 in_interrupt() ? ", in an interrupt handler" : "");
	else
		pr_emerg("CPU %u, task %d (%.*s)%s\n", smp_processor_id(),
			 task->pid, TASK_NAME_LEN, task->name,
			 in_interrupt() ? ", in an interrupt handler" : "");
}

static void
show_psr(u32 psr)
{
	pr_emerg("psr: %08x  flags %c%c%c%c%c  irq %s  fiq %s  mode %s  %s\n",
		 psr, psr >> 31 & 1 ? 'N' : 'n', psr >> 30 & 1 ? 'Z' : 'z',
		 psr >> 29 & 1 ? 'C' : 'c', psr >> 28 & 1 ? 'V' : 'v',
		 psr >> 27 & 1 ? 'Q' : 'q', psr & 0x80 ? "off" : "on",
		 psr & PSR_F_BIT ? "off" : "on", mode_name(psr),
		 psr & PSR_T_BIT ? "Thumb" : "ARM");
}

void
report_registers(const struct pt_regs *regs)
{
	char pc[64], lr[64];
	const u32 *r = regs->r;

	symbol_format(regs->pc, pc, sizeof(pc));
	symbol_format(regs->lr, lr, sizeof(lr));
	pr_emerg("pc : %08x  %s\n", regs->pc, pc);
	pr_emerg("lr : %08x  %s\n", regs->lr, lr);
	show_psr(regs->psr);
	pr_emerg("sp : %08x  ip : %08x  fp : %08x  r10: %08x\n",
		 regs->sp, r[12], r[11], r[10]);
	pr_emerg("r9 : %08x  r8 : %08x  r7 : %08x  r6 : %08x\n",
		 r[9], r[8], r[7], r[6]);
	pr_emerg("r5 : %08x  r4 : %08x  r3 : %08x  r2 : %08x\n",
		 r[5], r[4], r[3], r[2]);
	pr_emerg("r1 : %08x  r0 : %08x\n", r[1], r[0]);
}

/* Print text line by line. */
static void
print_lines(char *text)
{
	char *end;

	for (; *text; text = end + 1) {
		end = strchr(text, '\n');
		if (!end) {
			pr_emerg("%s\n", text);
			return;
		}
		*end = '\0';
		pr_emerg("%s\n", text);
	}
}

void
report_fault(const struct fault_info *fault)
{
	char text[640];
	struct seq_buf s;

	pr_emerg("%s at %08lx, fault status 0x%03x: %s\n",
		 fault->fetch ? "execution" : fault->write ? "write" : "read",
		 fault->addr, fault->fsr, fault_status_name(fault->fsr));
	seq_buf_init(&s, text, sizeof(text));
	ptwalk_show(&s, fault->addr);
	print_lines(text);
	if (vmalloc_describe(fault->addr, text, sizeof(text)))
		pr_emerg("  %08lx is %s\n", fault->addr, text);
}

/* A word of the kernel's memory, if it is there. */
static bool
read_word(unsigned long addr, u32 *word)
{
	phys_addr_t pa;

	if (addr % 4 || addr < MODULES_START ||
	    !hardware_translate(addr, false, &pa))
		return false;
	*word = READ_ONCE(*(const u32 *)addr);
	return true;
}

void
report_code(const struct pt_regs *regs)
{
	char text[128];
	struct seq_buf s;
	u32 word;

	if (regs->psr & PSR_T_BIT)
		return;
	seq_buf_init(&s, text, sizeof(text));
	for (int i = -CODE_WORDS; i <= 1; i++) {
		if (read_word(regs->pc + (unsigned long)(4 * i), &word))
			seq_printf(&s, i ? " %08x" : " (%08x)", word);
		else
			seq_puts(&s, i ? " ........" : " (........)");
	}
	pr_emerg("code:%s\n", text);
}

/*
 * An exception that nobody has an answer to: report it with the registers of
 * then, and its fault if it was one. Context: any, an emergency stack too.
 */
void
oops(struct pt_regs *regs, const struct fault_info *fault, const char *fmt,
     ...)
{
	char text[160];
	va_list ap;

	report_begin(regs);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pr_emerg("oops: %s\n", text);
	report_where();
	if (fault)
		report_fault(fault);
	report_registers(regs);
	report_code(regs);
	show_stack(regs);
	report_end();
}

/* --- Stacks --- */

/*
 * One line for a frame. A return address may lie behind the function's end,
 * when the call does not return: the symbol is that of the call.
 */
static void
show_frame(unsigned long pc, bool exact)
{
	struct symbol symbol;

	if (symbol_lookup(exact ? pc : pc - 4, &symbol))
		pr_emerg("  [%08lx] %s+0x%lx/0x%lx\n", pc, symbol.name,
			 pc - symbol.start, symbol.size);
	else
		pr_emerg("  [%08lx]\n", pc);
}

/* A recursion is one line and a count. */
static void
show_repeated(unsigned n)
{
	if (n)
		pr_emerg("  ... and the same %u times more\n", n);
}

static void
show_frames(struct stack_frame *frame)
{
	unsigned long last = 0;
	const struct pt_regs *regs;
	unsigned repeated = 0, shown = 0;

	/* Bounded, since each step goes up the stack. */
	while (shown < MAX_FRAMES && !unwind_step(frame, &regs)) {
		if (frame_pc(frame) == last && !regs) {
			repeated++;
			continue;
		}
		show_repeated(repeated);
		repeated = 0;
		last = frame_pc(frame);
		if (regs)
			pr_emerg("  -- exception in %s mode, sp %08x, "
				 "psr %08x --\n", mode_name(regs->psr),
				 regs->sp, regs->psr);
		show_frame(last, frame->exact);
		shown++;
	}
	show_repeated(repeated);
	if (shown == MAX_FRAMES)
		pr_emerg("  ... and more\n");
}

/* The calls that led here. Context: any. */
void
dump_stack(void)
{
	struct stack_frame frame;

	pr_emerg("stack:\n");
	unwind_start_here(&frame);
	show_frames(&frame);
}

/* The calls that led to the code that regs were saved from. */
void
show_stack(const struct pt_regs *regs)
{
	struct stack_frame frame;

	pr_emerg("stack:\n");
	unwind_start_regs(&frame, regs);
	show_frame(regs->pc, true);
	show_frames(&frame);
}

/* The stack of a task that does not run now. */
void
show_task_stack(const struct task *task)
{
	struct stack_frame frame;

	pr_emerg("stack of task %d (%.*s):\n", task->pid, TASK_NAME_LEN,
		 task->name);
	unwind_start_saved(&frame, &task->context.r4, task->context.sp,
			   task->context.pc);
	show_frame(task->context.pc, false);
	show_frames(&frame);
}
