/* SPDX-License-Identifier: MIT */
/*
 * Kernel stacks: pages of the vmalloc area, with an unmapped page below.
 *
 *	| guard of the area below | stack, THREAD_SIZE		| guard |
 *				  ^ base	<-- grows down	^ top
 *
 * A stack that runs over its base meets the guard page and faults; the entry
 * code finds the stack pointer outside and goes to the emergency stack, so an
 * overflow is told and harms nobody.
 *
 * Threads come and go faster than translations should: a few stacks that were
 * given up are kept, mapped, and handed out again. That is also why freeing a
 * stack is legal where nothing may sleep.
 *
 * Locks  kept_lock guards kept_stacks.
 */
#include <asm/memory.h>
#include <kernel/lock.h>
#include <lib/compiler.h>
#include <mm/kasan.h>
#include <mm/kmemleak.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

#define KEPT	8

static DEFINE_SPINLOCK(kept_lock, LOCK_KSTACK);
static void *kept_stacks[KEPT];		/* kept_lock */
static unsigned nr_kept;		/* kept_lock */

static void
count_stack(long n)
{
	mod_node_page_state(NODE_DATA(0), NR_KERNEL_STACK_KB,
			    n * (THREAD_SIZE / 1024));
}

static void *
take_kept(void)
{
	unsigned long flags = spin_lock_irqsave(&kept_lock);
	void *stack = nr_kept ? kept_stacks[--nr_kept] : NULL;

	spin_unlock_irqrestore(&kept_lock, flags);
	return stack;
}

/* The lowest address of a stack, or NULL. Contents are left over. */
void *
kstack_alloc(void)
{
	void *stack = take_kept();

	if (!stack)
		stack = vmalloc(THREAD_SIZE);
	if (!stack)
		return NULL;
	/* What its task uses of it is searched as a stack. */
	kmemleak_no_scan(stack);
	/* Its last owner never left the functions that he ended in. */
	kasan_unpoison_range((unsigned long)stack, THREAD_SIZE);
	count_stack(1);
	return stack;
}

/*
 * base: what kstack_alloc() gave; nobody may run on it any more.
 * Context: any but interrupts; no spinlock below VMALLOC.
 */
void
kstack_free(void *base)
{
	unsigned long flags = spin_lock_irqsave(&kept_lock);
	bool kept = nr_kept < KEPT;

	if (kept)
		kept_stacks[nr_kept++] = base;
	spin_unlock_irqrestore(&kept_lock, flags);
	count_stack(-1);
	if (!kept)
		vfree(base);
}

/* Give the kept stacks back too. Context: may sleep. */
void
kstack_drain(void)
{
	void *stack;

	while ((stack = take_kept()))
		vfree(stack);
}
