/* SPDX-License-Identifier: MIT */
/*
 * Console input: from the interrupt handler that receives a byte to the
 * thread that waits for it.
 *
 * Ideas
 *   Ring   `head` counts bytes put in, `tail` bytes taken out, both modulo
 *          2^32; a byte's place is its number modulo RING_SIZE. Full is
 *          head - tail == RING_SIZE: then what is typed gets lost, which a
 *          person sees because the echo is missing.
 *   Type-ahead  What is typed before it is known whether there will be an init
 *          waits here. Then it goes to the terminal, in its order, and with it
 *          what comes while it goes (console_keys_to_programs()); without an
 *          init it is the monitor's.
 *   Ctrl-C at the prompt is a byte like others, for the line editor. While a
 *          command runs nobody reads the ring; so there it raises a flag
 *          that long commands look at, and drops what was typed ahead.
 *
 * Locks     input_lock (rank MONITOR), taken in interrupt context. The
 *   waiting thread is woken after it has been released.
 */
#include "monitor_private.h"

#include <kernel/lock.h>
#include <kernel/wait.h>

#define RING_SIZE	1024u
#define CTRL_C		3

static DEFINE_SPINLOCK(input_lock, LOCK_MONITOR);
static DECLARE_WAIT_QUEUE_HEAD(input_wait);
static char ring[RING_SIZE];		/* input_lock */
static unsigned head, tail;		/* input_lock */
static bool running;			/* input_lock: a command runs */
static bool programs;			/* input_lock: an init will read keys */
static bool interrupted;		/* written under input_lock */

/* Held: input_lock. */
static void
put(char c)
{
	if (c == CTRL_C && running) {
		WRITE_ONCE(interrupted, true);
		tail = head;
	} else if (head - tail < RING_SIZE) {
		ring[head % RING_SIZE] = c;
		WRITE_ONCE(head, head + 1);
	}
}

/*
 * A byte arrived.
 * Context: interrupt handler.
 */
void
monitor_input(char c)
{
	unsigned long flags = spin_lock_irqsave(&input_lock);

	put(c);
	spin_unlock_irqrestore(&input_lock, flags);
	wake_up(&input_wait);
}

/*
 * A byte arrived while no program has the terminal open: it is kept, unless
 * an init has been found that will open it. Then false.
 * Context: interrupt handler.
 */
bool
monitor_input_early(char c)
{
	unsigned long flags = spin_lock_irqsave(&input_lock);
	bool kept = !programs;

	if (kept)
		put(c);
	spin_unlock_irqrestore(&input_lock, flags);
	if (kept)
		wake_up(&input_wait);
	return kept;
}

/*
 * There is an init: the next byte that was kept for it. False: there is none
 * left, and none will be kept from now on.
 */
bool
monitor_take_early(char *c)
{
	unsigned long flags = spin_lock_irqsave(&input_lock);
	bool found = head != tail;

	if (found)
		*c = ring[tail++ % RING_SIZE];
	else
		programs = true;
	spin_unlock_irqrestore(&input_lock, flags);
	return found;
}

/*
 * Has something been typed that waits to be read?
 */
bool
monitor_input_pending(void)
{
	return READ_ONCE(head) != READ_ONCE(tail);
}

/*
 * The next byte of input.
 * Context: sleeps until there is one.
 */
char
monitor_getchar(void)
{
	for (;;) {
		unsigned long flags;
		bool found;
		char c = 0;

		wait_event(&input_wait, monitor_input_pending());
		flags = spin_lock_irqsave(&input_lock);
		found = head != tail;
		if (found)
			c = ring[tail++ % RING_SIZE];
		spin_unlock_irqrestore(&input_lock, flags);
		if (found)
			return c;
	}
}

static void
monitor_set_running(bool now)
{
	unsigned long flags = spin_lock_irqsave(&input_lock);

	running = now;
	WRITE_ONCE(interrupted, false);
	spin_unlock_irqrestore(&input_lock, flags);
}

/*
 * A command begins: from here on Ctrl-C is for it.
 */
void
monitor_command_begin(void)
{
	monitor_set_running(true);
}

/*
 * The command has ended: Ctrl-C is for the line editor again.
 */
void
monitor_command_end(void)
{
	monitor_set_running(false);
}

/*
 * Has the user pressed Ctrl-C since the last command began?
 */
bool
monitor_interrupted(void)
{
	return READ_ONCE(interrupted);
}
