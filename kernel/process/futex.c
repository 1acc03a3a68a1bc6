/* SPDX-License-Identifier: MIT */
/*
 * Futexes: sleeping on a word of user memory.
 *
 * A lock of a C library is a word; taking a free one is one atomic instruction and
 * no system call. Only who must wait calls the kernel, which knows nothing of
 * locks: it puts the caller to sleep if the word still has the value that made
 * it wait, and wakes sleepers when it is told that the word has changed.
 *
 *	waiter					waker
 *	lock the bucket				word = ...	(user mode)
 *	word still val? no: EAGAIN		lock the bucket
 *	enter the queue				take waiters out
 *	unlock, sleep				unlock, wake them
 *
 *   The word is read under the bucket's lock. So either the waiter sees the new
 *   value, or it is in the queue when the waker looks: no wake-up is lost. The
 *   read may fault, which must not sleep there: it is tried, and if the page
 *   is not there, the lock is let go, the page brought in, and all begins anew.
 *
 *   Key   private: address space and address. Shared: the page itself (its place
 *	   in its file), so that two processes that map it at different
 *	   addresses meet.
 *
 * Sources  Franke, Russell, Kirkwood, "Fuss, Futexes and Furwocks", OLS 2002;
 *	    Drepper, "Futexes Are Tricky"; futex(2).
 */
#include <asm/uaccess.h>
#include <kernel/init.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <kernel/syscalls_process.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <mm/mm.h>
#include <mm/pagecache.h>
#include "process_private.h"

#define FUTEX_WAIT		0
#define FUTEX_WAKE		1
#define FUTEX_REQUEUE		3
#define FUTEX_CMP_REQUEUE	4
#define FUTEX_WAKE_OP		5
#define FUTEX_WAIT_BITSET	9
#define FUTEX_WAKE_BITSET	10
#define FUTEX_PRIVATE_FLAG	128
#define FUTEX_CLOCK_REALTIME	256
#define FUTEX_ALL_BITS		0xffffffffu

#define NR_BUCKETS	64

struct futex_key {
	const void *object;		/* the mm, or the file's pages */
	unsigned long offset;		/* address, or byte in the file */
};

/* A sleeper, on its own stack. */
struct futex_q {
	struct list_head node;		/* bucket's lock; empty: was woken */
	struct futex_bucket *bucket;	/* whose list; its lock, both if moved */
	struct futex_key key;
	struct task *task;
	u32 bits;
};

struct futex_bucket {
	spinlock_t lock;		/* rank FUTEX */
	struct list_head waiters;
};

static struct futex_bucket buckets[NR_BUCKETS];

static struct futex_bucket *
bucket_of(const struct futex_key *key)
{
	unsigned long h = (unsigned long)key->object / 32 + key->offset / 4;

	return &buckets[(h ^ h >> 6 ^ h >> 12) % NR_BUCKETS];
}

static bool
same_key(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->offset == b->offset;
}

/* --- Keys --- */

/* A shared mapping of a file: the place in the file. Held: mmap_lock. */
static bool
shared_key(struct mm_struct *mm, unsigned long uaddr, struct futex_key *key)
{
	const struct vm_area_struct *vma = vma_lookup(mm, uaddr);

	if (!vma || !(vma->vm_flags & VM_SHARED) || !vma->vm_mapping)
		return false;
	key->object = vma->vm_mapping;
	key->offset = (vma->vm_pgoff << PAGE_SHIFT) + (uaddr - vma->vm_start);
	return true;
}

static int
get_key(u32 uaddr, bool private, struct futex_key *key)
{
	struct mm_struct *mm = current->mm;

	if (uaddr & 3)
		return -EINVAL;
	if (!access_ok((void *)uaddr, 4))
		return -EFAULT;
	key->object = mm;
	key->offset = uaddr;
	if (private)
		return 0;
	down_read(&mm->mmap_lock);
	shared_key(mm, uaddr, key);
	up_read(&mm->mmap_lock);
	return 0;
}

/* --- Waking --- */

/* Held: the bucket's lock. Its core is added to *cores. */
static void
wake_one(struct futex_q *q, unsigned long *cores)
{
	struct task *task = q->task;

	get_task(task);
	list_del_init(&q->node);
	/* q may be gone from here on: its owner looks at node without a lock. */
	wake_up_quietly(task, cores);
	put_task(task);
}

/* Held: b->lock. How many were woken; their cores are added to *cores. */
static int
wake_waiters(struct futex_bucket *b, const struct futex_key *key, int n,
	     u32 bits, unsigned long *cores)
{
	struct futex_q *q, *next;
	int woken = 0;

	list_for_each_entry_safe(q, next, &b->waiters, node) {
		if (woken >= n)
			break;
		if (!same_key(&q->key, key) || !(q->bits & bits))
			continue;
		wake_one(q, cores);
		woken++;
	}
	return woken;
}

static int
futex_wake(u32 uaddr, bool private, int n, u32 bits)
{
	struct futex_key key;
	struct futex_bucket *b;
	int err = get_key(uaddr, private, &key);
	unsigned long cores = 0;

	if (err)
		return err;
	if (!bits)
		return -EINVAL;
	b = bucket_of(&key);
	spin_lock(&b->lock);
	n = wake_waiters(b, &key, n, bits, &cores);
	spin_unlock(&b->lock);
	smp_send_reschedule(cores);
	return n;
}

/* --- Waiting --- */

/* The word at uaddr without sleeping: 0, or -EFAULT (it may be there later). */
static int
peek_user(u32 uaddr, u32 *value)
{
	unsigned long flags = local_irq_save();
	int err = get_user(*value, (const u32 *)uaddr);

	local_irq_restore(flags);
	return err;
}

/* Enter the queue if the word is val. 0, -EAGAIN, or -EFAULT. */
static int
enqueue(struct futex_q *q, u32 uaddr, u32 val)
{
	struct futex_bucket *b = bucket_of(&q->key);
	u32 now;
	int err;

	spin_lock(&b->lock);
	err = peek_user(uaddr, &now);
	if (!err && now != val)
		err = -EAGAIN;
	if (!err) {
		q->bucket = b;
		list_add_tail(&q->node, &b->waiters);
	}
	spin_unlock(&b->lock);
	return err;
}

/* Leave the queue; true: somebody woke us before. */
static bool
dequeue(struct futex_q *q)
{
	struct futex_bucket *b;
	bool woken;

	for (;;) {
		b = READ_ONCE(q->bucket);
		spin_lock(&b->lock);
		if (b == q->bucket)
			break;
		spin_unlock(&b->lock);	/* it was moved meanwhile */
	}
	woken = list_empty(&q->node);
	if (!woken)
		list_del_init(&q->node);
	spin_unlock(&b->lock);
	return woken;
}

/* deadline: ktime in ns; 0: none. */
static void
sleep_until_woken(struct futex_q *q, u64 deadline)
{
	u64 now = ktime_get_ns();

	set_current_state(TASK_INTERRUPTIBLE);
	if (!list_empty(&q->node) && !signal_pending()) {
		if (!deadline)
			schedule();
		else if (now < deadline)
			schedule_timeout_ns(deadline - now);
	}
	set_current_state(TASK_RUNNING);
}

static int
futex_wait(u32 uaddr, bool private, u32 val, u64 deadline, u32 bits)
{
	struct futex_q q = { .task = current, .bits = bits };
	u32 value;
	int err;

	if (!bits)
		return -EINVAL;
	err = get_key(uaddr, private, &q.key);
	if (err)
		return err;
	INIT_LIST_HEAD(&q.node);
	while ((err = enqueue(&q, uaddr, val)) == -EFAULT) {
		/* Only to bring the page: enqueue() looks with the lock held. */
		if (copy_from_user(&value, (const u32 *)uaddr, sizeof(value)))
			return -EFAULT;
	}
	if (err)
		return err;
	while (!list_empty(&q.node) && !signal_pending() &&
	       (!deadline || ktime_get_ns() < deadline))
		sleep_until_woken(&q, deadline);
	if (dequeue(&q))
		return 0;
	return signal_pending() ? -ERESTARTSYS : -ETIMEDOUT;
}

/* --- Moving waiters to another futex --- */

/* Both buckets, in order of address; one if they are the same. */
static void
lock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	/* One rank: the second is taken only where it is free. */
	for (;;) {
		spin_lock(&a->lock);
		if (a == b || spin_trylock(&b->lock))
			return;
		spin_unlock(&a->lock);
		cpu_relax();
	}
}

static void
unlock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	if (a != b)
		spin_unlock(&b->lock);
	spin_unlock(&a->lock);
}

/*
 * Held: both. Within one bucket nobody changes his place in the list: who was
 * put behind the others would be met again, for ever if the futexes are one.
 */
static int
move_waiters(struct futex_bucket *from, struct futex_bucket *to,
	     const struct futex_key *key, const struct futex_key *target, int n)
{
	struct futex_q *q, *next;
	int moved = 0;

	list_for_each_entry_safe(q, next, &from->waiters, node) {
		if (moved >= n)
			break;
		if (!same_key(&q->key, key))
			continue;
		q->key = *target;
		if (from != to) {
			list_move_tail(&q->node, &to->waiters);
			WRITE_ONCE(q->bucket, to);
		}
		moved++;
	}
	return moved;
}

/* cmp NULL: whatever the word is. */
static int
futex_requeue(u32 uaddr, u32 uaddr2, bool private, int nr_wake, int nr_move,
	      const u32 *cmp)
{
	struct futex_key key, target;
	struct futex_bucket *from, *to;
	unsigned long cores = 0;
	u32 value;
	int err = get_key(uaddr, private, &key), n;

	if (!err)
		err = get_key(uaddr2, private, &target);
	if (err)
		return err;
	if (nr_wake < 0 || nr_move < 0)
		return -EINVAL;
	from = bucket_of(&key);
	to = bucket_of(&target);
	for (;;) {
		lock_two(from, to);
		err = cmp ? peek_user(uaddr, &value) : 0;
		if (!err)
			break;
		unlock_two(from, to);
		if (get_user(value, (const u32 *)uaddr))
			return -EFAULT;
	}
	if (cmp && value != *cmp) {
		n = -EAGAIN;
	} else {
		n = wake_waiters(from, &key, nr_wake, FUTEX_ALL_BITS, &cores);
		n += move_waiters(from, to, &key, &target, nr_move);
	}
	unlock_two(from, to);
	smp_send_reschedule(cores);
	return n;
}

/* --- The end of a thread --- */

void
futex_wake_exit(u32 uaddr)
{
	futex_wake(uaddr, false, 1, FUTEX_ALL_BITS);
	futex_wake(uaddr, true, 1, FUTEX_ALL_BITS);
}

#define FUTEX_WAITERS		0x80000000u
#define FUTEX_OWNER_DIED	0x40000000u
#define FUTEX_TID_MASK		0x3fffffffu
#define ROBUST_LIMIT		2048

/* A lock that the dying thread holds: mark it, wake who waits. */
static void
release_robust(u32 uaddr)
{
	u32 value;

	if (uaddr & 3 || get_user(value, (const u32 *)uaddr) ||
	    (value & FUTEX_TID_MASK) != (u32)current->pid)
		return;
	if (put_user((value & FUTEX_WAITERS) | FUTEX_OWNER_DIED,
		     (u32 *)uaddr))
		return;
	if (value & FUTEX_WAITERS)
		futex_wake_exit(uaddr);
}

/*
 * The list of locks that the C library keeps for us: { next, offset of the
 * lock from its entry, an entry that is just being changed }.
 */
void
futex_exit_robust(struct task *task)
{
	u32 head = task->robust_list, entry, offset, pending;

	if (!head || !task->mm ||
	    get_user(entry, (const u32 *)head) ||
	    get_user(offset, (const u32 *)(head + 4)) ||
	    get_user(pending, (const u32 *)(head + 8)))
		return;
	for (unsigned n = 0; entry != head && n < ROBUST_LIMIT; n++) {
		u32 next;

		if (get_user(next, (const u32 *)(entry & ~1u)))
			return;
		if (entry != pending)
			release_robust((entry & ~1u) + offset);
		entry = next;
	}
	if (pending)
		release_robust((pending & ~1u) + offset);
}

long
sys_set_robust_list(u32 head, u32 len)
{
	if (len != 12)
		return -EINVAL;
	current->robust_list = head;
	return 0;
}

/* --- The system call --- */

/*
 * When a wait is over, by a timeout of user memory: relative for FUTEX_WAIT,
 * absolute for the others. wide: 64-bit times. 0 or -Exxx.
 */
static int
read_deadline(u32 timeout, bool wide, bool absolute, bool realtime,
	      u64 *deadline)
{
	u64 ns;
	int err;

	*deadline = 0;
	if (!timeout)
		return 0;
	err = wide ? get_timespec64_ns((const void *)timeout, &ns) :
		     get_timespec32_ns((const void *)timeout, &ns);
	if (err)
		return err;
	if (!absolute)
		ns += ktime_get_ns();
	else if (realtime)
		ns = realtime_to_ktime(ns);
	*deadline = ns ? ns : 1;
	return 0;
}

static long
do_futex(u32 uaddr, u32 op, u32 val, u32 timeout, u32 uaddr2, u32 val3,
	 bool wide)
{
	bool private = op & FUTEX_PRIVATE_FLAG;
	u32 cmd = op & 127, bits = FUTEX_ALL_BITS;
	u64 deadline;
	int err;

	switch (cmd) {
	case FUTEX_WAIT_BITSET:
		bits = val3;
		/* fallthrough */
	case FUTEX_WAIT:
		err = read_deadline(timeout, wide, cmd == FUTEX_WAIT_BITSET,
				    op & FUTEX_CLOCK_REALTIME, &deadline);
		return err ? err : futex_wait(uaddr, private, val, deadline,
					      bits);
	case FUTEX_WAKE_BITSET:
		bits = val3;
		/* fallthrough */
	case FUTEX_WAKE:
		return futex_wake(uaddr, private, (int)val, bits);
	case FUTEX_REQUEUE:
		return futex_requeue(uaddr, uaddr2, private, (int)val,
				     (int)timeout, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(uaddr, uaddr2, private, (int)val,
				     (int)timeout, &val3);
	default:
		return -ENOSYS;
	}
}

long
sys_futex(u32 uaddr, u32 op, u32 val, u32 timeout, u32 uaddr2, u32 val3)
{
	return do_futex(uaddr, op, val, timeout, uaddr2, val3, false);
}

long
sys_futex_time64(u32 uaddr, u32 op, u32 val, u32 timeout, u32 uaddr2,
		 u32 val3)
{
	return do_futex(uaddr, op, val, timeout, uaddr2, val3, true);
}

static int
futex_init(void)
{
	for (unsigned i = 0; i < NR_BUCKETS; i++) {
		spin_lock_init(&buckets[i].lock, LOCK_FUTEX);
		INIT_LIST_HEAD(&buckets[i].waiters);
	}
	return 0;
}
device_initcall(futex_init);
