/* SPDX-License-Identifier: MIT */
/*
 * socketpair(): two ends that both read and write, made of two pipes.
 *
 *	end a  --write--> [ pipe 1 ] --read-->  end b
 *	       <--read--  [ pipe 2 ] <--write--
 *
 * Enough for a stream between a parent and its child. There is no network here:
 * every other family and type is refused.
 */
#include <asm/uaccess.h>
#include <kernel/fs.h>
#include <kernel/fs_struct.h>
#include <kernel/poll.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>
#include <mm/slab.h>

#include "fs_private.h"

#define AF_UNIX		1
#define SOCK_STREAM	1
#define SOCK_TYPE_MASK	0xf

struct end {
	struct file *in, *out;		/* ends of two pipes */
};

/* The pipe's end waits as the socket does. */
static struct file *
inner(struct file *file, struct file *pipe)
{
	WRITE_ONCE(pipe->f_flags, (pipe->f_flags & ~(unsigned)O_NONBLOCK) |
				  (file->f_flags & O_NONBLOCK));
	return pipe;
}

static ssize_t
end_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	struct end *e = file->private_data;

	return vfs_read(inner(file, e->in), to, pos);
}

static ssize_t
end_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	struct end *e = file->private_data;

	return vfs_write(inner(file, e->out), from, pos);
}

static unsigned
end_poll(struct file *file, struct poll_table *wait)
{
	struct end *e = file->private_data;

	return e->in->f_op->poll(e->in, wait) |
	       e->out->f_op->poll(e->out, wait);
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
	.release = end_release,
};

/* Takes both references over, also when it fails. */
static struct file *
make_end(struct file *in, struct file *out, unsigned flags)
{
	struct end *e = kmalloc(sizeof(*e), GFP_KERNEL);
	struct file *file = NULL;

	if (e) {
		e->in = in;
		e->out = out;
		if (!anon_file("socket", &end_ops, e, flags, &file))
			return file;
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
