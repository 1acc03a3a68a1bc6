/* SPDX-License-Identifier: MIT */
/*
 * Catch points: run a function and come back even if it faults.
 *
 * catch_run() notes the registers that a callee keeps. When the function
 * faults, the fault handler (deep on the same stack, or on an emergency
 * stack) calls catch_throw(), which loads them again: the stack is cut back
 * to catch_run(), which returns a second time. Nothing in between is undone,
 * so a lock that was held stays held. Catch points nest.
 *
 * The interrupt mask is put back to what it was: exceptions set it. So are
 * the bounds of the stack, which an overflow moved to the emergency stack.
 */
#include <asm/arch-entry.h>
#include <asm/catch.h>
#include <asm/irqflags.h>
#include <asm/kasan.h>
#include <asm/percpu.h>

int catch_save(struct catch_context *ctx) __attribute__((returns_twice));
void catch_restore(const struct catch_context *ctx) __noreturn;

static DEFINE_PER_CPU(struct catch_context *, catch_innermost);

bool
catch_run(void (*fn)(void *arg), void *arg)
{
	unsigned long flags = local_irq_save();
	unsigned long stack_base = this_cpu_read(this_stack_base);
	struct catch_context ctx;
	bool thrown;

	ctx.outer = this_cpu_read(catch_innermost);
	thrown = catch_save(&ctx) != 0;
	if (!thrown) {
		this_cpu_write(catch_innermost, &ctx);
		local_irq_restore(flags);
		fn(arg);
		local_irq_disable();
	}
	if (thrown)	/* what was cut off leaves its red zones closed */
		kasan_unpoison_range(stack_base, (unsigned long)&ctx -
						 stack_base);
	this_cpu_write(catch_innermost, ctx.outer);
	this_cpu_write(this_stack_base, stack_base);
	local_irq_restore(flags);
	return thrown;
}

bool
catch_armed(void)
{
	return this_cpu_read(catch_innermost) != NULL;
}

void
catch_throw(void)
{
	local_irq_disable();
	catch_restore(this_cpu_read(catch_innermost));
}

void
catch_disarm(void)
{
	this_cpu_write(catch_innermost, NULL);
}
