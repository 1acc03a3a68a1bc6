/* SPDX-License-Identifier: MIT */
/*
 * kmemleak: the scan.
 *
 *	1 reset		every object white, those of min_count 0 on the grey list
 *	2 roots		.data and .bss, each core's static variables
 *	3 stacks	of every task but idle ones, from its stack pointer on
 *	4 grey		search what is on the list, which grows by what is found
 *	5 suspects	white objects become suspects, and go on the list all
 *			the same; but not suspects of the last scan that did
 *			not change
 *	6 grey		again, for what the new suspects point to
 *	7 verdict	what is still white is lost
 *
 * Memory is searched by PIECE bytes with kmemleak_lock held and interrupts
 * masked. Between two pieces the object may be freed: leak.searched tells.
 *
 * Registers are searched too: an interrupt makes every core write its own to
 * the stack of what it interrupts. Of the caller's stack the part that the scan
 * itself uses is left out: it is full of addresses of objects.
 *
 * Idle tasks own nothing, and their stacks are left out. A register that calls
 * may change (r12) is not saved when tasks change: idle waits with what the
 * task before it left there, perhaps one that has ended, and an interrupt
 * writes that to idle's stack. memset() leaves the end of what it cleared in
 * r12, so the object that a task cleared last before it ended was held as
 * long as its core was idle.
 *
 * A word is looked up at multiples of 4 only: the compiler aligns pointers.
 */
#include <mm/kmemleak.h>
#ifdef VELLUM_KMEMLEAK
#include <asm/memory.h>
#include <kernel/kthread.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include "kmemleak.h"

#define PIECE		1024ul		/* bytes searched under one lock */
#define CRC_START	2166136261u	/* FNV-1a, by words */
#define CRC_FACTOR	16777619u

extern u8 __data_end[], __noleak_end[], __init_bss_start[];
extern u8 __percpu_start[], __percpu_end[];

static unsigned long min_age = 5 * HZ;	/* jiffies */
static bool search_stacks = true;

static struct task *scanner;		/* set_period()'s mutex */
static unsigned period;			/* seconds; 0: no scanner */

/* --- words ------------------------------------------------------------------- */

/* One more pointer to object was found. Context: kmemleak_lock. */
static void
count_pointer(struct leak_object *object, const unsigned long *where)
{
	if (!object || object->min_count < 0 || !leak_is_white(object))
		return;
	if (++object->count < object->min_count)
		return;
	object->seen_at = (u32)(unsigned long)where;
	list_add_tail(&object->list, &leak.grey);
}

/* Context: kmemleak_lock. */
static void
search_words(unsigned long start, unsigned long end)
{
	const unsigned long *word = (const unsigned long *)
		ALIGN_UP(start, sizeof(long));

	for (; (unsigned long)(word + 1) <= end; word++) {
		unsigned long value = READ_ONCE(*word);

		count_pointer(leak_find(LEAK_TREE_LINEAR, value), word);
		count_pointer(leak_find(LEAK_TREE_PERCPU, value), word);
	}
}

/* Memory that stays: variables, stacks in use. */
static void
search_range(unsigned long start, unsigned long end)
{
	for (unsigned long next; start < end; start = next) {
		unsigned long flags = spin_lock_irqsave(&kmemleak_lock);

		next = min(ALIGN_DOWN(start, PIECE) + PIECE, end);
		search_words(start, next);
		spin_unlock_irqrestore(&kmemleak_lock, flags);
		cond_resched();
	}
}

/* --- objects ------------------------------------------------------------------ */

/*
 * Call fn for each piece of the object leak.searched (of all cores, if it is
 * per-CPU), under kmemleak_lock; stops when the object is freed meanwhile.
 * False if it was.
 */
static bool
for_each_piece(struct leak_object *object,
	       void (*fn)(unsigned long start, unsigned long end))
{
	unsigned nr = object->flags & LEAK_PERCPU ? nr_cpus : 1, cpu;
	unsigned long size = object->size, at, flags;
	bool there = true;

	for (cpu = 0; cpu < nr; cpu++) {
		for (at = 0; at < size && there; at += PIECE) {
			flags = spin_lock_irqsave(&kmemleak_lock);
			there = leak.searched == object;
			if (there) {
				unsigned long start = object->start + at +
					(object->flags & LEAK_PERCPU ?
					 percpu_offset[cpu] : 0);

				fn(start, start + min(PIECE, size - at));
			}
			spin_unlock_irqrestore(&kmemleak_lock, flags);
			cond_resched();
		}
	}
	return there;
}

/* The first object of a list, to be searched, off the list; NULL: none. */
static struct leak_object *
take_first(struct list_head *list)
{
	unsigned long flags = spin_lock_irqsave(&kmemleak_lock);
	struct leak_object *object = NULL;

	if (!list_empty(list)) {
		object = list_first_entry(list, struct leak_object, list);
		list_del_init(&object->list);
	}
	leak.searched = object;
	spin_unlock_irqrestore(&kmemleak_lock, flags);
	return object;
}

/* Search what is on the grey list until it is empty. */
static void
search_grey(void)
{
	struct leak_object *object;

	while ((object = take_first(&leak.grey))) {
		if (!(object->flags & LEAK_NO_SCAN))
			for_each_piece(object, search_words);
	}
}

/* Step 1, for one object. */
static void
reset_object(struct leak_object *object)
{
	object->count = 0;
	if (object->min_count == KMEMLEAK_GREY)
		list_move_tail(&object->list, &leak.grey);
	else
		list_del_init(&object->list);
}

/* --- roots --------------------------------------------------------------------- */

static void
search_variables(void)
{
	unsigned long room, room_end, offset;
	unsigned cpu;

	/* In front of it: the boot stack, and the per-CPU template. */
	search_range((unsigned long)__percpu_end, (unsigned long)__data_end);
	/* In front of it: __noleak; behind it: the early tables. */
	search_range((unsigned long)__noleak_end,
		     (unsigned long)__init_bss_start);
	percpu_dynamic_room(&room, &room_end);
	for_each_possible_cpu(cpu) {
		offset = percpu_offset[cpu];
		search_range((unsigned long)__percpu_start + offset,
			     room + offset);
		search_range(room_end + offset,
			     (unsigned long)__percpu_end + offset);
	}
}

/*
 * What each core ran when it was last asked, and down to where on its stack;
 * and the caller of the scan, whose own frames would show what it looks for.
 */
static struct {
	const struct task *task;
	unsigned long sp;
} running[NR_CPUS] __noleak;

static struct {
	u32 registers[8];
	unsigned long sp;
} caller __noleak;

/* An interrupt: the registers of what it interrupts lie on the stack. */
static void
note_running(void *arg)
{
	unsigned cpu = smp_processor_id();

	(void)arg;
	running[cpu].task = current;
	running[cpu].sp = (unsigned long)__builtin_frame_address(0);
}

/* Where the part of task's stack begins that it uses. */
static unsigned long
stack_pointer(const struct task *task)
{
	unsigned long base = (unsigned long)task->stack, sp;
	unsigned cpu;

	if (task == current)
		return caller.sp;
	sp = READ_ONCE(task->context.sp);
	for_each_possible_cpu(cpu) {
		if (READ_ONCE(*per_cpu_ptr(&current_task, cpu)) != task)
			continue;
		sp = running[cpu].task == task ? running[cpu].sp : base;
	}
	return sp - base < THREAD_SIZE ? sp : base;
}

/* Stacks, and the structures of tasks at their upper ends. */
static void
search_tasks(void)
{
	struct task *task = NULL;
	unsigned long top;
	bool whole;

	on_each_cpu(note_running, NULL);
	search_range((unsigned long)caller.registers,
		     (unsigned long)(caller.registers + 8));
	while ((task = task_next(task))) {
		top = (unsigned long)task->stack + THREAD_SIZE;
		whole = search_stacks && !task->idle;
		search_range(whole ? stack_pointer(task) : (unsigned long)task,
			     top);
	}
}

/* --- suspects ------------------------------------------------------------------- */

static u32 crc;				/* kmemleak_mutex, as found */
static unsigned found;

/* Context: kmemleak_lock. */
static void
add_to_crc(unsigned long start, unsigned long end)
{
	const u32 *word = (const u32 *)ALIGN_UP(start, sizeof(u32));

	for (; (unsigned long)(word + 1) <= end; word++)
		crc = (crc ^ READ_ONCE(*word)) * CRC_FACTOR;
}

/* Step 5, for one object: onto the list of the white ones, or cleared. */
static void
gather_white(struct leak_object *object)
{
	if (leak_is_white(object))
		list_move_tail(&object->list, &leak.white);
	else
		object->flags &= ~LEAK_SUSPECT;
}

/*
 * A white object becomes a suspect, and grey for this scan, unless it is one
 * already, did not change, and is old enough.
 */
static void
suspect(struct leak_object *object)
{
	unsigned long flags;

	crc = CRC_START;
	if (!for_each_piece(object, add_to_crc))
		return;
	flags = spin_lock_irqsave(&kmemleak_lock);
	if (leak.searched == object && leak_is_white(object) &&
	    !(object->flags & LEAK_SUSPECT && object->crc == crc &&
	      jiffies - object->born >= min_age)) {
		object->flags |= LEAK_SUSPECT;
		object->crc = crc;
		object->count = (u16)object->min_count;
		list_add_tail(&object->list, &leak.grey);
		leak.nr_suspects++;
	}
	spin_unlock_irqrestore(&kmemleak_lock, flags);
}

/* Step 7, for one object. One that came during the scan is no suspect yet. */
static void
judge(struct leak_object *object)
{
	if (!leak_is_white(object) || !(object->flags & LEAK_SUSPECT)) {
		object->flags &= ~LEAK_REPORTED;
		return;
	}
	if (!(object->flags & LEAK_REPORTED))
		found++;
	object->flags |= LEAK_REPORTED;
	leak.nr_reported++;
}

/* Context: kmemleak_mutex, and it runs. */
static void
scan(void)
{
	struct leak_object *object;

	leak.nr_suspects = 0;
	leak_for_each(reset_object);
	search_variables();
	search_tasks();
	search_grey();
	leak_for_each(gather_white);
	while ((object = take_first(&leak.white)))
		suspect(object);
	search_grey();
	leak.nr_reported = 0;
	found = 0;
	leak_for_each(judge);
	leak.nr_scans++;
}

int
kmemleak_scan(void)
{
	unsigned long sp;
	u32 registers[8];
	int result = -ENODEV;

	__asm__ volatile("stmia %1, {r4-r11}\n\tmov %0, sp"
			 : "=r"(sp) : "r"(registers) : "memory");
	might_sleep();
	mutex_lock(&kmemleak_mutex);
	memcpy(caller.registers, registers, sizeof(registers));
	caller.sp = sp;
	if (READ_ONCE(kmemleak_running)) {
		scan();
		/* It may have ended meanwhile: then nothing is certain. */
		if (READ_ONCE(kmemleak_running))
			result = (int)found;
	}
	mutex_unlock(&kmemleak_mutex);
	if (result > 0)
		pr_warn("kmemleak: %d new suspected memory leaks (cat "
			"kmemleak shows them)\n", result);
	return result;
}

unsigned long
kmemleak_suspects(void)
{
	return READ_ONCE(leak.nr_suspects);
}

void
kmemleak_set_min_age(unsigned ms)
{
	min_age = msecs_to_jiffies(ms);
}

void
kmemleak_set_stacks(bool on)
{
	search_stacks = on;
}

/* --- every so often ---------------------------------------------------------------- */

static void
scanner_main(void *arg)
{
	(void)arg;
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule_timeout_ns((u64)period * NSEC_PER_SEC);
		set_current_state(TASK_RUNNING);
		if (!kthread_should_stop())
			kmemleak_scan();
	}
}

/* Context: may sleep. 0 or -ENOMEM. */
int
kmemleak_set_period(unsigned seconds)
{
	static struct mutex one = MUTEX_INIT(one);
	int err = 0;

	mutex_lock(&one);
	if (scanner)
		kthread_stop(scanner);
	scanner = NULL;
	period = seconds;
	if (seconds) {
		scanner = kthread_run(scanner_main, NULL, "kmemleak");
		err = scanner ? 0 : -ENOMEM;
	}
	mutex_unlock(&one);
	return err;
}
#endif
