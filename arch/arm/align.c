/* SPDX-License-Identifier: MIT */
/*
 * Unaligned LDM, STM, LDRD and STRD of programs.
 *
 * The Cortex-A9 loads and stores words and halfwords at any address (SCTLR.A is
 * clear), but not several words by one instruction: that is an alignment fault
 * whatever SCTLR says. Compilers use these instructions for structures, and code
 * that was written for other processors puts structures anywhere. So the kernel
 * does it for them, as Linux does by default; it is slow (some hundred times),
 * and counted, so that one sees who should be mended:
 *
 *	cat /proc/cpu/alignment
 *
 *	ARM	cond 100P USWL  Rn   register list	LDM, STM
 *		cond 000P UIWL  Rn Rt imm 11x1 imm	LDRD, STRD
 *	Thumb	1100 L Rn list				LDMIA, STMIA
 *		1011 L10R list				POP, PUSH
 *		1110 100P U0WL Rn | list		LDM, STM
 *		1110 100P U1WL Rn | Rt Rt2 imm8		LDRD, STRD (P or W)
 *
 * All is read and checked before a register or a byte is changed: what fails
 * leaves the program at the instruction, as the hardware would.
 *
 * Left out   LDREX and its kind, which are for atomic words, and VLDM: they end
 *   in SIGBUS. The kernel's own accesses: a mistake there is a mistake.
 *
 * Sources  ARM DDI 0406C, A3.2.1 and A8.8; Linux, Documentation/arch/arm/
 *	    mem_alignment.rst (the file and its words).
 */
#include <asm/align.h>
#include <asm/uaccess.h>
#include <lib/errno.h>

struct align_counts align_counts;

/* What an instruction comes to. */
struct access {
	u32 addr;			/* the lowest word */
	u32 list;			/* bit r: register r, ascending */
	unsigned base;			/* the register that follows, or 16 */
	u32 base_value;
	bool load, dword;
	unsigned length;		/* of the instruction, bytes */
};

#define NO_BASE	16u

static u32 *
reg(struct pt_regs *regs, unsigned n)
{
	return n < 13 ? &regs->r[n] : n == 13 ? &regs->sp :
	       n == 14 ? &regs->lr : &regs->pc;
}

/* As an operand: pc is two instructions ahead. */
static u32
value_of(struct pt_regs *regs, unsigned n)
{
	if (n < 15)
		return *reg(regs, n);
	return regs->psr & PSR_T_BIT ? (regs->pc + 4) & ~3u : regs->pc + 8;
}

/* LDM or STM with the bits P, U and W of the instruction. */
static void
multiple(struct pt_regs *regs, struct access *a, unsigned rn, bool before,
	 bool up, bool writeback)
{
	u32 base = value_of(regs, rn);
	u32 bytes = 4 * (u32)__builtin_popcount(a->list);

	a->addr = up ? base : base - bytes;
	if (before == up)
		a->addr += 4;
	a->base = writeback && !(a->load && a->list & 1u << rn) ? rn : NO_BASE;
	a->base_value = up ? base + bytes : base - bytes;
}

static void
pair(struct pt_regs *regs, struct access *a, unsigned rn, u32 offset,
     bool before, bool up, bool writeback)
{
	u32 base = value_of(regs, rn), to = up ? base + offset : base - offset;

	a->dword = true;
	a->addr = before ? to : base;
	a->base = !before || writeback ? rn : NO_BASE;
	a->base_value = to;
}

static bool
decode_arm(struct pt_regs *regs, u32 insn, struct access *a)
{
	unsigned rn = insn >> 16 & 15, rt = insn >> 12 & 15;
	bool before = insn >> 24 & 1, up = insn >> 23 & 1, w = insn >> 21 & 1;

	a->length = 4;
	if (insn >> 28 == 15)
		return false;
	if ((insn & 0x0e400000) == 0x08000000) {
		a->load = insn >> 20 & 1;
		a->list = insn & 0xffff;
		multiple(regs, a, rn, before, up, w);
		return a->list != 0 && rn != 15;
	}
	if ((insn & 0x0e1000d0) == 0x000000d0 && !(rt & 1) && rt < 14) {
		u32 offset = insn & 1u << 22 ?
			     (insn >> 4 & 0xf0) | (insn & 15) :
			     value_of(regs, insn & 15);

		a->load = !(insn & 0x20);
		a->list = 3u << rt;
		pair(regs, a, rn, offset, before, up, w);
		return true;
	}
	return false;
}

static bool
decode_thumb16(struct pt_regs *regs, u32 insn, struct access *a)
{
	unsigned rn = insn >> 8 & 7;

	a->length = 2;
	a->load = insn >> 11 & 1;
	a->list = insn & 0xff;
	if ((insn & 0xf000) == 0xc000) {
		multiple(regs, a, rn, false, true, true);
	} else if ((insn & 0xf600) == 0xb400) {
		if (insn & 0x100)
			a->list |= a->load ? 1u << 15 : 1u << 14;
		multiple(regs, a, 13, !a->load, a->load, true);
	} else {
		return false;
	}
	return a->list != 0;
}

/* Rt and Rt2 need not be neighbours, nor in order: told by false if not. */
static bool
decode_thumb32(struct pt_regs *regs, u32 insn, struct access *a)
{
	unsigned rn = insn >> 16 & 15, rt = insn >> 12 & 15;
	bool p = insn >> 24 & 1, u = insn >> 23 & 1, w = insn >> 21 & 1;

	a->length = 4;
	a->load = insn >> 20 & 1;
	if ((insn & 0xfe400000) == 0xe8000000 && p != u) {
		a->list = insn & 0xffff;
		multiple(regs, a, rn, p, u, w);
		return a->list != 0 && rn != 15;
	}
	if ((insn & 0xfe400000) == 0xe8400000 && (p || w)) {
		unsigned rt2 = insn >> 8 & 15;

		a->list = 1u << rt | 1u << rt2;
		pair(regs, a, rn, (insn & 0xff) << 2, p, u, w);
		return rt < rt2 && rt2 < 15;
	}
	return false;
}

/* *wide: it has 32 bits. 0 or -EFAULT. */
static int
fetch(const struct pt_regs *regs, u32 *insn, bool *wide)
{
	u16 half[2];

	*wide = true;
	if (!(regs->psr & PSR_T_BIT))
		return copy_from_user(insn, (const void *)regs->pc, 4) ?
		       -EFAULT : 0;
	if (copy_from_user(&half[0], (const void *)regs->pc, 2))
		return -EFAULT;
	*insn = half[0];
	*wide = half[0] >= 0xe800;
	if (!*wide)
		return 0;
	if (copy_from_user(&half[1], (const void *)(regs->pc + 2), 2))
		return -EFAULT;
	*insn = (u32)half[0] << 16 | half[1];
	return 0;
}

/* The words between memory and registers. 0 or -EFAULT, nothing changed. */
static int
transfer(struct pt_regs *regs, const struct access *a)
{
	unsigned n = (unsigned)__builtin_popcount(a->list), i = 0, r;
	u32 words[16];

	if (a->load && copy_from_user(words, (const void *)a->addr, n * 4))
		return -EFAULT;
	for (r = 0; r < 16; r++) {
		if (!(a->list & 1u << r))
			continue;
		if (!a->load)
			words[i] = value_of(regs, r);
		else if (r < 15)
			*reg(regs, r) = words[i];
		i++;
	}
	if (!a->load)
		return copy_to_user((void *)a->addr, words, n * 4) ? -EFAULT :
								     0;
	if (a->list & 1u << 15) {	/* a return, perhaps to the other state */
		regs->pc = words[n - 1] & ~1u;
		regs->psr &= ~(u32)PSR_T_BIT;
		if (words[n - 1] & 1)
			regs->psr |= PSR_T_BIT;
	}
	return 0;
}

/* The next instruction of an IT block. */
static void
advance_it(struct pt_regs *regs)
{
	u32 it = (regs->psr >> 8 & 0xfc) | (regs->psr >> 25 & 3);

	if (!(regs->psr & PSR_T_BIT))
		return;
	it = it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
	regs->psr = (regs->psr & ~PSR_IT_BITS) | (it & 0xfc) << 8 |
		    (it & 3) << 25;
}

int
fixup_unaligned(struct pt_regs *regs)
{
	struct access a = { .load = false, .dword = false };
	u32 insn = 0, next;
	bool wide, known;
	int err = fetch(regs, &insn, &wide);

	if (err)
		return err;
	known = !(regs->psr & PSR_T_BIT) ? decode_arm(regs, insn, &a) :
		wide ? decode_thumb32(regs, insn, &a) :
		       decode_thumb16(regs, insn, &a);
	if (!known) {
		align_counts.skipped++;
		return -ENOSYS;
	}
	next = regs->pc + a.length;
	err = transfer(regs, &a);
	if (err)
		return err;
	if (a.base != NO_BASE)
		*reg(regs, a.base) = a.base_value;
	advance_it(regs);
	if (!(a.load && a.list & 1u << 15))
		regs->pc = next;
	*(a.dword ? &align_counts.dword : &align_counts.multi) += 1;
	return 0;
}
