/* SPDX-License-Identifier: MIT */
/*
 * poll() and select(): waiting for any of several files.
 *
 * Ideas
 *   Each file is asked what holds; asking enters us in the queues that are
 *   woken when the answer may change. If nothing holds we sleep, and ask all
 *   again when woken.
 *
 *	ask all, entering their queues	(awake)
 *	nothing?  INTERRUPTIBLE
 *	was an entry taken out of its queue since?  do not sleep
 *	sleep; leave all queues; again
 *
 *   A waker takes the entry out of its queue before it wakes the task. So an
 *   entry that is out tells of a change after its file was asked: nothing is
 *   lost although asking may itself sleep.
 *
 * Locks   each queue's own. Cost: one entry for each queue, 8 without memory
 *   to be allocated.
 */
#include <asm/uaccess.h>
#include <kernel/panic.h>
#include <kernel/poll.h>
#include <kernel/rlimit.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/syscalls.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"

#define NO_TIMEOUT	(~0ull)
#define FD_SETSIZE_MAX	NR_OPEN_MAX
#define STACK_FDS	16

/* --- the table ------------------------------------------------------------------ */

static struct poll_entry *
next_entry(struct poll_table *t)
{
	if (t->nr < POLL_INLINE)
		return &t->inline_entries[t->nr];
	if (t->nr - POLL_INLINE < t->max_more)
		return &t->more[t->nr - POLL_INLINE];
	return NULL;
}

/*
 * Entries may not move while they are in queues: so when they do not fit, the
 * pass goes on without, and the next one has room (poll_grow).
 */
void
poll_wait(struct wait_queue_head *queue, struct poll_table *wait)
{
	struct poll_entry *e;

	if (!wait)
		return;
	e = next_entry(wait);
	if (e) {
		e->queue = queue;
		init_wait_entry(&e->wait, false);
		e->wait.func = wait->func;
		add_wait_queue(queue, &e->wait);
	}
	wait->nr++;
}

static struct poll_entry *
entry_at(struct poll_table *t, unsigned i)
{
	return i < POLL_INLINE ? &t->inline_entries[i] :
				 &t->more[i - POLL_INLINE];
}

static unsigned
entries_used(const struct poll_table *t)
{
	return min(t->nr, POLL_INLINE + t->max_more);
}

void
poll_table_init(struct poll_table *t,
		void (*func)(struct wait_queue_entry *entry))
{
	t->nr = 0;
	t->func = func;
	t->more = NULL;
	t->max_more = 0;
}

/* Has any queue been woken since it was entered? */
static bool
poll_triggered(struct poll_table *t)
{
	unsigned i;

	for (i = 0; i < entries_used(t); i++) {
		if (list_empty(&entry_at(t, i)->wait.node))
			return true;
	}
	return false;
}

void
poll_leave(struct poll_table *t)
{
	unsigned i;

	for (i = 0; i < entries_used(t); i++)
		remove_wait_queue(entry_at(t, i)->queue, &entry_at(t, i)->wait);
}

/* Room for as many queues as the last pass named. Held: no queue entered. */
static int
poll_grow(struct poll_table *t)
{
	unsigned want = t->nr - POLL_INLINE;
	struct poll_entry *more = kvmalloc(want * sizeof(*more), GFP_KERNEL);

	if (!more)
		return -ENOMEM;
	kvfree(t->more);
	t->more = more;
	t->max_more = want;
	return 0;
}

/* --- waiting ---------------------------------------------------------------------- */

/* A pass over all files: how many have something. wait NULL: only ask. */
typedef int (*poll_pass_t)(void *what, struct poll_table *wait);

/* Sleep until woken or until deadline (ns). */
static void
poll_sleep(struct poll_table *t, u64 deadline)
{
	u64 now;

	set_current_state(TASK_INTERRUPTIBLE);
	if (!poll_triggered(t) && !signal_pending()) {
		if (deadline == NO_TIMEOUT) {
			schedule();
		} else {
			now = ktime_get_ns();
			if (now < deadline)
				schedule_timeout_ns(deadline - now);
		}
	}
	set_current_state(TASK_RUNNING);
}

/*
 * Repeat pass until it finds something, the time is over (0) or a signal
 * comes (-EINTR). deadline: ktime, 0: do not wait.
 */
static int
poll_loop(poll_pass_t pass, void *what, u64 deadline)
{
	struct poll_table t;
	int found;

	poll_table_init(&t, NULL);
	for (;;) {
		t.nr = 0;
		found = pass(what, deadline ? &t : NULL);
		if (!deadline || found) {
			if (deadline)
				poll_leave(&t);
			break;
		}
		if (t.nr > POLL_INLINE + t.max_more) {
			poll_leave(&t);
			found = poll_grow(&t);
			if (found)
				break;
			continue;
		}
		poll_sleep(&t, deadline);
		poll_leave(&t);
		if (signal_pending()) {
			found = -EINTR;
			break;
		}
		if (deadline != NO_TIMEOUT && ktime_get_ns() >= deadline)
			deadline = 0;
	}
	kvfree(t.more);
	return found;
}

/* POLL* of one descriptor. */
static unsigned
poll_fd(int fd, unsigned events, struct poll_table *wait)
{
	struct fd f;
	unsigned mask = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;

	if (fd < 0)
		return 0;
	f = fdget((unsigned)fd);
	if (!f.file)
		return POLLNVAL;
	/* A file that cannot be waited for is always ready. */
	if (f.file->f_op->poll)
		mask = f.file->f_op->poll(f.file, wait);
	fdput(f);
	return mask & (events | POLLERR | POLLHUP);
}

struct poll_set {
	struct pollfd *fds;
	unsigned nr;
};

static int
poll_set_pass(void *what, struct poll_table *wait)
{
	struct poll_set *set = what;
	int found = 0;
	unsigned i;

	for (i = 0; i < set->nr; i++) {
		struct pollfd *p = &set->fds[i];

		p->revents = (s16)poll_fd(p->fd, (u16)p->events, wait);
		found += p->revents != 0;
	}
	return found;
}

/* The same for the kernel's callers and tests. */
int
do_poll(struct pollfd *fds, unsigned nr, u64 deadline)
{
	struct poll_set set = { fds, nr };

	return poll_loop(poll_set_pass, &set, deadline);
}

/* --- poll ---------------------------------------------------------------------------- */

static long
poll_user(struct pollfd *user, unsigned nr, u64 deadline)
{
	struct pollfd fast[STACK_FDS], *fds = fast;
	long result = -EFAULT;
	unsigned i;

	if (nr > rlimit(RLIMIT_NOFILE) || nr > NR_OPEN_MAX)
		return -EINVAL;
	if (nr > STACK_FDS)
		fds = kvmalloc(nr * sizeof(*fds), GFP_KERNEL);
	if (!fds)
		return -ENOMEM;
	if (!copy_from_user(fds, user, nr * sizeof(*fds)))
		result = do_poll(fds, nr, deadline);
	for (i = 0; result >= 0 && i < nr; i++) {
		if (put_user(fds[i].revents, &user[i].revents))
			result = -EFAULT;
	}
	if (fds != fast)
		kvfree(fds);
	return result;
}

static u64
deadline_after(u64 ns)
{
	return ns ? ktime_get_ns() + ns : 0;
}

long
sys_poll(struct pollfd *fds, unsigned nr, int timeout_ms)
{
	u64 deadline = NO_TIMEOUT;
	long result;

	if (timeout_ms >= 0)
		deadline = deadline_after((u64)timeout_ms * NSEC_PER_MSEC);
	result = poll_user(fds, nr, deadline);
	return result == -EINTR ? -ERESTARTNOHAND : result;
}

/* --- times and masks -------------------------------------------------------------------- */

/* Into a deadline; t NULL: for ever. 0, -EFAULT, -EINVAL. */
static int
deadline_from(s64 sec, s64 nsec, u64 *deadline)
{
	if (sec < 0 || nsec < 0 || nsec >= (s64)NSEC_PER_SEC)
		return -EINVAL;
	sec = min(sec, (s64)1000000000);
	*deadline = deadline_after((u64)sec * NSEC_PER_SEC + (u64)nsec);
	return 0;
}

/* A timeout of the caller's: as it stands there, and as a deadline. */
struct user_time {
	void *user;			/* NULL: for ever */
	bool wide;			/* a kernel_timespec, of 64 bits */
	u64 deadline;
};

/* Read it. 0, -EFAULT, -EINVAL. */
static int
time_begin(struct user_time *t)
{
	struct kernel_timespec wide;
	struct old_timespec32 narrow;

	t->deadline = NO_TIMEOUT;
	if (!t->user)
		return 0;
	if (t->wide) {
		if (copy_from_user(&wide, t->user, sizeof(wide)))
			return -EFAULT;
		return deadline_from(wide.tv_sec, wide.tv_nsec, &t->deadline);
	}
	if (copy_from_user(&narrow, t->user, sizeof(narrow)))
		return -EFAULT;
	return deadline_from(narrow.tv_sec, narrow.tv_nsec, &t->deadline);
}

/* What is left of the time goes back to the user, as Linux does it. */
static void
time_left(u64 deadline, u64 *sec, u32 *nsec)
{
	u64 now = ktime_get_ns(), left = now < deadline ? deadline - now : 0;

	*sec = left / NSEC_PER_SEC;
	*nsec = (u32)(left % NSEC_PER_SEC);
}

static void
time_end(const struct user_time *t)
{
	struct old_timespec32 narrow;
	struct kernel_timespec wide;
	u64 sec;
	u32 nsec;

	if (!t->user)
		return;
	time_left(t->deadline, &sec, &nsec);
	wide = (struct kernel_timespec){ .tv_sec = (s64)sec, .tv_nsec = nsec };
	narrow = (struct old_timespec32){ (s32)sec, (s32)nsec };
	(void)!(t->wide ? copy_to_user(t->user, &wide, sizeof(wide)) :
			  copy_to_user(t->user, &narrow, sizeof(narrow)));
}

/*
 * The mask to wait with. 0, -EINVAL, -EFAULT; *set: sigmask_done() is due.
 */
int
sigmask_begin(const void *user, size_t size, bool *set)
{
	sigset_t mask;

	*set = false;
	if (!user)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&mask, user, sizeof(mask)))
		return -EFAULT;
	set_wait_sigmask(mask);
	*set = true;
	return 0;
}

static long
poll_masked(struct pollfd *fds, unsigned nr, struct user_time t,
	    const void *mask, size_t size)
{
	bool set = false;
	long result = time_begin(&t);

	if (result)
		return result;
	result = sigmask_begin(mask, size, &set);
	if (!result)
		result = poll_user(fds, nr, t.deadline);
	if (set)
		restore_wait_sigmask(result == -EINTR);
	time_end(&t);
	return result;
}

long
sys_ppoll(struct pollfd *fds, unsigned nr, struct old_timespec32 *t,
	  const void *mask, size_t size)
{
	return poll_masked(fds, nr, (struct user_time){ t, false, 0 }, mask,
			   size);
}

long
sys_ppoll_time64(struct pollfd *fds, unsigned nr, struct kernel_timespec *t,
		 const void *mask, size_t size)
{
	return poll_masked(fds, nr, (struct user_time){ t, true, 0 }, mask,
			   size);
}

/* --- select ------------------------------------------------------------------------------ */

/* Six bitmaps of nr bits in one piece of memory: asked and found. */
struct select_set {
	unsigned nr, words;
	unsigned long *bits;
	bool bad_fd;
};

enum { SEL_IN, SEL_OUT, SEL_EX };

static const unsigned select_events[3] = {
	POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
	POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR,
	POLLPRI,
};

static unsigned long *
select_map(const struct select_set *s, unsigned kind, bool result)
{
	return s->bits + (kind + (result ? 3 : 0)) * s->words;
}

static int
select_one(struct select_set *s, unsigned fd, struct poll_table *wait)
{
	unsigned kind, mask, events = 0;
	int found = 0;

	for (kind = 0; kind < 3; kind++) {
		if (test_bit(fd, select_map(s, kind, false)))
			events |= select_events[kind];
	}
	if (!events)
		return 0;
	mask = poll_fd((int)fd, events, wait);
	if (mask & POLLNVAL)
		s->bad_fd = true;
	for (kind = 0; kind < 3; kind++) {
		if (test_bit(fd, select_map(s, kind, false)) &&
		    (mask & select_events[kind])) {
			set_bit(fd, select_map(s, kind, true));
			found++;
		}
	}
	return found;
}

static int
select_pass(void *what, struct poll_table *wait)
{
	struct select_set *s = what;
	int found = 0;
	unsigned fd;

	memset(select_map(s, 0, true), 0, 3 * s->words * sizeof(long));
	for (fd = 0; fd < s->nr; fd++)
		found += select_one(s, fd, wait);
	return s->bad_fd ? -EBADF : found;
}

static int
select_copy_in(struct select_set *s, u32 *const user[3])
{
	unsigned kind;

	for (kind = 0; kind < 3; kind++) {
		if (user[kind] && copy_from_user(select_map(s, kind, false),
						 user[kind],
						 s->words * sizeof(long)))
			return -EFAULT;
	}
	return 0;
}

static int
select_copy_out(struct select_set *s, u32 *const user[3])
{
	unsigned kind;

	for (kind = 0; kind < 3; kind++) {
		if (user[kind] && copy_to_user(user[kind],
					       select_map(s, kind, true),
					       s->words * sizeof(long)))
			return -EFAULT;
	}
	return 0;
}

static long
select_user(int n, u32 *const user[3], u64 deadline)
{
	struct select_set s = { .bad_fd = false };
	struct files_struct *files = current_files();
	long result;

	if (n < 0)
		return -EINVAL;
	if (!files)
		return -EBADF;
	s.nr = min((unsigned)n, files->fdt->max_fds);
	s.words = BITS_TO_LONGS(s.nr);
	s.bits = kvzalloc(max(6 * s.words, 1u) * sizeof(long), GFP_KERNEL);
	if (!s.bits)
		return -ENOMEM;
	result = select_copy_in(&s, user);
	if (!result)
		result = poll_loop(select_pass, &s, deadline);
	if (result >= 0 && select_copy_out(&s, user))
		result = -EFAULT;
	kvfree(s.bits);
	return result;
}

long
sys_select(int n, u32 *in, u32 *out, u32 *ex, struct old_timeval32 *t)
{
	u32 *const user[3] = { in, out, ex };
	u64 deadline = NO_TIMEOUT, sec;
	struct old_timeval32 time;
	long result = 0;
	u32 nsec;

	if (t) {
		if (copy_from_user(&time, t, sizeof(time)))
			return -EFAULT;
		result = deadline_from((s64)time.tv_sec +
				       time.tv_usec / 1000000,
				       time.tv_usec % 1000000 * 1000,
				       &deadline);
	}
	if (!result)
		result = select_user(n, user, deadline);
	if (t && result != -EINVAL) {
		time_left(deadline, &sec, &nsec);
		time.tv_sec = (s32)sec;
		time.tv_usec = (s32)(nsec / 1000);
		(void)!copy_to_user(t, &time, sizeof(time));
	}
	return result == -EINTR ? -ERESTARTNOHAND : result;
}

/* The sixth argument of pselect6: a mask and its size, by pointer. */
static int
read_sigmask_arg(const void *user, const void **mask, size_t *size)
{
	u32 words[2] = { 0, 0 };

	if (user && copy_from_user(words, user, sizeof(words)))
		return -EFAULT;
	*mask = (const void *)words[0];
	*size = words[1];
	return 0;
}

static long
select_masked(int n, u32 *const user[3], struct user_time t, const void *arg)
{
	const void *mask;
	size_t size;
	bool set = false;
	long result = time_begin(&t);

	if (result)
		return result;
	result = read_sigmask_arg(arg, &mask, &size);
	if (!result)
		result = sigmask_begin(mask, size, &set);
	if (!result)
		result = select_user(n, user, t.deadline);
	if (set)
		restore_wait_sigmask(result == -EINTR);
	time_end(&t);
	return result;
}

long
sys_pselect6(int n, u32 *in, u32 *out, u32 *ex, struct old_timespec32 *t,
	     const void *arg)
{
	u32 *const user[3] = { in, out, ex };

	return select_masked(n, user, (struct user_time){ t, false, 0 }, arg);
}

long
sys_pselect6_time64(int n, u32 *in, u32 *out, u32 *ex,
		    struct kernel_timespec *t, const void *arg)
{
	u32 *const user[3] = { in, out, ex };

	return select_masked(n, user, (struct user_time){ t, true, 0 }, arg);
}
