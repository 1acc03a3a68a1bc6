/* SPDX-License-Identifier: MIT */
/*
 * socketpair(): two ends that both read and write, made of two pipes.
 *
 *	end a  --write--> [ pipe 1 ] --read-->  end b
 *	       <--read--  [ pipe 2 ] <--write--
 *
 * Enough for a stream between a parent and its child. There is no network here:
 * every other family and type is refused. What else is asked of a socket, from
 * send() to getsockopt(), is in socket_calls.c.
 *
 * shutdown() ends a direction for both: SHUT_WR the pipe that this end writes,
 * SHUT_RD the one it reads, so that the other end's writing is EPIPE.
 *
 * What Linux has and this has not: ECONNRESET when the other end closed without
 * having read all, descriptors in messages (SCM_RIGHTS).
 */
#include <asm/uaccess.h>
#include <kernel/fs.h>
#include <kernel/fs_struct.h>
#include <kernel/poll.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>
#include <mm/slab.h>

#include "fs_private.h"
#include "pipe.h"
#include "socket.h"

#define SOCK_TYPE_MASK	0xf

static unsigned
how_of(const struct file *file)
{
	return file->f_flags & O_NONBLOCK ? PIPE_NONBLOCK : 0;
}

static ssize_t
end_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	struct end *e = file->private_data;

	(void)pos;
	return to->count ? pipe_recv(e->in, to, how_of(file)) : 0;
}

static ssize_t
end_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	struct end *e = file->private_data;

	(void)pos;
	return pipe_send(e->out, from, how_of(file));
}

static unsigned
end_poll(struct file *file, struct poll_table *wait)
{
	struct end *e = file->private_data;
	unsigned mask = (e->in->f_op->poll(e->in, wait) |
			 e->out->f_op->poll(e->out, wait)) &
			~(unsigned)(POLLHUP | POLLERR);
	bool no_more = pipe_is_shut(e->in), unwanted = pipe_is_shut(e->out);

	/* What does not wait can be done, be it to learn that it is over. */
	if (no_more)
		mask |= POLLIN | POLLRDNORM | POLLRDHUP;
	if (unwanted)
		mask |= POLLOUT | POLLWRNORM;
	if (no_more && unwanted)
		mask |= POLLHUP;
	return mask;
}

static long
end_ioctl(struct file *file, unsigned cmd, unsigned long arg)
{
	struct end *e = file->private_data;

	return e->in->f_op->ioctl(e->in, cmd, arg);
}

static void
end_release(struct inode *inode, struct file *file)
{
	struct end *e = file->private_data;

	(void)inode;
	fput(e->in);
	fput(e->out);
	kfree(e);
}

static const struct file_operations end_ops = {
	.read = end_read,
	.write = end_write,
	.poll = end_poll,
	.ioctl = end_ioctl,
	.release = end_release,
};

struct end *
socket_end(const struct file *file)
{
	return file->f_op == &end_ops ? file->private_data : NULL;
}

/* Takes both references over, also when it fails. */
static struct file *
make_end(struct file *in, struct file *out, unsigned flags)
{
	struct end *e = kzalloc(sizeof(*e), GFP_KERNEL);
	struct file *file = NULL;

	if (e) {
		e->in = in;
		e->out = out;
		if (!anon_file("socket", &end_ops, e, flags, &file)) {
			file->f_inode->i_mode = S_IFSOCK | 0777;
			return file;
		}
		kfree(e);
	}
	fput(in);
	fput(out);
	return NULL;
}

int
create_socket_pair(struct file *ends[2], unsigned flags)
{
	struct file *ab[2], *ba[2];
	int err = create_pipe_files(ab, 0);

	if (err)
		return err;
	err = create_pipe_files(ba, 0);
	if (err) {
		fput(ab[0]);
		fput(ab[1]);
		return err;
	}
	flags &= O_NONBLOCK;
	ends[0] = make_end(ba[0], ab[1], flags);
	ends[1] = make_end(ab[0], ba[1], flags);
	if (ends[0] && ends[1])
		return 0;
	fput(ends[0]);
	fput(ends[1]);
	return -ENOMEM;
}

long
sys_socketpair(int family, int type, int protocol, int *fds)
{
	struct file *ends[2];
	int err;

	if (family != AF_UNIX)
		return -EAFNOSUPPORT;
	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if ((type & SOCK_TYPE_MASK) != SOCK_STREAM)
		return -EOPNOTSUPP;
	if (type & ~(SOCK_TYPE_MASK | O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	err = create_socket_pair(ends, (unsigned)type);
	return err ? err : publish_two(ends, fds, (unsigned)type);
}
