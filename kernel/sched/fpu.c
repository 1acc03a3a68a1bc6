/* SPDX-License-Identifier: MIT */
/*
 * VFP and NEON of tasks: who has the registers, and when they are saved.
 *
 *	task runs, unit off --first use--> fpu_trap: on, values loaded
 *	   ^ comes back:			     |
 *	   | still its values here? on at once	     | leaves the core:
 *	   | else off				     v saved, off
 *	others run <----------------------------- state in memory
 *
 * A core's registers keep the values after they were saved. If the task comes
 * back to that core and nobody has used the unit meanwhile, they need not be
 * loaded: fpu_owner says whose they are, and state->cpu where the newest
 * values of a state lie. Both must agree; a state that was changed in memory
 * (signal return) or copied has cpu -1.
 *
 * Invariant  The unit is on only if current->fpu is loaded here.
 * Locks	none: a task's state is touched by itself, or by the switch away
 *		from it, interrupts masked.
 * Cost		a switch of tasks that never use it: two loads and two
 *		compares; saving: 5 instructions that move 264 bytes.
 * Questions a reader asks
 *   Why not leave the values in the registers until another task needs the
 *   unit?  With several cores the task may have gone to another one by then,
 *   and would have to fetch them from here.
 */
#include <asm/fpu.h>
#include <asm/irqflags.h>
#include <asm/percpu.h>
#include <kernel/fpu.h>
#include <kernel/task.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

static DEFINE_PER_CPU(struct fpu_state *, fpu_owner);

/* Do this core's registers hold the newest values of state? */
static bool
fpu_is_here(const struct fpu_state *state)
{
	return this_cpu_read(fpu_owner) == state &&
	       state->cpu == (s32)smp_processor_id();
}

void
fpu_leave(struct task *prev)
{
	if (!prev->fpu || !fpu_is_on())
		return;
	fpu_save_regs(prev->fpu);
	fpu_set(false);
}

void
fpu_enter(struct task *next)
{
	if (next->fpu && fpu_is_here(next->fpu))
		fpu_set(true);
}

/* The current task's values into the registers. Interrupts masked. */
static void
fpu_take(struct fpu_state *state)
{
	fpu_set(true);
	if (fpu_is_here(state))
		return;
	fpu_load_regs(state);
	state->cpu = (s32)smp_processor_id();
	this_cpu_write(fpu_owner, state);
}

static struct fpu_state *
fpu_alloc(void)
{
	struct fpu_state *state = kzalloc(sizeof(*state), GFP_KERNEL);

	if (state)
		state->cpu = -1;
	return state;
}

int
fpu_trap(void)
{
	struct fpu_state *state = current->fpu;
	unsigned long flags;
	int err = 0;

	if (!state) {
		state = fpu_alloc();
		if (!state)
			return -ENOMEM;
		current->fpu = state;
	}
	flags = local_irq_save();
	if (fpu_is_on())
		err = -EINVAL;		/* it is undefined all the same */
	else
		fpu_take(state);
	local_irq_restore(flags);
	return err;
}

const struct fpu_state *
fpu_current(void)
{
	unsigned long flags = local_irq_save();

	if (current->fpu && fpu_is_on())
		fpu_save_regs(current->fpu);
	local_irq_restore(flags);
	return current->fpu;
}

int
fpu_set_current(const u64 *d, u32 fpscr)
{
	struct fpu_state *state = current->fpu;
	unsigned long flags;

	if (!state) {
		state = fpu_alloc();
		if (!state)
			return -ENOMEM;
	}
	flags = local_irq_save();
	fpu_set(false);
	memcpy(state->d, d, sizeof(state->d));
	state->fpscr = fpscr & FPSCR_USER;
	state->cpu = -1;
	current->fpu = state;
	local_irq_restore(flags);
	return 0;
}

int
fpu_fork(struct task *child)
{
	const struct fpu_state *from = fpu_current();

	if (!from)
		return 0;
	child->fpu = fpu_alloc();
	if (!child->fpu)
		return -ENOMEM;
	memcpy(child->fpu->d, from->d, sizeof(from->d));
	child->fpu->fpscr = from->fpscr;
	return 0;
}

void
fpu_release(struct task *task)
{
	struct fpu_state *state = task->fpu;
	unsigned long flags = local_irq_save();

	task->fpu = NULL;
	if (task == current && state)
		fpu_set(false);
	local_irq_restore(flags);
	kfree(state);
}
