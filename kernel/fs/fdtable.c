/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: small numbers for open files.
 *
 * Ideas
 *   A table is an array of files and two bitmaps: in use, close on exec. The
 *   first 32 lie in files_struct; a larger table replaces it as a whole.
 *   The lowest free number is found word by word, from next_fd on, below which
 *   none is free.
 *   Reserving and installing are two steps: between them the caller does what
 *   may fail, and nobody can use the number (its file is NULL).
 *
 * Reading without a lock
 *	rcu_read_lock
 *	file = table[fd]
 *	take a reference unless there is none
 *	still table[fd]?  it is ours.  else put it, look again
 *   The table is freed after a grace period; a struct file keeps being one for
 *   as long (file_table.c). And where the table belongs to one task alone
 *   nobody can close a file while that task uses it: no reference is taken
 *   (fdget), which is what most system calls find.
 *
 * Invariants (files_verify, called by tests)
 *   F1  a file that is there has its bit in open_fds.
 *   F2  a bit of close_on_exec has its bit in open_fds.
 *   F3  all below next_fd are in use.
 *
 * Locks   file_lock (rank FILES) for changes.
 * Cost    fdget: two loads and a comparison.
 */
#include <kernel/file_locks.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/rlimit.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"

static struct kmem_cache *files_cache;

/* --- tables ------------------------------------------------------------------- */

static void
fdtable_init_embedded(struct files_struct *files)
{
	struct fdtable *t = &files->fdtab;

	t->max_fds = NR_OPEN_DEFAULT;
	t->fd = files->fd_array;
	t->open_fds = files->open_fds_init;
	t->close_on_exec = files->close_on_exec_init;
	files->fdt = t;
}

/* One with room for nr (a multiple of 32), empty, in one piece of memory. */
static struct fdtable *
fdtable_alloc(unsigned nr)
{
	size_t words = BITS_TO_LONGS(nr);
	size_t bytes = sizeof(struct fdtable) + nr * sizeof(struct file *) +
		       2 * words * sizeof(long);
	struct fdtable *t = kvzalloc(bytes, GFP_KERNEL);

	if (!t)
		return NULL;
	t->max_fds = nr;
	t->fd = (struct file **)(t + 1);
	t->open_fds = (unsigned long *)(t->fd + nr);
	t->close_on_exec = t->open_fds + words;
	return t;
}

static void
fdtable_free_rcu(struct rcu_head *head)
{
	kvfree(container_of(head, struct fdtable, rcu));
}

/* from has no more than to has room for. */
static void
fdtable_copy(struct fdtable *to, const struct fdtable *from)
{
	size_t words = BITS_TO_LONGS(from->max_fds) * sizeof(long);

	memcpy(to->fd, from->fd, from->max_fds * sizeof(struct file *));
	memcpy(to->open_fds, from->open_fds, words);
	memcpy(to->close_on_exec, from->close_on_exec, words);
}

/*
 * Make room for nr descriptors. Held: file_lock, which is let go meanwhile.
 * 0 or -ENOMEM.
 */
static int
fdtable_grow(struct files_struct *files, unsigned nr)
{
	struct fdtable *fresh, *old;
	unsigned size = NR_OPEN_DEFAULT;

	while (size < nr)
		size *= 2;
	spin_unlock(&files->file_lock);
	fresh = fdtable_alloc(size);
	spin_lock(&files->file_lock);
	old = files->fdt;
	if (old->max_fds >= nr) {	/* a thread was faster */
		if (fresh)
			call_rcu(&fresh->rcu, fdtable_free_rcu);
		return 0;
	}
	if (!fresh)
		return -ENOMEM;
	fdtable_copy(fresh, old);
	rcu_assign_pointer(files->fdt, fresh);
	if (old != &files->fdtab)
		call_rcu(&old->rcu, fdtable_free_rcu);
	return 0;
}

/* --- for fork, exec and exit ----------------------------------------------------- */

struct files_struct *
files_alloc(void)
{
	struct files_struct *files = kmem_cache_zalloc(files_cache, GFP_KERNEL);

	if (!files)
		return NULL;
	atomic_set(&files->count, 1);
	spin_lock_init(&files->file_lock, LOCK_FILES);
	fdtable_init_embedded(files);
	return files;
}

/* Take references to what was copied; what is only reserved is free in the
 * copy. */
static void
copy_references(struct files_struct *files)
{
	struct fdtable *t = files->fdt;
	unsigned fd;

	for (fd = 0; fd < t->max_fds; fd++) {
		if (t->fd[fd]) {
			get_file(t->fd[fd]);
		} else {
			clear_bit(fd, t->open_fds);
			clear_bit(fd, t->close_on_exec);
		}
	}
}

int
files_copy(struct files_struct *old, struct files_struct **copy)
{
	struct files_struct *files = files_alloc();
	struct fdtable *fresh = NULL;
	unsigned need;

	if (!files)
		return -ENOMEM;
	spin_lock(&old->file_lock);
	while ((need = old->fdt->max_fds) > files->fdt->max_fds) {
		spin_unlock(&old->file_lock);
		kvfree(fresh);
		fresh = fdtable_alloc(need);
		if (!fresh) {
			kmem_cache_free(files_cache, files);
			return -ENOMEM;
		}
		files->fdt = fresh;
		spin_lock(&old->file_lock);
	}
	fdtable_copy(files->fdt, old->fdt);
	copy_references(files);
	spin_unlock(&old->file_lock);
	*copy = files;
	return 0;
}

/* A descriptor is gone: its table's POSIX locks of the file go with it. */
static void
close_file(struct files_struct *files, struct file *file)
{
	locks_close(files, file);
	fput(file);
}

static void
close_all(struct files_struct *files)
{
	struct fdtable *t = files->fdt;
	unsigned fd;

	for (fd = 0; fd < t->max_fds; fd++) {
		if (!t->open_fds[fd / BITS_PER_LONG])
			fd |= BITS_PER_LONG - 1;
		else if (t->fd[fd])
			close_file(files, t->fd[fd]);
	}
}

void
files_put(struct files_struct *files)
{
	if (!files || !atomic_dec_and_test(&files->count))
		return;
	close_all(files);
	if (files->fdt != &files->fdtab)
		call_rcu(&files->fdt->rcu, fdtable_free_rcu);
	kmem_cache_free(files_cache, files);
}

void
files_close_on_exec(struct files_struct *files)
{
	unsigned fd;

	for (fd = 0; fd < files->fdt->max_fds; fd++) {
		struct fdtable *t = files->fdt;
		struct file *file = NULL;

		if (!t->close_on_exec[fd / BITS_PER_LONG]) {
			fd |= BITS_PER_LONG - 1;
			continue;
		}
		spin_lock(&files->file_lock);
		if (test_bit(fd, t->close_on_exec)) {
			file = t->fd[fd];
			rcu_assign_pointer(t->fd[fd], NULL);
			clear_bit(fd, t->open_fds);
			clear_bit(fd, t->close_on_exec);
			files->next_fd = min(files->next_fd, fd);
		}
		spin_unlock(&files->file_lock);
		close_file(files, file);
	}
}

/* --- finding -------------------------------------------------------------------------- */

struct file *
files_get_file(struct files_struct *files, unsigned fd)
{
	struct file *file = NULL;
	struct fdtable *t;

	rcu_read_lock();
	for (;;) {
		t = rcu_dereference(files->fdt);
		if (fd >= t->max_fds)
			break;
		file = rcu_dereference(t->fd[fd]);
		if (!file)
			break;
		if (!atomic_add_unless(&file->f_count, 1, 0))
			continue;
		if (likely(rcu_dereference(files->fdt) == t &&
			   rcu_dereference(t->fd[fd]) == file))
			break;
		/* It was closed, and is perhaps another's now. */
		rcu_read_unlock();
		fput(file);
		file = NULL;
		rcu_read_lock();
	}
	rcu_read_unlock();
	return file;
}

/* In line in fdget(), through which every read and write comes. */
__always_inline struct fd
fdget_raw(unsigned fd)
{
	struct files_struct *files = current_files();
	struct fd f = { NULL, false };
	struct fdtable *t;

	if (unlikely(!files))
		return f;
	if (likely(atomic_read(&files->count) == 1 &&
		   READ_ONCE(current->process->nr_threads) <= 1)) {
		t = files->fdt;
		if (fd < t->max_fds)
			f.file = t->fd[fd];
		return f;
	}
	f.file = files_get_file(files, fd);
	f.put = f.file != NULL;
	return f;
}

struct fd
fdget(unsigned fd)
{
	struct fd f = fdget_raw(fd);

	if (unlikely(f.file && f.file->f_mode & FMODE_PATH)) {
		fdput(f);
		f.file = NULL;
		f.put = false;
	}
	return f;
}

struct file *
fget(unsigned fd)
{
	struct fd f = fdget(fd);

	if (f.file && !f.put)
		get_file(f.file);
	return f.file;
}

/* --- giving out ------------------------------------------------------------------------- */

/* The lowest clear bit from n on; the size of the map if there is none. */
static unsigned
next_zero_bit(const unsigned long *map, unsigned size, unsigned n)
{
	unsigned long word;

	while (n < size) {
		word = ~map[n / BITS_PER_LONG] >> n % BITS_PER_LONG;
		if (word)
			return n + (unsigned)ffs_long(word);
		n = (n / BITS_PER_LONG + 1) * BITS_PER_LONG;
	}
	return size;
}

/* How many descriptors this process may have. */
static unsigned
max_files(void)
{
	return (unsigned)min(rlimit(RLIMIT_NOFILE),
			     (unsigned long)NR_OPEN_MAX);
}

int
get_unused_fd_from(unsigned start, unsigned flags)
{
	struct files_struct *files = current_files();
	struct fdtable *t;
	unsigned fd;
	int err = 0;

	if (!files)
		return -EMFILE;
	spin_lock(&files->file_lock);
	do {
		t = files->fdt;
		fd = next_zero_bit(t->open_fds, t->max_fds,
				   max(start, files->next_fd));
		fd = max(fd, start);
		if (fd >= max_files())
			err = -EMFILE;
		else if (fd >= t->max_fds)
			err = fdtable_grow(files, fd + 1);
	} while (!err && files->fdt != t);
	if (!err) {
		set_bit(fd, t->open_fds);
		if (flags & O_CLOEXEC)
			set_bit(fd, t->close_on_exec);
		else
			clear_bit(fd, t->close_on_exec);
		if (start <= files->next_fd)
			files->next_fd = fd + 1;
	}
	spin_unlock(&files->file_lock);
	return err ? err : (int)fd;
}

void
fd_install(unsigned fd, struct file *file)
{
	struct files_struct *files = current_files();

	spin_lock(&files->file_lock);
	assert(!files->fdt->fd[fd]);
	rcu_assign_pointer(files->fdt->fd[fd], file);
	spin_unlock(&files->file_lock);
}

/* Held: file_lock. */
static struct file *
take_fd(struct files_struct *files, unsigned fd)
{
	struct fdtable *t = files->fdt;
	struct file *file = t->fd[fd];

	rcu_assign_pointer(t->fd[fd], NULL);
	clear_bit(fd, t->open_fds);
	clear_bit(fd, t->close_on_exec);
	files->next_fd = min(files->next_fd, fd);
	return file;
}

void
put_unused_fd(unsigned fd)
{
	struct files_struct *files = current_files();

	spin_lock(&files->file_lock);
	take_fd(files, fd);
	spin_unlock(&files->file_lock);
}

int
fd_publish(struct file *file, unsigned flags)
{
	int fd = get_unused_fd(flags);

	if (fd < 0)
		fput(file);
	else
		fd_install((unsigned)fd, file);
	return fd;
}

int
close_fd(unsigned fd)
{
	struct files_struct *files = current_files();
	struct file *file = NULL;

	if (!files)
		return -EBADF;
	spin_lock(&files->file_lock);
	if (fd < files->fdt->max_fds && files->fdt->fd[fd])
		file = take_fd(files, fd);
	spin_unlock(&files->file_lock);
	if (!file)
		return -EBADF;
	close_file(files, file);
	return 0;
}

/*
 * Make fd another name of file, whose reference is taken over; what was there
 * is closed. -EBADF beyond the limit, -EBUSY while it is reserved by a thread
 * that is just opening a file, -ENOMEM.
 */
int
fd_replace(unsigned fd, struct file *file, unsigned flags)
{
	struct files_struct *files = current_files();
	struct file *old = NULL;
	int err = 0;

	if (fd >= max_files()) {
		fput(file);
		return -EBADF;
	}
	spin_lock(&files->file_lock);
	if (fd >= files->fdt->max_fds)
		err = fdtable_grow(files, fd + 1);
	if (!err && !files->fdt->fd[fd] && test_bit(fd, files->fdt->open_fds))
		err = -EBUSY;
	if (!err) {
		old = files->fdt->fd[fd];
		rcu_assign_pointer(files->fdt->fd[fd], file);
		set_bit(fd, files->fdt->open_fds);
		if (flags & O_CLOEXEC)
			set_bit(fd, files->fdt->close_on_exec);
		else
			clear_bit(fd, files->fdt->close_on_exec);
	}
	spin_unlock(&files->file_lock);
	if (err)
		fput(file);
	else
		close_file(files, old);
	return err ? err : (int)fd;
}

bool
fd_close_on_exec(unsigned fd)
{
	struct files_struct *files = current_files();
	bool set;

	spin_lock(&files->file_lock);
	set = fd < files->fdt->max_fds &&
	      test_bit(fd, files->fdt->close_on_exec);
	spin_unlock(&files->file_lock);
	return set;
}

void
fd_set_close_on_exec(unsigned fd, bool set)
{
	struct files_struct *files = current_files();

	spin_lock(&files->file_lock);
	if (fd < files->fdt->max_fds && files->fdt->fd[fd]) {
		if (set)
			set_bit(fd, files->fdt->close_on_exec);
		else
			clear_bit(fd, files->fdt->close_on_exec);
	}
	spin_unlock(&files->file_lock);
}

bool
files_verify(struct files_struct *files)
{
	struct fdtable *t = files->fdt;
	bool good = true;
	unsigned fd;

	for (fd = 0; fd < t->max_fds; fd++) {
		bool open = test_bit(fd, t->open_fds);

		if (!open && (t->fd[fd] || test_bit(fd, t->close_on_exec) ||
			      fd < files->next_fd))
			good = false;
	}
	return good;
}

static int __init
files_init(void)
{
	files_cache = kmem_cache_create("files_cache",
					sizeof(struct files_struct), 0,
					SLAB_PANIC, NULL);
	return 0;
}
early_initcall(files_init);
