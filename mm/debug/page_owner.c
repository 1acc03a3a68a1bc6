/* SPDX-License-Identifier: MIT */
/*
 * Page owner: which code allocated each frame.
 *
 * Ideas
 *   Each allocation records its call stack. There are many allocations but
 *   few different stacks, so a stack is stored once, in a hash table, and a
 *   frame keeps its number:
 *
 *	frames	 pfn 0x61000 -> 17    pfn 0x61001 -> 17	  pfn 0x61002 -> 5
 *	stacks	 17: pgtable_alloc_page < map_kernel_range < ioremap < ...
 *
 *   The table counts frames by stack, so `cat page_owner` shows at once who
 *   holds most of memory, and a leak is the stack whose count only grows.
 *
 * State   frames: 8 bytes for each frame of mem_map; stacks: NR_STACKS records
 * Invariants
 *   O1  The counts of all stacks add up to the frames recorded as allocated.
 * Locks   owner_lock guards the stacks; a frame's record belongs to whom the
 *	   frame belongs to.
 * Cost    a walk of up to STACK_DEPTH frames of stack for each allocation.
 * Questions a reader asks
 *   What if the table is full?  Record 0 stands for all further stacks.
 * Sources  Linux's documentation of page_owner.
 */
#include <asm/unwind.h>
#include <kernel/lock.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/hooks.h>

#define STACK_DEPTH	12
#define NR_STACKS	1024		/* power of two; record 0 is "others" */
#define SHOWN_STACKS	20
#define OWNER_SKIP	2		/* this file and the hook */

struct stack_record {
	u32 hash;		/* 0: unused */
	u32 frames;		/* allocated now */
	u32 blocks;
	u32 nr;			/* entries of pc[] */
	unsigned long pc[STACK_DEPTH];
};

struct frame_record {
	u16 alloc_stack;
	u16 free_stack;		/* who freed it last; 0: not known */
	u32 allocated : 1;
	u32 order : 4;
	u32 gfp : 27;
};

static DEFINE_SPINLOCK(owner_lock, LOCK_PAGE_OWNER);
static struct stack_record *stacks;	/* owner_lock */
static struct frame_record *frames;	/* by page - mem_map */

static size_t
frames_bytes(void)
{
	return (mem_map_end - mem_map_start) * sizeof(*frames);
}

int
page_owner_start(void)
{
	struct frame_record *f;
	struct stack_record *s;

	if (frames)
		return -EBUSY;
	f = alloc_pages_exact(frames_bytes(), GFP_KERNEL);
	s = alloc_pages_exact(NR_STACKS * sizeof(*s), GFP_KERNEL);
	if (!f || !s) {
		free_pages_exact(f, frames_bytes());
		free_pages_exact(s, NR_STACKS * sizeof(*s));
		return -ENOMEM;
	}
	memset(f, 0, frames_bytes());
	memset(s, 0, NR_STACKS * sizeof(*s));
	stacks = s;
	frames = f;
	page_debug_set(PAGE_DEBUG_OWNER, true);
	return 0;
}

void
page_owner_stop(void)
{
	struct frame_record *f = frames;

	if (!f)
		return;
	page_debug_set(PAGE_DEBUG_OWNER, false);
	frames = NULL;
	free_pages_exact(f, frames_bytes());
	free_pages_exact(stacks, NR_STACKS * sizeof(*stacks));
	stacks = NULL;
}

bool
page_owner_running(void)
{
	return frames != NULL;
}

static u32
stack_hash(const unsigned long *pc, unsigned nr)
{
	u32 hash = 2166136261u;		/* FNV-1a, by words */
	unsigned i;

	for (i = 0; i < nr; i++)
		hash = (hash ^ pc[i]) * 16777619u;
	return hash ? hash : 1;
}

/* The number of this stack; a new record if need be. owner_lock is held. */
static unsigned
stack_find(const unsigned long *pc, unsigned nr)
{
	u32 hash = stack_hash(pc, nr);
	struct stack_record *s;
	unsigned i, slot;

	for (i = 0; i < NR_STACKS / 2; i++) {
		slot = ((hash ^ hash >> 16) + i) & (NR_STACKS - 1);
		s = &stacks[slot];
		if (slot == 0)
			continue;
		if (!s->hash) {
			s->hash = hash;
			s->nr = nr;
			memcpy(s->pc, pc, nr * sizeof(*pc));
			return slot;
		}
		if (s->hash == hash && s->nr == nr &&
		    !memcmp(s->pc, pc, nr * sizeof(*pc)))
			return slot;
	}
	return 0;
}

/* Interrupts off, owner_lock held: how many frames a stack has more. */
static void
stack_account(unsigned slot, long nr_frames, long nr_blocks)
{
	stacks[slot].frames += nr_frames;
	stacks[slot].blocks += nr_blocks;
}

void
page_owner_alloc(struct page *page, unsigned order, gfp_t gfp)
{
	struct frame_record *f = frames ? &frames[page - mem_map] : NULL;
	unsigned long pc[STACK_DEPTH], flags;
	unsigned nr;

	if (!f)
		return;
	nr = stack_save(pc, STACK_DEPTH, OWNER_SKIP);
	flags = spin_lock_irqsave(&owner_lock);
	f->alloc_stack = stack_find(pc, nr);
	stack_account(f->alloc_stack, 1L << order, 1);
	f->allocated = 1;
	f->order = order;
	f->gfp = gfp;
	spin_unlock_irqrestore(&owner_lock, flags);
}

void
page_owner_free(struct page *page, unsigned order)
{
	struct frame_record *f = frames ? &frames[page - mem_map] : NULL;
	unsigned long pc[STACK_DEPTH], flags;
	unsigned nr;

	(void)order;
	if (!f)
		return;
	nr = stack_save(pc, STACK_DEPTH, OWNER_SKIP);
	flags = spin_lock_irqsave(&owner_lock);
	f->free_stack = stack_find(pc, nr);
	if (f->allocated)
		stack_account(f->alloc_stack, -(1L << f->order), -1);
	f->allocated = 0;
	spin_unlock_irqrestore(&owner_lock, flags);
}

void
page_owner_split(struct page *page, unsigned order)
{
	struct frame_record *f = frames ? &frames[page - mem_map] : NULL;
	unsigned long i, flags;

	if (!f || !f->allocated)
		return;
	flags = spin_lock_irqsave(&owner_lock);
	f->order = 0;
	for (i = 1; i < 1UL << order; i++)
		f[i] = f[0];
	stack_account(f->alloc_stack, 0, (1L << order) - 1);
	spin_unlock_irqrestore(&owner_lock, flags);
}

static void
stack_print(struct seq_buf *s, unsigned slot)
{
	char name[80];
	unsigned i;

	if (slot == 0)
		seq_puts(s, "    (not recorded)\n");
	for (i = 0; slot && i < stacks[slot].nr; i++) {
		symbol_format(stacks[slot].pc[i], name, sizeof(name));
		seq_printf(s, "    %s\n", name);
	}
}

void
page_owner_describe(struct seq_buf *s, struct page *page)
{
	const struct frame_record *f = frames ? &frames[page - mem_map] : NULL;

	if (!f || (!f->allocated && !f->free_stack))
		return;
	if (f->allocated) {
		seq_printf(s, "  allocated with order %u, ", f->order);
		gfp_format(s, f->gfp);
		seq_puts(s, ", by\n");
		stack_print(s, f->alloc_stack);
	}
	if (f->free_stack) {
		seq_puts(s, "  last freed by\n");
		stack_print(s, f->free_stack);
	}
}

unsigned long
page_owner_frames_of(unsigned long start, unsigned long end)
{
	unsigned long nr = 0;
	unsigned slot, i;

	for (slot = 1; stacks && slot < NR_STACKS; slot++) {
		for (i = 0; i < stacks[slot].nr; i++) {
			if (stacks[slot].pc[i] >= start &&
			    stacks[slot].pc[i] < end) {
				nr += stacks[slot].frames;
				break;
			}
		}
	}
	return nr;
}

/* The stack with most frames among those with less than below. */
static unsigned
stack_largest(u64 below)
{
	unsigned slot, best = NR_STACKS;
	u64 key, best_key = 0;

	for (slot = 0; slot < NR_STACKS; slot++) {
		key = (u64)stacks[slot].frames << 16 | slot;
		if (stacks[slot].frames && key < below && key > best_key) {
			best = slot;
			best_key = key;
		}
	}
	return best;
}

static void
page_owner_show(struct seq_buf *s)
{
	unsigned slot, shown;
	u64 below = ~0ULL;

	if (!frames) {
		seq_puts(s, "page_owner is off; boot with page_owner=on\n");
		return;
	}
	for (shown = 0; shown < SHOWN_STACKS; shown++) {
		slot = stack_largest(below);
		if (slot == NR_STACKS)
			break;
		below = (u64)stacks[slot].frames << 16 | slot;
		seq_printf(s, "%u frames in %u blocks, allocated by\n",
			   stacks[slot].frames, stacks[slot].blocks);
		stack_print(s, slot);
	}
}
NODE("page_owner", page_owner_show);
