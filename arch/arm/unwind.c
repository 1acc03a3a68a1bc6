/* SPDX-License-Identifier: MIT */
/*
 * Stack walking by the exception handling tables of the ARM EABI.
 *
 * Ideas
 *   With -funwind-tables the compiler describes for each function how to undo
 *   its prologue. The linker sorts these descriptions by address into
 *   .ARM.exidx, entries of two words:
 *
 *	word 0	where the function begins (31-bit offset from this word)
 *	word 1	1: cannot be unwound (the bottom of a stack)
 *		1000 0000 | op | op | op: up to three instructions, right here
 *		else: 31-bit offset of a longer description in .ARM.extab
 *
 *   The instructions are bytes of a little machine with a virtual stack
 *   pointer (vsp), which starts as sp:
 *
 *	00nnnnnn	vsp += 4n + 4		01nnnnnn  vsp -= 4n + 4
 *	1000mmmm m...	pop r4-r15 by mask	1001nnnn  vsp = r[n]
 *	10100nnn	pop r4-r[4+n]		10101nnn  the same and lr
 *	10110000	finish			10110001  pop r0-r3 by mask
 *	10110010 n	vsp += 0x204 + 4n (n is ULEB128)
 *
 *   At the end sp = vsp, and pc = lr unless pc was popped. (Instructions for
 *   floating point registers do not occur in this kernel and are refused.)
 *
 *   Example: a function that begins  push {r4, r5, lr}; sub sp, #8  is undone
 *   backwards:  01 (vsp += 8), a9 (pop r4, r5, lr), b0 (finish), which makes
 *   the word 0x8001a9b0.
 *
 *   A call that does not return may be the last instruction of a function;
 *   its return address then lies in the next function. So the lookup uses
 *   pc - 4, unless the frame is exact: taken from an exception.
 *
 *   Exceptions: C handlers are called by the code between __entry_text_start
 *   and __entry_text_end with sp at the saved registers. When the walk comes
 *   there, it takes them and goes on in the interrupted code, on whatever
 *   stack that used.
 *
 * Limits
 *   The tables are exact behind a prologue and before an epilogue. Code that
 *   was interrupted inside them may lose its caller; at the very first
 *   instruction of a function this is repaired, since lr is the caller.
 *
 * Safety
 *   A damaged stack must not fault the walker. Every word that it reads lies
 *   between the sp of the start and the end of that stack (stacks are aligned
 *   to their size), in pages of which the core itself says that they are
 *   mapped. Every step must move up, so every walk ends.
 *
 * Cost  about 300 instructions a frame. The search for a function (11 steps
 *	 for 2000 of them) is most of it at first; then a table of guesses
 *	 remembers where addresses were found. A guess is checked when it is
 *	 used, so the table needs no lock.
 *
 * Sources  ARM IHI 0038, Exception Handling ABI for the ARM Architecture,
 *	    sections 5, 6 and 9.3.
 */
#include <asm/arch-entry.h>
#include <asm/memory.h>
#include <asm/pgtable.h>
#include <asm/unwind.h>
#include <lib/compiler.h>
#include <lib/errno.h>

#define EXIDX_CANTUNWIND	1
#define COMPACT			0x80000000u
#define MAX_EXCEPTIONS		8
#define NR_GUESSES		64

enum { SP = 13, LR = 14, PC = 15 };

struct exidx_entry {
	u32 function;		/* prel31 */
	u32 description;
};

/* A step under way: the machine's state and its next instruction byte. */
struct unwind {
	struct stack_frame *frame;
	u32 vsp;
	const u32 *word;	/* where the byte comes from */
	int byte;		/* 3 (the highest) to 0 */
	int nr_left;		/* bytes that follow */
	bool pc_popped;
};

extern const struct exidx_entry __exidx_start[], __exidx_end[];
extern const char __text_start[], __text_end[];
extern const char __init_text_start[], __init_text_end[];
extern const char __entry_text_start[], __entry_text_end[];

/* What the tables name as their interpreters: they are never called. */
void __aeabi_unwind_cpp_pr0(void);
void __aeabi_unwind_cpp_pr1(void);
void __aeabi_unwind_cpp_pr2(void);

void
__aeabi_unwind_cpp_pr0(void)
{
}

void
__aeabi_unwind_cpp_pr1(void)
{
}

void
__aeabi_unwind_cpp_pr2(void)
{
}

/* The address that a 31-bit offset at p means. */
static u32
prel31(const u32 *p)
{
	return (u32)(unsigned long)p + (u32)((s32)(*p << 1) >> 1);
}

static bool
in_range(u32 addr, const char *start, const char *end)
{
	return addr - (u32)(unsigned long)start < (u32)(end - start);
}

static bool
is_code(u32 pc)
{
	return in_range(pc, __text_start, __text_end) ||
	       in_range(pc, __init_text_start, __init_text_end);
}

/* --- The stack that may be read --- */

static bool
page_readable(u32 addr)
{
	phys_addr_t pa;

	return hardware_translate(addr & PAGE_MASK, false, &pa);
}

/*
 * Allow reading from sp to the end of the stack that it lies in: this core's,
 * whose bounds are known, or what is mapped within THREAD_SIZE (behind a
 * thread's stack lies a guard page). A stack pointer that ran into the guard
 * page below still has its callers above.
 */
static bool
frame_set_bounds(struct stack_frame *frame)
{
	u32 sp = frame->r[SP], end = sp + THREAD_SIZE;
	u32 base = this_cpu_read(this_stack_base);

	if (sp % 4 || sp < TASK_SIZE || end < sp)
		return false;
	if (sp >= base - PAGE_SIZE && sp <= base + THREAD_SIZE)
		end = base + THREAD_SIZE;
	frame->low = sp;
	if (!page_readable(sp))
		frame->low = (sp & PAGE_MASK) + PAGE_SIZE;
	frame->high = frame->low;
	while (frame->high < end && page_readable(frame->high))
		frame->high = (frame->high & PAGE_MASK) + PAGE_SIZE;
	return true;
}

/* May [addr, addr + bytes) be read? */
static bool
stack_holds(const struct stack_frame *frame, u32 addr, u32 bytes)
{
	return addr >= frame->low && addr <= frame->high &&
	       frame->high - addr >= bytes && addr % 4 == 0;
}

/* --- The machine --- */

static int
next_byte(struct unwind *u)
{
	int b;

	if (!u->nr_left)
		return 0xb0;		/* the end means: finish */
	b = *u->word >> (8 * u->byte) & 0xff;
	u->nr_left--;
	if (u->byte-- == 0) {
		u->byte = 3;
		u->word++;
	}
	return b;
}

/* Pop registers from first on by mask. Never sp: our compiler has no use. */
static bool
pop_mask(struct unwind *u, unsigned mask, unsigned first)
{
	const u32 *word = (const u32 *)(unsigned long)u->vsp;
	u32 *r = &u->frame->r[first];
	u32 bytes = 0;

	for (unsigned m = mask; m; m &= m - 1)
		bytes += 4;
	if (!stack_holds(u->frame, u->vsp, bytes) || mask << first & 1u << SP)
		return false;
	u->vsp += bytes;
	u->pc_popped |= mask << first >> PC & 1;
	for (; mask; mask >>= 1, r++) {
		if (mask & 1)
			*r = *word++;
	}
	return true;
}

/* vsp += 0x204 + 4n, n in groups of 7 bits, lowest first. */
static bool
add_uleb128(struct unwind *u)
{
	u32 n = 0;
	int b, shift = 0;

	do {
		if (shift > 14)
			return false;
		b = next_byte(u);
		n |= (u32)(b & 0x7f) << shift;
		shift += 7;
	} while (b & 0x80);
	u->vsp += 0x204 + (n << 2);
	return true;
}

/* Instructions 1011xxxx, but for finish. */
static bool
execute_b(struct unwind *u, int b)
{
	if (b == 0xb1) {
		int mask = next_byte(u);

		return mask && mask < 16 && pop_mask(u, (unsigned)mask, 0);
	}
	return b == 0xb2 && add_uleb128(u);
}

static bool
execute(struct unwind *u, int b)
{
	unsigned mask;

	switch (b >> 4) {
	case 0x0 ... 0x3:
		u->vsp += ((u32)b << 2) + 4;
		return true;
	case 0x4 ... 0x7:
		u->vsp -= ((u32)(b & 0x3f) << 2) + 4;
		return true;
	case 0x8:
		mask = (unsigned)(b & 0xf) << 8 | (unsigned)next_byte(u);
		return mask && pop_mask(u, mask, 4);
	case 0x9:
		if ((b & 0xf) == SP || (b & 0xf) == PC)
			return false;
		u->vsp = u->frame->r[b & 0xf];
		return true;
	case 0xa:
		mask = (2u << (b & 7)) - 1;
		if (b & 8)
			mask |= 1u << (LR - 4);
		return pop_mask(u, mask, 4);
	case 0xb:
		return execute_b(u, b);
	}
	return false;
}

/* --- One frame --- */

/* Bit 0 of a function's address says that it is in Thumb. */
static u32
begin_of(const struct exidx_entry *entry)
{
	return prel31(&entry->function) & ~1u;
}

/* Does pc lie in the function of entry? */
static bool
entry_covers(const struct exidx_entry *entry, u32 pc)
{
	return begin_of(entry) <= pc &&
	       (entry + 1 == __exidx_end || pc < begin_of(entry + 1));
}

/* The entry of the last function that begins at or below pc; or NULL. */
static const struct exidx_entry *
search_entry(u32 pc)
{
	const struct exidx_entry *low = __exidx_start;
	size_t n = (size_t)(__exidx_end - __exidx_start);

	if (!n || pc < begin_of(low))
		return NULL;
	while (n > 1) {
		size_t half = n / 2;

		if (begin_of(low + half) <= pc) {
			low += half;
			n -= half;
		} else {
			n = half;
		}
	}
	return low;
}

static const struct exidx_entry *
find_entry(u32 pc)
{
	static const struct exidx_entry *guesses[NR_GUESSES];
	const struct exidx_entry **guess = &guesses[pc / 4 % NR_GUESSES];
	const struct exidx_entry *entry = READ_ONCE(*guess);

	if (entry && entry_covers(entry, pc))
		return entry;
	entry = search_entry(pc);
	WRITE_ONCE(*guess, entry);
	return entry;
}

/* Point u at the instructions of entry. False: none that we understand. */
static bool
find_instructions(struct unwind *u, const struct exidx_entry *entry)
{
	const u32 *word = &entry->description;

	if (*word == EXIDX_CANTUNWIND)
		return false;
	if (!(*word & COMPACT))
		word = (const u32 *)(unsigned long)prel31(word);
	u->word = word;
	switch (*word >> 24) {
	case 0x80:			/* three bytes */
		u->byte = 2;
		u->nr_left = 3;
		return true;
	case 0x81:			/* a count of words, then bytes */
	case 0x82:
		u->byte = 1;
		u->nr_left = 2 + 4 * (int)(*word >> 16 & 0xff);
		return true;
	}
	return false;
}

/* Undo one function: from its body to its caller. */
static bool
undo_function(struct stack_frame *frame)
{
	u32 pc = frame->exact ? frame->r[PC] : frame->r[PC] - 4;
	const struct exidx_entry *entry = find_entry(pc);
	struct unwind u = { .frame = frame, .vsp = frame->r[SP] };

	if (!entry)
		return false;
	/* Interrupted before the prologue: nothing is to be undone. */
	if (!(frame->exact && pc == begin_of(entry))) {
		if (!find_instructions(&u, entry))
			return false;
		for (int b; (b = next_byte(&u)) != 0xb0; ) {
			if (!execute(&u, b))
				return false;
		}
	}
	if (!u.pc_popped)
		frame->r[PC] = frame->r[LR];
	frame->r[SP] = u.vsp;
	frame->r[PC] &= ~1u;		/* set if the caller is Thumb */
	return true;
}

/* The registers of an exception lie at sp: go on in what it interrupted. */
static bool
cross_exception(struct stack_frame *frame, const struct pt_regs **saved)
{
	const struct pt_regs *regs =
		(const struct pt_regs *)(unsigned long)frame->r[SP];

	if (!stack_holds(frame, frame->r[SP], sizeof(*regs)) ||
	    frame->nr_exceptions++ >= MAX_EXCEPTIONS)
		return false;
	for (int i = 0; i < 13; i++)
		frame->r[i] = regs->r[i];
	frame->r[SP] = regs->sp;
	frame->r[LR] = regs->lr;
	frame->r[PC] = regs->pc;
	frame->low = frame->high = 0;
	frame->exact = true;
	*saved = regs;
	return true;
}

/* unwind_step(), but a frame that cannot be unwound is left damaged. */
static bool
step_in_place(struct stack_frame *frame, const struct pt_regs **regs)
{
	u32 old_sp = frame->r[SP];

	*regs = NULL;
	if (!is_code(frame->r[PC]))
		return false;
	if (!frame->high && !frame_set_bounds(frame))
		return false;
	if (!undo_function(frame))
		return false;
	if (frame->r[SP] < old_sp || frame->r[SP] > frame->high)
		return false;
	/* Only a leaf, which is where an exception struck, may use no stack. */
	if (frame->r[SP] == old_sp && !frame->exact)
		return false;
	if (!is_code(frame->r[PC]))
		return false;
	frame->exact = false;
	return !in_range(frame->r[PC], __entry_text_start, __entry_text_end) ||
	       cross_exception(frame, regs);
}

/* See the header. Context: any. Locks: none. */
int
unwind_step(struct stack_frame *frame, const struct pt_regs **regs)
{
	struct stack_frame next = *frame;

	if (!step_in_place(&next, regs)) {
		*regs = NULL;
		return -EINVAL;
	}
	*frame = next;
	return 0;
}

/* --- Where to start --- */

/* The code that regs were saved from, at the instruction it had come to. */
void
unwind_start_regs(struct stack_frame *frame, const struct pt_regs *regs)
{
	*frame = (struct stack_frame){ .exact = true };
	for (int i = 0; i < 13; i++)
		frame->r[i] = regs->r[i];
	frame->r[SP] = regs->sp;
	frame->r[LR] = regs->lr;
	frame->r[PC] = regs->pc;
}

/* A context that gave its core away by a call: pc is a return address. */
void
unwind_start_saved(struct stack_frame *frame, const u32 *r4_to_r11, u32 sp,
		   u32 pc)
{
	*frame = (struct stack_frame){ .exact = false };
	for (int i = 0; i < 8; i++)
		frame->r[4 + i] = r4_to_r11[i];
	frame->r[SP] = sp;
	frame->r[PC] = pc & ~1u;
	frame->r[LR] = pc;
}

/*
 * The calls that led here: pcs[0] is the return address in the caller of
 * stack_save(), unless skip leaves out that many.
 * Context: any. Locks: none. Returns how many there were, at most n.
 */
unsigned
stack_save(unsigned long *pcs, unsigned n, unsigned skip)
{
	const struct pt_regs *regs;
	struct stack_frame frame;
	unsigned got = 0;

	unwind_start_here(&frame);
	while (got < n && step_in_place(&frame, &regs)) {
		if (skip)
			skip--;
		else
			pcs[got++] = frame_pc(&frame);
	}
	return got;
}
