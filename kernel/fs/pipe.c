/* SPDX-License-Identifier: MIT */
/*
 * Pipes: bytes from those who write to those who read.
 *
 * Ideas
 *   A ring of bytes in up to 16 frames. head counts what was written, tail what
 *   was read, both modulo 2^32; a byte's place is its number modulo the size.
 *
 *	frame 0      frame 1      frame 2     ...
 *	[....tttttt][tttttthhhhh][............]
 *	     ^tail         ^head
 *
 *   Frames come when a byte is first written to them and stay until the pipe
 *   goes. When the ring becomes empty both counters go back to 0: so a pipe
 *   that carries short messages lives in one frame for ever, warm in the
 *   cache, and a message costs no allocation.
 *   Atomic	a write of up to PIPE_BUF bytes waits until all of it fits; a
 *	longer one goes in as room comes.
 *   Ends	reading at an empty pipe without writers is the end (0); writing
 *	without readers is an error (EPIPE, SIGPIPE).
 *   FIFO	the same with a name: opening waits for the other side.
 *   Splice	moves bytes between a pipe and a file (splice.c). While it reads the
 *	file the room for that is reserved; while it writes, the bytes stay and
 *	are lent.
 *   Socket	each direction of a socket pair is a pipe; there either side may
 *	end it while both are open (shut), which reads and writes like an end
 *	without the other.
 *   Charge	frames are counted to the process that made the pipe, whoever fills
 *	them: when memory runs out they are part of its size (oom.c), or who
 *	hoards pipes would be the last to be found.
 *
 * Sleeping
 *   A sleeper enters the queue while it holds the mutex, and lets it go then.
 *   So one who changes the pipe under the mutex finds it there. Waiters are
 *   exclusive: one is woken, and passes the wake-up on when it leaves something.
 *
 * Invariants (tests/kernel/pipe.c)
 *   P1  head - tail + reserved <= size
 *   P2  every frame between tail and head is there
 *
 * Locks   pipe->mutex: all of it. Held while the caller's memory is touched,
 *   so a page fault may be served inside it; nothing that a fault waits for
 *   waits for a pipe.
 *
 * Cost    4 KiB through: two copies, two mutex pairs, one wake-up.
 */
#include <kernel/fs_struct.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/poll.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/termios.h>

#include "fs_private.h"
#include "pipe.h"
#include "tmpfs.h"

static struct mount *pipe_mnt;
static const struct file_operations pipe_ops;

/* --- the ring ------------------------------------------------------------------- */

struct pipe *
pipe_alloc(void)
{
	struct pipe *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return NULL;
	p->size = PIPE_SIZE;
	p->frames = p->inline_frames;
	p->maker = current->process;
	if (p->maker)
		process_get(p->maker);
	mutex_init(&p->mutex);
	init_waitqueue_head(&p->read_wait);
	init_waitqueue_head(&p->write_wait);
	return p;
}

static void
charge(struct pipe *p, int pages)
{
	if (p->maker)
		atomic_add(&p->maker->pipe_pages, pages);
}

/* All frames of p are given back. */
static void
free_ring(struct pipe *p)
{
	unsigned i;

	for (i = 0; i < p->size / PAGE_SIZE; i++) {
		if (!p->frames[i])
			continue;
		free_page(p->frames[i]);
		charge(p, -1);
	}
	if (p->frames != p->inline_frames)
		kfree(p->frames);
}

void
pipe_free(struct pipe *p)
{
	free_ring(p);
	if (p->maker)
		process_put(p->maker);
	kfree(p);
}

void
pipe_set_frame(struct pipe *p, unsigned number, char *frame)
{
	p->frames[(number & (p->size - 1)) / PAGE_SIZE] = frame;
	charge(p, 1);
}

char *
pipe_new_frame(struct pipe *p, unsigned number)
{
	char *frame = get_free_page(GFP_KERNEL);

	if (frame)
		pipe_set_frame(p, number, frame);
	return frame;
}

/* Held: mutex. Bytes read, or -EFAULT if none could be. */
static ssize_t
take_bytes(struct pipe *p, struct iov_iter *to)
{
	size_t total = 0, n, done;

	while (to->count && pipe_used(p)) {
		n = min((size_t)in_frame(p->tail, pipe_used(p)), to->count);
		done = copy_to_iter(pipe_at(p, p->tail, false), n, to);
		p->tail += done;
		total += done;
		if (done < n)
			break;
	}
	if (!pipe_used(p))
		p->head = p->tail = 0;
	return total || !to->count ? (ssize_t)total : -EFAULT;
}

/* Held: mutex; there is room. Bytes written, -EFAULT or -ENOMEM if none. */
static ssize_t
put_bytes(struct pipe *p, struct iov_iter *from)
{
	size_t total = 0, n, done;
	int err = -EFAULT;
	char *at;

	while (from->count && pipe_room(p)) {
		n = min((size_t)in_frame(p->head, pipe_room(p)), from->count);
		at = pipe_at(p, p->head, true);
		if (!at) {
			err = -ENOMEM;
			break;
		}
		done = copy_from_iter(at, n, from);
		p->head += done;
		total += done;
		if (done < n)
			break;
	}
	return total ? (ssize_t)total : err;
}

/* --- reading and writing ------------------------------------------------------------ */

int
pipe_wait(struct pipe *p, struct wait_queue_head *queue)
{
	struct wait_queue_entry entry;

	init_wait_entry(&entry, true);
	prepare_to_wait(queue, &entry, TASK_INTERRUPTIBLE);
	mutex_unlock(&p->mutex);
	if (!signal_pending())
		schedule();
	finish_wait(queue, &entry);
	mutex_lock(&p->mutex);
	return signal_pending() ? -ERESTARTSYS : 0;
}

/* As take_bytes(), and the bytes stay. Held: mutex. */
static ssize_t
peek_bytes(struct pipe *p, struct iov_iter *to)
{
	unsigned head = p->head, tail = p->tail;
	ssize_t n = take_bytes(p, to);

	p->head = head;
	p->tail = tail;
	return n;
}

ssize_t
pipe_recv(struct file *file, struct iov_iter *to, unsigned how)
{
	struct pipe *p = file->private_data;
	ssize_t done = 0;
	bool more = false;

	mutex_lock(&p->mutex);
	for (;;) {
		if (pipe_used(p) && likely(!p->lent)) {
			done = how & PIPE_PEEK ? peek_bytes(p, to) :
						 take_bytes(p, to);
			more = pipe_used(p) != 0;
			break;
		}
		if ((!p->writers || p->shut) && !p->lent)
			break;
		if (how & PIPE_NONBLOCK) {
			done = -EAGAIN;
			break;
		}
		done = pipe_wait(p, &p->read_wait);
		if (done)
			break;
	}
	mutex_unlock(&p->mutex);
	if (done > 0)
		pipe_wake(&p->write_wait);
	if (more || done < 0)
		pipe_wake(&p->read_wait);
	return done;
}

static unsigned
how_of(const struct file *file)
{
	return file->f_flags & O_NONBLOCK ? PIPE_NONBLOCK : 0;
}

static ssize_t
pipe_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	(void)pos;
	return to->count ? pipe_recv(file, to, how_of(file)) : 0;
}

/* How much room a write of n bytes waits for. */
static unsigned
room_wanted(size_t n)
{
	return n <= PIPE_BUF ? (unsigned)n : 1;
}

/* One turn of a write. Held: mutex. 0: look again. */
static ssize_t
write_some(struct pipe *p, unsigned how, struct iov_iter *from,
	   unsigned want)
{
	if (!p->readers || p->shut)
		return -EPIPE;
	if (pipe_room(p) >= want)
		return put_bytes(p, from);
	if (how & PIPE_NONBLOCK)
		return -EAGAIN;
	/* What is there already is for the readers to take. */
	pipe_wake(&p->read_wait);
	return pipe_wait(p, &p->write_wait);
}

ssize_t
pipe_send(struct file *file, struct iov_iter *from, unsigned how)
{
	struct pipe *p = file->private_data;
	size_t count = from->count, total;
	unsigned want = how & PIPE_SOME ? 1 : room_wanted(count);
	ssize_t n = 0;
	bool room;

	mutex_lock(&p->mutex);
	while (from->count && n >= 0 && !(how & PIPE_SOME && n))
		n = write_some(p, how, from, want);
	total = count - from->count;
	room = pipe_room(p) != 0;
	mutex_unlock(&p->mutex);
	if (total)
		pipe_wake(&p->read_wait);
	if (room || n < 0)
		pipe_wake(&p->write_wait);
	if (n == -EPIPE && !(how & PIPE_NOSIGNAL))
		send_sig_current(SIGPIPE);
	return total ? (ssize_t)total : n;
}

static ssize_t
pipe_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	(void)pos;
	return from->count ? pipe_send(file, from, how_of(file)) : 0;
}

void
pipe_shutdown(struct file *file)
{
	struct pipe *p = file->private_data;

	mutex_lock(&p->mutex);
	p->shut = true;
	wake_up_all(&p->read_wait);
	wake_up_all(&p->write_wait);
	mutex_unlock(&p->mutex);
}

bool
pipe_is_shut(const struct file *file)
{
	const struct pipe *p = file->private_data;

	return READ_ONCE(p->shut) || !READ_ONCE(p->readers) ||
	       !READ_ONCE(p->writers);
}

static unsigned
pipe_poll(struct file *file, struct poll_table *wait)
{
	struct pipe *p = file->private_data;
	unsigned mask = 0, used;

	if (file->f_mode & FMODE_READ)
		poll_wait(&p->read_wait, wait);
	if (file->f_mode & FMODE_WRITE)
		poll_wait(&p->write_wait, wait);
	used = READ_ONCE(p->head) - READ_ONCE(p->tail);
	if (file->f_mode & FMODE_READ) {
		if (used)
			mask |= POLLIN | POLLRDNORM;
		if (!READ_ONCE(p->writers) && p->had_writers)
			mask |= POLLHUP;
	}
	if (file->f_mode & FMODE_WRITE) {
		if (p->size - min(used, p->size) >= PIPE_BUF)
			mask |= POLLOUT | POLLWRNORM;
		if (!READ_ONCE(p->readers))
			mask |= POLLERR;
	}
	return mask;
}

/* --- size -------------------------------------------------------------------------------- */

struct pipe *
file_pipe(const struct file *file)
{
	return file->f_op == &pipe_ops ? file->private_data : NULL;
}

long
pipe_get_size(struct file *file)
{
	struct pipe *p = file->private_data;

	return file->f_op == &pipe_ops ? (long)p->size : -EBADF;
}

/* Another ring with what this one holds. Held: mutex. */
static long
pipe_resize(struct pipe *p, unsigned size)
{
	unsigned nr = size / PAGE_SIZE, i, n, used = pipe_used(p);
	char **frames = kcalloc(nr, sizeof(*frames), GFP_KERNEL);

	if (!frames)
		return -ENOMEM;
	for (i = 0; i * PAGE_SIZE < used; i++) {
		frames[i] = get_free_page(GFP_KERNEL);
		if (!frames[i])
			goto fail;
	}
	for (i = 0; i < used; i += n) {
		n = min(in_frame(p->tail + i, used - i),
			in_frame(i, used - i));
		memcpy(frames[i / PAGE_SIZE] + i % PAGE_SIZE,
		       pipe_at(p, p->tail + i, false), n);
	}
	free_ring(p);
	charge(p, (int)DIV_ROUND_UP(used, PAGE_SIZE));
	p->frames = frames;
	p->size = size;
	p->tail = 0;
	p->head = used;
	return (long)size;
fail:
	while (i--)
		free_page(frames[i]);
	kfree(frames);
	return -ENOMEM;
}

long
pipe_set_size(struct file *file, unsigned long size)
{
	struct pipe *p = file->private_data;
	long result = -EBUSY;

	if (file->f_op != &pipe_ops)
		return -EBADF;
	if (size > PIPE_MAX_SIZE)
		return size > 0x7fffffff ? -EINVAL : -EPERM;
	size = max(size, PAGE_SIZE);
	size = 1ul << order_of(size);
	mutex_lock(&p->mutex);
	if (pipe_used(p) + p->reserved <= size)
		result = pipe_resize(p, (unsigned)size);
	mutex_unlock(&p->mutex);
	pipe_wake(&p->write_wait);
	return result;
}

static long
pipe_ioctl(struct file *file, unsigned cmd, unsigned long arg)
{
	struct pipe *p = file->private_data;

	if (cmd != FIONREAD)
		return -ENOTTY;
	return put_user_int((int)pipe_used(p), arg);
}

/* --- ends ----------------------------------------------------------------------------------- */

static void
pipe_release(struct inode *inode, struct file *file)
{
	struct pipe *p = file->private_data;
	bool last;

	mutex_lock(&inode->i_lock);
	mutex_lock(&p->mutex);
	if (file->f_mode & FMODE_READ)
		p->readers--;
	if (file->f_mode & FMODE_WRITE)
		p->writers--;
	last = --p->files == 0;
	if (last) {
		inode->i_private = NULL;
	} else {
		/* Who sleeps finds that there is nobody on the other side. With
		 * the locks held: behind them the other side may free it. */
		wake_up_all(&p->read_wait);
		wake_up_all(&p->write_wait);
	}
	mutex_unlock(&p->mutex);
	mutex_unlock(&inode->i_lock);
	if (last)
		pipe_free(p);
}

static const struct file_operations pipe_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.release = pipe_release,
};

/* One more opening. Held: mutex, or nobody else can see it. */
static void
pipe_join(struct pipe *p, struct file *file)
{
	file->private_data = p;
	file->f_op = &pipe_ops;
	file->f_mode &= ~FMODE_LSEEK;
	p->files++;
	if (file->f_mode & FMODE_READ) {
		p->readers++;
		p->reader_count++;
	}
	if (file->f_mode & FMODE_WRITE) {
		p->writers++;
		p->writer_count++;
		p->had_writers = true;
	}
}

/*
 * Wait for the other side of a FIFO to be opened, once. Held: mutex, and since
 * this side joined: an other side that came, wrote and left in between would
 * not be counted as news.
 */
static int
wait_for_partner(struct pipe *p, const unsigned *count)
{
	unsigned before = *count;
	int err = 0;

	while (*count == before && !err)
		err = pipe_wait(p, &p->read_wait);
	return err;
}

static int
fifo_wait(struct pipe *p, struct file *file)
{
	bool block = !(file->f_flags & O_NONBLOCK);

	if (!(file->f_mode & FMODE_WRITE))
		return !p->writers && block ?
		       wait_for_partner(p, &p->writer_count) : 0;
	if (file->f_mode & FMODE_READ || p->readers)
		return 0;
	return block ? wait_for_partner(p, &p->reader_count) : -ENXIO;
}

static int
fifo_open(struct inode *inode, struct file *file)
{
	struct pipe *p, *fresh = pipe_alloc();
	int err;

	if (!fresh)
		return -ENOMEM;
	mutex_lock(&inode->i_lock);
	if (!inode->i_private)
		swap(inode->i_private, *(void **)&fresh);
	p = inode->i_private;
	mutex_lock(&p->mutex);
	pipe_join(p, file);
	mutex_unlock(&inode->i_lock);
	if (fresh)
		pipe_free(fresh);
	wake_up_all(&p->read_wait);
	/* A pipe without a name (/proc/PID/fd/N) has had both sides: bash's
	 * <(command) opens one whose writer may have ended. */
	err = inode->i_sb == pipe_mnt->mnt_sb ? 0 : fifo_wait(p, file);
	mutex_unlock(&p->mutex);
	if (err)
		pipe_release(inode, file);
	return err;
}

const struct file_operations fifo_ops = {
	.open = fifo_open,
};

/* --- pipe() ------------------------------------------------------------------------------------ */

/* Its inode, with a pipe in it that nobody has opened. */
static struct inode *
pipe_inode(void)
{
	struct inode *inode = new_inode(pipe_mnt->mnt_sb, S_IFIFO | 0600);

	if (!inode)
		return NULL;
	inode->i_op = pipe_mnt->mnt_root->d_inode->i_op;
	inode->i_fop = &fifo_ops;
	inode->i_private = pipe_alloc();
	if (inode->i_private)
		return inode;
	iput(inode);
	return NULL;
}

static struct file *
pipe_end(const struct path *path, unsigned flags, u32 mode)
{
	struct file *file = file_alloc();

	if (!file)
		return NULL;
	path_get(path);
	file->f_path = *path;
	file->f_inode = path->dentry->d_inode;
	file->f_flags = flags;
	file->f_mode = mode;
	pipe_join(file->f_inode->i_private, file);
	return file;
}

int
create_pipe_files(struct file *files[2], unsigned flags)
{
	static const struct qstr name = { "pipe", 4, 0 };
	struct inode *inode = pipe_inode();
	struct path path = { pipe_mnt, NULL };

	if (inode)
		path.dentry = d_alloc(pipe_mnt->mnt_root, &name);
	if (!path.dentry) {
		if (inode) {
			pipe_free(inode->i_private);
			iput(inode);
		}
		return -ENOMEM;
	}
	d_instantiate(path.dentry, inode);
	flags &= O_NONBLOCK;
	files[0] = pipe_end(&path, O_RDONLY | flags, FMODE_READ);
	files[1] = files[0] ? pipe_end(&path, O_WRONLY | flags, FMODE_WRITE) :
			      NULL;
	if (!files[0])
		pipe_free(inode->i_private);
	else if (!files[1])
		fput(files[0]);
	dput(path.dentry);
	return files[1] ? 0 : -ENOMEM;
}

/*
 * An open file of ops and private data, on an inode of its own that no folder
 * has. *file, or -ENOMEM (private_data is the caller's still).
 */
int
anon_file(const char *name, const struct file_operations *ops,
	  void *private_data, unsigned flags, struct file **result)
{
	struct qstr q = { name, (u32)strlen(name), 0 };
	struct inode *inode = new_inode(pipe_mnt->mnt_sb, 0600);
	struct dentry *dentry = NULL;
	struct file *file = NULL;

	if (inode) {
		inode->i_op = pipe_mnt->mnt_root->d_inode->i_op;
		dentry = d_alloc(pipe_mnt->mnt_root, &q);
	}
	if (dentry) {
		d_instantiate(dentry, inode);
		file = file_alloc();
	}
	if (!file) {
		if (dentry)
			dput(dentry);
		else if (inode)
			iput(inode);
		return -ENOMEM;
	}
	file->f_path = (struct path){ pipe_mnt, dentry };
	atomic_inc(&pipe_mnt->mnt_count);
	file->f_inode = inode;
	file->f_flags = O_RDWR | flags;
	file->f_mode = FMODE_READ | FMODE_WRITE;
	file->f_op = ops;
	file->private_data = private_data;
	*result = file;
	return 0;
}

static void
pipefs_statfs(struct super_block *sb, struct kstatfs *st)
{
	(void)sb;
	(void)st;
}

static const struct super_operations pipefs_ops = { .statfs = pipefs_statfs };
static const struct inode_operations pipe_inode_ops = { 0 };

static int
pipefs_fill_super(struct super_block *sb, const char *options)
{
	struct inode *root;

	(void)options;
	sb->s_op = &pipefs_ops;
	root = new_inode(sb, S_IFDIR | 0555);
	if (!root)
		return -ENOMEM;
	root->i_op = &pipe_inode_ops;
	sb->s_root = d_make_root(root);
	if (sb->s_root)
		return 0;
	iput(root);
	return -ENOMEM;
}

static const struct file_system_type pipefs_type = {
	.name = "pipefs", .magic = PIPEFS_MAGIC,
	.fill_super = pipefs_fill_super, .nodev = true,
};
FILE_SYSTEM(pipefs_type);

static int __init
pipe_init(void)
{
	pipe_mnt = kern_mount(&pipefs_type, "");
	if (!pipe_mnt)
		panic("pipe: no memory");
	return 0;
}
device_initcall(pipe_init);
