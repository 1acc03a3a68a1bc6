/* SPDX-License-Identifier: MIT */
/*
 * Locks on files: advisory, so that they bind those who ask.
 *
 *	flock()			the whole file; belongs to the opening (struct
 *				file), so dup and fork share it
 *	fcntl(F_SETLK)		a range of bytes; belongs to the table of
 *				descriptors: a process, POSIX's owner
 *	fcntl(F_OFD_SETLK)	a range of bytes; belongs to the opening
 *
 * Ideas
 *   Two lists	of an inode, one for flock and one for ranges: the two kinds do
 *		not see each other. Made with the first lock of a file.
 *   Ranges	of one owner never overlap, and neighbours of one kind are one.
 *		So locking is: cut the range out of what the owner has, and put
 *		the new piece in, joined with its neighbours:
 *
 *		    [rrrrrrrrrrrr]          [rrr]    [rrrr]	W over the middle
 *		         WWWW         ->         [WW]
 *
 *		Cutting may make two pieces of one, and the new one is a third:
 *		two are allocated before anything is changed.
 *   Waiting	A waiter stands in the queue of the inode and looks again whenever
 *		a lock of it goes. A signal ends the wait.
 *   Deadlock	Owner A waits for B who waits for A: the second to wait is told
 *		EDEADLK. Only POSIX locks are looked at (the others have no
 *		single owner that could wait), and chains of at most 10.
 *   End		flock and OFD locks go with the last reference to the opening. A
 *		process loses its POSIX locks of a file with the first descriptor
 *		of it that it closes: POSIX's trap, and the reason for OFD.
 *
 * Invariant (file_locks_verify)
 *   L1  The ranges of one owner are disjoint, and joined where they can be.
 *   L2  No two owners have locks that exclude each other.
 *   L3  first <= last.
 *
 * Locks   locks_mutex: all of this. One for the machine, since who waits for
 *	   whom is a question to all files.
 * Cost	   nothing for files without locks but a look at inode->i_locks when a
 *	   descriptor is closed.
 * Sources POSIX.1-2017 fcntl(); flock(2), fcntl_locking(2).
 */
#include <asm/uaccess.h>
#include <kernel/file_locks.h>
#include <kernel/init.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/syscalls.h>
#include <kernel/wait.h>
#include <lib/errno.h>
#include <mm/slab.h>
#include <mm/verify.h>

#include "fs_private.h"

#define MAX_CHAIN	10

/* What an inode with locks has. It stays until the inode goes. */
struct file_locks {
	struct list_head flock, ranges;
	struct wait_queue_head waiters;
};

/* A process that waits: whom for follows from what it wants. */
struct waiting {
	struct list_head node;		/* all_waiting */
	const struct file_lock *want;
};

static DEFINE_MUTEX(locks_mutex);
static LIST_HEAD(all_locks);		/* locks_mutex */
static LIST_HEAD(all_waiting);		/* locks_mutex */

/* --- one lock ------------------------------------------------------------------------- */

static struct list_head *
list_of(const struct file_lock *lock)
{
	struct file_locks *locks = lock->inode->i_locks;

	return lock->kind == LOCK_FLOCK ? &locks->flock : &locks->ranges;
}

static void
insert_lock(struct file_lock *lock)
{
	list_add_tail(&lock->node, list_of(lock));
	list_add_tail(&lock->all_node, &all_locks);
}

static void
remove_lock(struct file_lock *lock)
{
	list_del_init(&lock->node);
	list_del_init(&lock->all_node);
	kfree(lock);
}

static bool
overlap(const struct file_lock *a, const struct file_lock *b)
{
	return a->first <= b->last && b->first <= a->last;
}

static bool
exclude_each_other(const struct file_lock *a, const struct file_lock *b)
{
	return a->owner != b->owner && overlap(a, b) &&
	       (a->type == F_WRLCK || b->type == F_WRLCK);
}

/* Who stands in the way of want? NULL: nobody. */
static struct file_lock *
find_conflict(const struct file_lock *want)
{
	struct file_lock *lock;

	list_for_each_entry(lock, list_of(want), node) {
		if (exclude_each_other(lock, want))
			return lock;
	}
	return NULL;
}

/* The lists of the inode, made with its first lock. False: no memory. */
static bool
locks_of_inode(struct inode *inode)
{
	struct file_locks *locks = inode->i_locks;

	if (locks)
		return true;
	locks = kmalloc(sizeof(*locks), GFP_KERNEL);
	if (!locks)
		return false;
	INIT_LIST_HEAD(&locks->flock);
	INIT_LIST_HEAD(&locks->ranges);
	init_waitqueue_head(&locks->waiters);
	WRITE_ONCE(inode->i_locks, locks);
	return true;
}

/* --- ranges: changed in place, nothing can fail ---------------------------------------- */

/* Take [first, last] of want's owner away; *spare is used where one is cut in
 * two. True: something went. */
static bool
cut_out(const struct file_lock *want, struct file_lock **spare)
{
	struct file_lock *lock, *next;
	bool changed = false;

	list_for_each_entry_safe(lock, next, list_of(want), node) {
		if (lock->owner != want->owner || !overlap(lock, want))
			continue;
		changed = true;
		if (lock->first < want->first && lock->last > want->last) {
			struct file_lock *above = *spare;

			*spare = NULL;
			*above = *lock;
			above->first = want->last + 1;
			lock->last = want->first - 1;
			insert_lock(above);
		} else if (lock->first < want->first) {
			lock->last = want->first - 1;
		} else if (lock->last > want->last) {
			lock->first = want->last + 1;
		} else {
			remove_lock(lock);
		}
	}
	return changed;
}

/* Put new in, and let it swallow neighbours of its kind. */
static void
put_in(struct file_lock *new)
{
	struct file_lock *lock, *next;

	list_for_each_entry_safe(lock, next, list_of(new), node) {
		if (lock->owner != new->owner || lock->type != new->type)
			continue;
		if (lock->first != 0 && lock->first - 1 == new->last)
			new->last = lock->last;
		else if (lock->last != FILE_LOCK_END &&
			 lock->last + 1 == new->first)
			new->first = lock->first;
		else
			continue;
		remove_lock(lock);
	}
	insert_lock(new);
}

/* Held: locks_mutex, and nobody is in the way. spare[0], [1] may be used. */
static void
apply(const struct file_lock *want, struct file_lock *spare[2])
{
	bool freed = cut_out(want, &spare[0]);

	if (want->type != F_UNLCK) {
		*spare[1] = *want;
		put_in(spare[1]);
		spare[1] = NULL;
	}
	if (freed)
		wake_up_all(&want->inode->i_locks->waiters);
}

/* --- waiting -------------------------------------------------------------------------- */

/* Does the owner of lock wait, over whatever others, for us? */
static bool
would_deadlock(const struct file_lock *want, const struct file_lock *lock)
{
	const struct waiting *w;
	unsigned steps;

	if (want->kind != LOCK_POSIX)
		return false;
	for (steps = 0; lock && steps < MAX_CHAIN; steps++) {
		const struct file_lock *next = NULL;

		if (lock->owner == want->owner)
			return true;
		list_for_each_entry(w, &all_waiting, node) {
			if (w->want->owner == lock->owner)
				next = find_conflict(w->want);
		}
		lock = next;
	}
	return false;
}

/* Wait until a lock of the inode goes. Held: locks_mutex, not meanwhile. */
static int
wait_for_change(const struct file_lock *want)
{
	struct file_locks *locks = want->inode->i_locks;
	struct waiting waiting = { .want = want };
	struct wait_queue_entry entry;
	int err = 0;

	init_wait_entry(&entry, false);
	prepare_to_wait(&locks->waiters, &entry, TASK_INTERRUPTIBLE);
	list_add_tail(&waiting.node, &all_waiting);
	mutex_unlock(&locks_mutex);
	if (signal_pending())
		err = -ERESTARTSYS;
	else
		schedule();
	finish_wait(&locks->waiters, &entry);
	mutex_lock(&locks_mutex);
	list_del_init(&waiting.node);
	return err;
}

/* want can be had now, or why not. Held: locks_mutex, not while it waits. */
static int
clear_the_way(const struct file_lock *want, bool wait)
{
	const struct file_lock *conflict;
	int err = 0;

	while (!err && want->type != F_UNLCK &&
	       (conflict = find_conflict(want)))
		err = !wait ? -EAGAIN :
		      would_deadlock(want, conflict) ? -EDEADLK :
						       wait_for_change(want);
	return err;
}

int
file_lock_set(const struct file_lock *want, bool wait)
{
	struct file_lock *spare[2];
	int err = -ENOLCK;

	spare[0] = kmalloc(sizeof(*spare[0]), GFP_KERNEL);
	spare[1] = kmalloc(sizeof(*spare[1]), GFP_KERNEL);
	mutex_lock(&locks_mutex);
	if (spare[0] && spare[1] && locks_of_inode(want->inode)) {
		/* flock gives up what it has before it asks for another. */
		if (want->kind == LOCK_FLOCK && cut_out(want, &spare[0]))
			wake_up_all(&want->inode->i_locks->waiters);
		err = clear_the_way(want, wait);
		if (!err)
			apply(want, spare);
	}
	mutex_unlock(&locks_mutex);
	kfree(spare[0]);
	kfree(spare[1]);
	return err;
}

/* --- flock ---------------------------------------------------------------------------- */

long
sys_flock(unsigned fd, unsigned cmd)
{
	static const short types[] = {
		[LOCK_SH] = F_RDLCK, [LOCK_EX] = F_WRLCK, [LOCK_UN] = F_UNLCK,
	};
	unsigned what = cmd & ~(unsigned)LOCK_NB;
	struct fd f = fdget(fd);
	struct file_lock want;
	long err;

	if (!f.file)
		return -EBADF;
	if (what != LOCK_SH && what != LOCK_EX && what != LOCK_UN) {
		fdput(f);
		return -EINVAL;
	}
	want = (struct file_lock){
		.inode = f.file->f_inode, .owner = f.file, .kind = LOCK_FLOCK,
		.type = types[what], .pid = current->process->pid,
		.first = 0, .last = FILE_LOCK_END,
	};
	err = file_lock_set(&want, !(cmd & LOCK_NB));
	fdput(f);
	return err;
}

/* --- fcntl ---------------------------------------------------------------------------- */

/* What the caller's struct says, by whence and length. 0 or -Exxx. */
static int
range_of(struct file *file, const struct flock64 *l, struct file_lock *lock)
{
	s64 start = l->l_start, from = 0;

	if (l->l_whence == SEEK_CUR)
		from = (s64)file->f_pos;
	else if (l->l_whence == SEEK_END)
		from = (s64)i_size_read(file->f_inode);
	else if (l->l_whence != SEEK_SET)
		return -EINVAL;
	if (start > FILE_LOCK_END - from)
		return -EOVERFLOW;
	start += from;
	lock->first = start;
	lock->last = FILE_LOCK_END;
	if (l->l_len > 0) {
		if (start > FILE_LOCK_END - (l->l_len - 1))
			return -EOVERFLOW;
		lock->last = start + l->l_len - 1;
	} else if (l->l_len < 0) {
		if (start < 1 || l->l_len < -start)
			return -EINVAL;
		lock->first = start + l->l_len;
		lock->last = start - 1;
	}
	return lock->first < 0 ? -EINVAL : 0;
}

static int
lock_of(struct file *file, const struct flock64 *l, bool ofd,
	struct file_lock *lock)
{
	*lock = (struct file_lock){
		.inode = file->f_inode, .type = l->l_type,
		.kind = ofd ? LOCK_OFD : LOCK_POSIX,
		.owner = ofd ? (void *)file : (void *)current_files(),
		.pid = ofd ? -1 : current->process->pid,
	};
	if (l->l_type < F_RDLCK || l->l_type > F_UNLCK || (ofd && l->l_pid))
		return -EINVAL;
	return range_of(file, l, lock);
}

/* F_GETLK: *l becomes the first lock in the way, or F_UNLCK. 0, -Exxx. */
static int
get_lock(struct file *file, struct flock64 *l, bool ofd)
{
	const struct file_lock *conflict = NULL;
	struct file_lock want;
	int err = lock_of(file, l, ofd, &want);

	if (err || l->l_type == F_UNLCK)
		return err ? err : -EINVAL;
	mutex_lock(&locks_mutex);
	if (file->f_inode->i_locks)
		conflict = find_conflict(&want);
	if (conflict) {
		l->l_type = conflict->type;
		l->l_whence = SEEK_SET;
		l->l_start = conflict->first;
		l->l_len = conflict->last == FILE_LOCK_END ? 0 :
			   conflict->last - conflict->first + 1;
		l->l_pid = conflict->pid;
	} else {
		l->l_type = F_UNLCK;
	}
	mutex_unlock(&locks_mutex);
	return 0;
}

/* A thread that closed the descriptor meanwhile left our lock behind. */
static bool
still_open(unsigned fd, struct file *file)
{
	struct file *now = files_get_file(current_files(), fd);

	fput(now);
	return now == file;
}

static int
set_range(unsigned fd, struct file *file, const struct flock64 *l, bool ofd,
	  bool wait)
{
	struct file_lock want;
	int err = lock_of(file, l, ofd, &want);

	if (err)
		return err;
	if ((l->l_type == F_RDLCK && !(file->f_mode & FMODE_READ)) ||
	    (l->l_type == F_WRLCK && !(file->f_mode & FMODE_WRITE)))
		return -EBADF;
	err = file_lock_set(&want, wait);
	if (!err && l->l_type != F_UNLCK && !ofd && !still_open(fd, file)) {
		locks_close(current_files(), file);
		err = -EBADF;
	}
	return err;
}

/* The two layouts that programs have. 0, -EFAULT, -EOVERFLOW. */
static int
flock_from_user(struct flock64 *l, unsigned long arg, bool small)
{
	struct flock32 s;

	if (!small)
		return copy_from_user(l, (const void *)arg, sizeof(*l)) ?
		       -EFAULT : 0;
	if (copy_from_user(&s, (const void *)arg, sizeof(s)))
		return -EFAULT;
	*l = (struct flock64){ s.l_type, s.l_whence, s.l_start, s.l_len,
			       s.l_pid };
	return 0;
}

static int
flock_to_user(const struct flock64 *l, unsigned long arg, bool small)
{
	struct flock32 s = { l->l_type, l->l_whence, (int)l->l_start,
			     (int)l->l_len, l->l_pid };

	if (!small)
		return copy_to_user((void *)arg, l, sizeof(*l)) ? -EFAULT : 0;
	if (s.l_start != l->l_start || s.l_len != l->l_len)
		return -EOVERFLOW;
	return copy_to_user((void *)arg, &s, sizeof(s)) ? -EFAULT : 0;
}

long
fcntl_lock(unsigned fd, struct file *file, unsigned cmd, unsigned long arg)
{
	bool ofd = cmd >= F_OFD_GETLK && cmd <= F_OFD_SETLKW;
	bool small = cmd <= F_SETLKW;
	struct flock64 l;
	int err = flock_from_user(&l, arg, small);

	if (err)
		return err;
	if (cmd == F_GETLK || cmd == F_GETLK64 || cmd == F_OFD_GETLK) {
		err = get_lock(file, &l, ofd);
		return err ? err : flock_to_user(&l, arg, small);
	}
	return set_range(fd, file, &l, ofd, cmd == F_SETLKW ||
			 cmd == F_SETLKW64 || cmd == F_OFD_SETLKW);
}

/* --- the end of owners ------------------------------------------------------------------ */

static void
remove_all_of(struct inode *inode, const void *owner)
{
	struct file_locks *locks = inode->i_locks;
	struct list_head *lists[] = { &locks->flock, &locks->ranges };
	struct file_lock *lock, *next;
	bool freed = false;

	mutex_lock(&locks_mutex);
	for (unsigned i = 0; i < ARRAY_SIZE(lists); i++) {
		list_for_each_entry_safe(lock, next, lists[i], node) {
			if (lock->owner == owner) {
				remove_lock(lock);
				freed = true;
			}
		}
	}
	mutex_unlock(&locks_mutex);
	if (freed)
		wake_up_all(&locks->waiters);
}

void
locks_close(struct files_struct *files, struct file *file)
{
	if (file && READ_ONCE(file->f_inode->i_locks))
		remove_all_of(file->f_inode, files);
}

void
locks_release(struct file *file)
{
	if (file->f_inode && READ_ONCE(file->f_inode->i_locks))
		remove_all_of(file->f_inode, file);
}

void
locks_free(struct inode *inode)
{
	struct file_locks *locks = inode->i_locks;

	if (!locks)
		return;
	assert(list_empty(&locks->flock) && list_empty(&locks->ranges));
	kfree(locks);
	inode->i_locks = NULL;
}

/* --- looking ------------------------------------------------------------------------------ */

static void
show_lock(struct seq_buf *s, unsigned nr, const struct file_lock *lock)
{
	static const char *const kinds[] = {
		[LOCK_FLOCK] = "FLOCK", [LOCK_POSIX] = "POSIX",
		[LOCK_OFD] = "OFDLCK",
	};
	dev_t dev = lock->inode->i_sb->s_dev;

	seq_printf(s, "%u: %-6s ADVISORY  %s %d %02x:%02x:%llu %lld ", nr,
		   kinds[lock->kind], lock->type == F_WRLCK ? "WRITE" : "READ",
		   lock->pid, (unsigned)MAJOR(dev), (unsigned)MINOR(dev),
		   lock->inode->i_ino, lock->first);
	if (lock->last == FILE_LOCK_END)
		seq_puts(s, "EOF\n");
	else
		seq_printf(s, "%lld\n", lock->last);
}

static void
locks_show(struct seq_buf *s)
{
	struct file_lock *lock;
	unsigned nr = 0;

	mutex_lock(&locks_mutex);
	list_for_each_entry(lock, &all_locks, all_node)
		show_lock(s, ++nr, lock);
	mutex_unlock(&locks_mutex);
}
NODE("locks", locks_show);

struct file_lock *
file_lock_nth(struct inode *inode, enum file_lock_kind kind, unsigned n)
{
	struct file_lock any = { .inode = inode, .kind = kind }, *lock;

	if (!inode->i_locks)
		return NULL;
	list_for_each_entry(lock, list_of(&any), node) {
		if (!n--)
			return lock;
	}
	return NULL;
}

/* Context: a quiet moment, as all of mm_verify_all(). */
static void
file_locks_verify(struct verify *v)
{
	struct file_lock *a, *b;

	if (!mutex_trylock(&locks_mutex))
		return;			/* not that quiet */
	list_for_each_entry(a, &all_locks, all_node) {
		VERIFY(v, a->first >= 0 && a->first <= a->last, "L3",
		       "locks: from %lld to %lld", a->first, a->last);
		list_for_each_entry(b, list_of(a), node) {
			if (a == b)
				continue;
			VERIFY(v, !exclude_each_other(a, b), "L2",
			       "locks: pid %d and %d both have byte %lld",
			       a->pid, b->pid, max(a->first, b->first));
			VERIFY(v, a->owner != b->owner ||
			       (!overlap(a, b) && (a->type != b->type ||
						   b->first - 1 != a->last)),
			       "L1", "locks: pid %d has %lld twice, or in two",
			       a->pid, b->first);
		}
	}
	mutex_unlock(&locks_mutex);
}

static struct verify_module locks_module = {
	.name = "file locks",
	.fn = file_locks_verify,
};

static int __init
locks_init(void)
{
	verify_register(&locks_module);
	return 0;
}
core_initcall(locks_init);
