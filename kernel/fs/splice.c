/* SPDX-License-Identifier: MIT */
/*
 * splice, tee, vmsplice: bytes between a pipe and a file, two pipes, a pipe and
 * the caller's memory, without a way through user memory.
 *
 * Ideas
 *   Copies	In Linux a pipe is a list of pieces of pages, and these calls hand
 *	pages on by reference. Here it is a ring of bytes whose frames stay
 *	with it, which is what makes short messages cheap (pipe.c). So bytes
 *	are copied: once between two pipes, twice by way of a page between a
 *	pipe and a file, where read() and write() copy twice and enter the
 *	kernel twice. SPLICE_F_MOVE and SPLICE_F_GIFT are hints, and ignored;
 *	so is SPLICE_F_MORE.
 *   No lock while the file works	It may be slow (a disk), or sleep for ever
 *	(a terminal). So the pipe is not locked meanwhile, and yet nothing gets
 *	lost:
 *
 *	file to pipe	room for n is reserved, and a frame that the ring may lack
 *			is at hand - read the file - put, give back
 *	pipe to file	n bytes are lent, and stay - write the file - take what
 *			was written, end the loan
 *
 *	What a file did not take is still in the pipe; who else wants to read
 *	the pipe waits for the end of the loan. What a file gave has its place:
 *	a terminal or a socket could not give it again. One spare frame is
 *	enough: a page at most comes at once, and the frame that the ring's head
 *	is in the middle of is there.
 *   Two pipes	both locked, the one with the lower address first.
 *   How much	as in Linux: a call waits for the first byte (or room), and then
 *	moves what is there without waiting again.
 *
 * Locks   pipe->mutex; see above. A file's own position moves without f_pos_lock,
 *	   as in sendfile() and as in Linux: two callers may take the same bytes.
 * Errors  of the calls, in Linux's order, at each of them.
 * Source  splice(2), tee(2), vmsplice(2); Linux fs/splice.c for the order of checks.
 */
#include <asm/uaccess.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"
#include "pipe.h"
#include "socket.h"

#define SPLICE_F_NONBLOCK	2u
#define SPLICE_F_ALL		15u

/* --- waiting. Held: mutex ------------------------------------------------------ */

/* 1: there are bytes; 0: the end; -EAGAIN, -ERESTARTSYS. */
static int
wait_for_bytes(struct pipe *p, bool nonblock)
{
	int err = 0;

	while (!err) {
		if (!p->lent && pipe_used(p))
			return 1;
		if (!p->lent && (!p->writers || p->shut))
			return 0;
		if (nonblock)
			return -EAGAIN;
		err = pipe_wait(p, &p->read_wait);
	}
	return err;
}

/* 1: there is room; -EPIPE (the signal was sent), -EAGAIN, -ERESTARTSYS. */
static int
wait_for_room(struct pipe *p, bool nonblock)
{
	int err = 0;

	while (!err) {
		if (!p->readers || p->shut) {
			send_sig_current(SIGPIPE);
			return -EPIPE;
		}
		if (pipe_room(p))
			return 1;
		if (nonblock)
			return -EAGAIN;
		err = pipe_wait(p, &p->write_wait);
	}
	return err;
}

/* Waiters are woken one by one: the next one is to look, too. */
static void
pass_on(struct pipe *p)
{
	if (pipe_used(p))
		pipe_wake(&p->read_wait);
	if (pipe_room(p))
		pipe_wake(&p->write_wait);
}

/* --- the ring. Held: mutex ------------------------------------------------------ */

static void
ring_peek(struct pipe *p, char *to, unsigned n)
{
	unsigned at = p->tail, piece;

	for (; n; n -= piece, at += piece, to += piece) {
		piece = in_frame(at, n);
		memcpy(to, pipe_at(p, at, false), piece);
	}
}

/*
 * There is room. How many bytes: fewer only without memory for frames. The first
 * one that is missing is *spare (then NULL), if there is a spare.
 */
static unsigned
ring_put(struct pipe *p, const char *from, unsigned n, char **spare)
{
	unsigned done, piece;
	char *at;

	for (done = 0; done < n; done += piece) {
		if (spare && *spare && !pipe_at(p, p->head, false)) {
			pipe_set_frame(p, p->head, *spare);
			*spare = NULL;
		}
		at = pipe_at(p, p->head, true);
		if (!at)
			break;
		piece = in_frame(p->head, n - done);
		memcpy(at, from + done, piece);
		p->head += piece;
	}
	return done;
}

static void
ring_drop(struct pipe *p, unsigned n)
{
	p->tail += n;
	if (!pipe_used(p))
		p->head = p->tail = 0;
}

/* --- a file and a pipe ----------------------------------------------------------- */

/* Two frames, for one call. */
struct frames {
	char *page;		/* what is on its way */
	char *spare;		/* one that the ring may lack; NULL: it has it */
};

/* At most a page. Bytes, 0 at the end, -Exxx. */
typedef ssize_t (*piece_fn)(struct pipe *p, struct file *file,
			    struct frames *frames, size_t n, u64 *pos,
			    bool nonblock);

static ssize_t
file_to_pipe(struct pipe *p, struct file *file, struct frames *frames, size_t n,
	     u64 *pos, bool nonblock)
{
	ssize_t got;

	if (!frames->spare)
		frames->spare = get_free_page(GFP_KERNEL);
	if (!frames->spare)
		return -ENOMEM;
	mutex_lock(&p->mutex);
	got = wait_for_room(p, nonblock);
	if (got > 0) {
		n = min(n, (size_t)pipe_room(p));
		p->reserved += (unsigned)n;
	} else {
		pass_on(p);
	}
	mutex_unlock(&p->mutex);
	if (got <= 0)
		return got;
	got = kernel_read(file, frames->page, n, pos);
	mutex_lock(&p->mutex);
	p->reserved -= (unsigned)n;
	if (got > 0)
		ring_put(p, frames->page, (unsigned)got, &frames->spare);
	pass_on(p);
	mutex_unlock(&p->mutex);
	return got;
}

static ssize_t
pipe_to_file(struct pipe *p, struct file *file, struct frames *frames, size_t n,
	     u64 *pos, bool nonblock)
{
	ssize_t got, put;

	mutex_lock(&p->mutex);
	got = wait_for_bytes(p, nonblock);
	if (got > 0) {
		n = min(n, (size_t)pipe_used(p));
		ring_peek(p, frames->page, (unsigned)n);
		p->lent = true;
	} else {
		pass_on(p);
	}
	mutex_unlock(&p->mutex);
	if (got <= 0)
		return got;
	put = kernel_write(file, frames->page, n, pos);
	mutex_lock(&p->mutex);
	p->lent = false;
	if (put > 0)
		ring_drop(p, (unsigned)put);
	/* All: it may be the end, which nobody passes on. */
	wake_up_all(&p->read_wait);
	pass_on(p);
	mutex_unlock(&p->mutex);
	return put;
}

/* After the first piece nothing is waited for. Bytes, or -Exxx if none. */
static ssize_t
move_pieces(struct pipe *p, struct file *file, size_t len, u64 *pos,
	    bool nonblock, piece_fn piece)
{
	struct frames frames = { .page = get_free_page(GFP_KERNEL) };
	size_t total = 0, want;
	ssize_t n;

	if (!frames.page)
		return -ENOMEM;
	do {
		want = min(len - total, PAGE_SIZE);
		n = piece(p, file, &frames, want, pos, nonblock);
		if (n > 0)
			total += (size_t)n;
		nonblock = true;
		cond_resched();
	} while (n == (ssize_t)want && total < len && !signal_pending());
	free_page(frames.spare);
	free_page(frames.page);
	return total ? (ssize_t)total : n;
}

/* Files of bytes: no folders, and no eventfd or the like, which want words. */
static bool
has_bytes(const struct file *file)
{
	umode_t mode = file->f_inode->i_mode;

	return (mode & S_IFMT && !S_ISDIR(mode)) || socket_end(file);
}

/* At *user, which moves, or (NULL) at the file's position, which does then. */
static long
with_file(struct pipe *p, struct file *file, s64 *user, size_t len,
	  bool nonblock, piece_fn piece)
{
	s64 at = (s64)file->f_pos;
	ssize_t n;
	u64 pos;

	if (user && !(file->f_mode & FMODE_LSEEK))
		return -EINVAL;
	if (user && get_user(at, user))
		return -EFAULT;
	if (at < 0 || !has_bytes(file) ||
	    (piece == pipe_to_file && file->f_flags & O_APPEND))
		return -EINVAL;
	pos = (u64)at;
	n = move_pieces(p, file, len, &pos, nonblock, piece);
	if (n <= 0)
		return n;
	if (user)
		return put_user((s64)pos, user) ? -EFAULT : n;
	file->f_pos = pos;
	return n;
}

/* --- two pipes ------------------------------------------------------------------- */

static void
lock_both(struct pipe *a, struct pipe *b)
{
	mutex_lock(a < b ? &a->mutex : &b->mutex);
	mutex_lock(a < b ? &b->mutex : &a->mutex);
}

/* Held: both. There are bytes, and room. Bytes, or -ENOMEM. */
static ssize_t
copy_ring(struct pipe *in, struct pipe *out, size_t len, bool keep)
{
	unsigned n = (unsigned)min(len, (size_t)min(pipe_used(in),
						    pipe_room(out)));
	unsigned done, piece;

	for (done = 0; done < n; done += piece) {
		piece = in_frame(in->tail + done, n - done);
		piece = ring_put(out, pipe_at(in, in->tail + done, false),
				 piece, NULL);
		if (!piece)
			break;
	}
	if (!keep)
		ring_drop(in, done);
	return done ? (ssize_t)done : -ENOMEM;
}

/* Sleep at wait's queue. Held: both; none on return. 0, -EAGAIN, -ERESTARTSYS. */
static int
sleep_at(struct pipe *wait, struct pipe *other, struct wait_queue_head *queue,
	 bool nonblock)
{
	int err;

	mutex_unlock(&other->mutex);
	err = nonblock ? -EAGAIN : pipe_wait(wait, queue);
	if (err)
		pass_on(wait);
	mutex_unlock(&wait->mutex);
	return err;
}

/* keep: tee(), the bytes stay. Bytes, 0 at the end, -Exxx. */
static ssize_t
pipe_to_pipe(struct pipe *in, struct pipe *out, size_t len, bool nonblock,
	     bool keep)
{
	ssize_t n = 0;
	int err;

	for (;;) {
		lock_both(in, out);
		if (in->lent || (!pipe_used(in) && in->writers && !in->shut)) {
			err = sleep_at(in, out, &in->read_wait, nonblock);
		} else if (!out->readers || out->shut) {
			send_sig_current(SIGPIPE);
			n = -EPIPE;
			break;
		} else if (pipe_used(in) && !pipe_room(out)) {
			err = sleep_at(out, in, &out->write_wait, nonblock);
		} else {
			if (pipe_used(in))
				n = copy_ring(in, out, len, keep);
			break;
		}
		if (err)
			return err;
	}
	pass_on(in);
	pass_on(out);
	mutex_unlock(&in->mutex);
	mutex_unlock(&out->mutex);
	return n;
}

/* --- the calls ------------------------------------------------------------------- */

static bool
is_nonblock(const struct file *file, unsigned flags)
{
	return flags & SPLICE_F_NONBLOCK || file->f_flags & O_NONBLOCK;
}

/* -EBADF (rights), -ESPIPE (a position in a pipe), -EINVAL (no pipe, or one pipe
 * into itself), and those of the two files. */
static long
do_splice(struct file *in, s64 *in_pos, struct file *out, s64 *out_pos,
	  size_t len, unsigned flags)
{
	struct pipe *from = file_pipe(in), *to = file_pipe(out);

	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE))
		return -EBADF;
	if ((from && in_pos) || (to && out_pos))
		return -ESPIPE;
	if (from == to)
		return -EINVAL;
	if (from && to)
		return pipe_to_pipe(from, to, len, is_nonblock(in, flags) ||
				    is_nonblock(out, flags), false);
	if (from)
		return with_file(from, out, out_pos, len,
				 is_nonblock(in, flags), pipe_to_file);
	return with_file(to, in, in_pos, len, is_nonblock(out, flags),
			 file_to_pipe);
}

/* -EBADF (rights), -EINVAL (not two different pipes). */
static long
do_tee(struct file *in, struct file *out, size_t len, unsigned flags)
{
	struct pipe *from = file_pipe(in), *to = file_pipe(out);

	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE))
		return -EBADF;
	if (!from || !to || from == to)
		return -EINVAL;
	return pipe_to_pipe(from, to, len, is_nonblock(in, flags) ||
			    is_nonblock(out, flags), true);
}

struct two_files {
	struct fd in, out;
};

/* True: put_two() is due. */
static bool
get_two(struct two_files *two, int in, int out)
{
	two->in = fdget((unsigned)in);
	if (!two->in.file)
		return false;
	two->out = fdget((unsigned)out);
	if (!two->out.file)
		fdput(two->in);
	return two->out.file != NULL;
}

static void
put_two(const struct two_files *two)
{
	fdput(two->out);
	fdput(two->in);
}

long
sys_splice(int in_fd, s64 *in_pos, int out_fd, s64 *out_pos, size_t len,
	   unsigned flags)
{
	struct two_files two;
	long result;

	if (!len)
		return 0;
	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	if (!get_two(&two, in_fd, out_fd))
		return -EBADF;
	result = do_splice(two.in.file, in_pos, two.out.file, out_pos,
			   min(len, (size_t)MAX_RW_COUNT), flags);
	put_two(&two);
	return result;
}

long
sys_tee(int in_fd, int out_fd, size_t len, unsigned flags)
{
	struct two_files two;
	long result;

	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	if (!len)
		return 0;
	if (!get_two(&two, in_fd, out_fd))
		return -EBADF;
	result = do_tee(two.in.file, two.out.file, len, flags);
	put_two(&two);
	return result;
}

/* Into the pipe if it is open for writing, else out of it. */
static ssize_t
do_vmsplice(struct file *file, struct iov_iter *iter, unsigned flags)
{
	unsigned how = PIPE_SOME |
		       (is_nonblock(file, flags) ? PIPE_NONBLOCK : 0);

	if (!iter->count)
		return 0;
	return file->f_mode & FMODE_WRITE ? pipe_send(file, iter, how) :
					    pipe_recv(file, iter, how);
}

/* -EBADF: not open, or no pipe. */
long
sys_vmsplice(int fd, const struct iovec *user, unsigned long nr, unsigned flags)
{
	struct iovec fast[UIO_FASTIOV], *iov;
	struct iov_iter iter;
	struct fd f;
	ssize_t n = -EBADF;

	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	f = fdget((unsigned)fd);
	if (f.file && file_pipe(f.file)) {
		n = import_iovec(user, nr, fast, &iov);
		if (n >= 0) {
			iov_iter_init(&iter, iov, (size_t)n, false);
			n = do_vmsplice(f.file, &iter, flags);
			if (iov != fast)
				kfree(iov);
		}
	}
	fdput(f);
	return n;
}
