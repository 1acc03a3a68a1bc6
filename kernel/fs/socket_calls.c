/* SPDX-License-Identifier: MIT */
/*
 * The calls of sockets, on the one kind there is: an end of a socket pair.
 *
 *	send, sendto, sendmsg	bytes into the pipe that this end writes
 *	recv, recvfrom, recvmsg	bytes from the other one; MSG_PEEK leaves them
 *	shutdown		no more of a direction
 *	getsockopt, setsockopt	what it is; the sizes of the two pipes
 *	getsockname, ...	an end has no name: two bytes, the family
 *	connect, listen, accept	no socket here has a name to be found by, so
 *				they answer as Linux does where nobody listens
 *
 * The order of the checks is Linux's, since programs see it: memory that cannot
 * be the user's is EFAULT before the descriptor is looked at, another kind of
 * file ENOTSOCK before what is to be sent.
 *
 * What Linux has and this has not: bind() and names, control data (EOPNOTSUPP),
 * MSG_OOB, timeouts.
 *
 * Locks   none of its own; the pipe's mutex is inside. options is one word of
 *	   bits that nothing depends on.
 * Sources socket(7), unix(7), send(2), recv(2), shutdown(2), getsockopt(2).
 */
#include <asm/uaccess.h>
#include <kernel/fs.h>
#include <kernel/fs_struct.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"
#include "pipe.h"
#include "socket.h"

#define SOL_SOCKET	1

#define SO_REUSEADDR	2
#define SO_TYPE		3
#define SO_ERROR	4
#define SO_DONTROUTE	5
#define SO_BROADCAST	6
#define SO_SNDBUF	7
#define SO_RCVBUF	8
#define SO_KEEPALIVE	9
#define SO_OOBINLINE	10
#define SO_ACCEPTCONN	30
#define SO_PROTOCOL	38
#define SO_DOMAIN	39
/* Kept and told, and of no effect, as between Linux's local sockets. */
#define SO_SWITCHES	(1u << SO_REUSEADDR | 1u << SO_DONTROUTE | \
			 1u << SO_BROADCAST | 1u << SO_KEEPALIVE | \
			 1u << SO_OOBINLINE)

#define MSG_OOB		0x1u
#define MSG_PEEK	0x2u
#define MSG_DONTWAIT	0x40u
#define MSG_WAITALL	0x100u
#define MSG_NOSIGNAL	0x4000u

#define ADDRESS_MAX	128		/* struct sockaddr_storage */
#define UN_PATH_MAX	108

struct sockaddr_un {
	u16 family;
	char path[ADDRESS_MAX - 2 + 1];	/* and a 0 behind the longest */
};
#define UN_MAX		(2 + UN_PATH_MAX)

struct user_msghdr {
	void *name;
	int namelen;
	struct iovec *iov;
	size_t iovlen;
	void *control;
	size_t controllen;
	unsigned flags;
};

struct socket {
	struct fd f;
	struct end *end;
};

/* --- Finding it --- */

/* 0: socket_put() is due. -EBADF, -ENOTSOCK. */
static int
socket_get(int fd, struct socket *s)
{
	s->f = fdget((unsigned)fd);
	if (!s->f.file)
		return -EBADF;
	s->end = socket_end(s->f.file);
	if (s->end)
		return 0;
	fdput(s->f);
	return -ENOTSOCK;
}

static void
socket_put(struct socket *s)
{
	fdput(s->f);
}

static int
address_from_user(struct sockaddr_un *to, const void *from, int len)
{
	if (len < 0 || len > ADDRESS_MAX)
		return -EINVAL;
	memset(to, 0, sizeof(*to));
	return copy_from_user(to, from, (size_t)len) ? -EFAULT : 0;
}

/* As much of a name of size bytes as *len has room for; *len is its size. */
static int
address_to_user(const void *name, int size, void *to, int *len)
{
	int room;

	if (get_user(room, len))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (copy_to_user(to, name, (size_t)min(room, size)))
		return -EFAULT;
	return put_user(size, len);
}

/* --- Sending and receiving --- */

static unsigned
how_of(const struct socket *s, unsigned flags)
{
	bool nonblock = s->f.file->f_flags & O_NONBLOCK;

	return (nonblock || flags & MSG_DONTWAIT ? PIPE_NONBLOCK : 0) |
	       (flags & MSG_PEEK ? PIPE_PEEK : 0) |
	       (flags & MSG_NOSIGNAL ? PIPE_NOSIGNAL : 0);
}

static ssize_t
do_send(struct socket *s, struct iov_iter *from, unsigned flags)
{
	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	return pipe_send(s->end->out, from, how_of(s, flags & ~MSG_PEEK));
}

/* MSG_WAITALL: until the memory is full, the end, an error or a signal. */
static ssize_t
do_recv(struct socket *s, struct iov_iter *to, unsigned flags)
{
	size_t count = to->count;
	ssize_t n;

	if (flags & MSG_OOB)
		return -EINVAL;
	do
		n = pipe_recv(s->end->in, to, how_of(s, flags));
	while (n > 0 && to->count && flags & MSG_WAITALL &&
	       !(flags & MSG_PEEK));
	return to->count < count ? (ssize_t)(count - to->count) : n;
}

/* One piece of the user's memory. */
static int
import_range(const void *buf, size_t n, struct iovec *iov,
	     struct iov_iter *iter)
{
	n = min(n, (size_t)MAX_RW_COUNT);
	if (!access_ok(buf, n))
		return -EFAULT;
	iov->iov_base = (void *)buf;
	iov->iov_len = n;
	iov_iter_init(iter, iov, n, false);
	return 0;
}

long
sys_sendto(int fd, const void *buf, size_t n, unsigned flags,
	   const void *name, int len)
{
	struct sockaddr_un address;
	struct iov_iter iter;
	struct iovec iov;
	struct socket s;
	long result = import_range(buf, n, &iov, &iter);

	if (!result)
		result = socket_get(fd, &s);
	if (result)
		return result;
	if (name)
		result = address_from_user(&address, name, len);
	if (!result && name && len)
		result = -EISCONN;
	if (!result)
		result = do_send(&s, &iter, flags);
	socket_put(&s);
	return result;
}

long
sys_send(int fd, const void *buf, size_t n, unsigned flags)
{
	return sys_sendto(fd, buf, n, flags, NULL, 0);
}

long
sys_recvfrom(int fd, void *buf, size_t n, unsigned flags, void *name,
	     int *len)
{
	struct iov_iter iter;
	struct iovec iov;
	struct socket s;
	long result = import_range(buf, n, &iov, &iter);
	int err = 0;

	if (!result)
		result = socket_get(fd, &s);
	if (result)
		return result;
	result = do_recv(&s, &iter, flags);
	socket_put(&s);
	if (result >= 0 && name)
		err = address_to_user(NULL, 0, name, len);
	return err ? err : result;
}

long
sys_recv(int fd, void *buf, size_t n, unsigned flags)
{
	return sys_recvfrom(fd, buf, n, flags, NULL, NULL);
}

/* --- Messages in pieces --- */

/* A message: the user's header, and the memory that it names. */
struct message {
	struct user_msghdr head;
	struct iovec fast[UIO_FASTIOV], *iov;
	struct iov_iter iter;
};

/* 0: message_put() is due. -Exxx. */
static int
message_get(struct message *m, const struct user_msghdr *user)
{
	ssize_t n;

	m->iov = m->fast;
	if (copy_from_user(&m->head, user, sizeof(m->head)))
		return -EFAULT;
	if (!m->head.name)
		m->head.namelen = 0;
	if (m->head.namelen < 0)
		return -EINVAL;
	if (m->head.iovlen > UIO_MAXIOV)
		return -EMSGSIZE;
	n = import_iovec(m->head.iov, m->head.iovlen, m->fast, &m->iov);
	if (n < 0)
		return (int)n;
	iov_iter_init(&m->iter, m->iov, (size_t)n, false);
	return 0;
}

static void
message_put(struct message *m)
{
	if (m->iov != m->fast)
		kfree(m->iov);
}

static long
send_message(struct socket *s, struct message *m, unsigned flags)
{
	struct sockaddr_un address;
	int err;

	if (m->head.controllen > 0x7fffffff)
		return -ENOBUFS;
	if (m->head.controllen)
		return -EOPNOTSUPP;
	if (m->head.namelen) {
		err = address_from_user(&address, m->head.name,
					min(m->head.namelen, ADDRESS_MAX));
		return err ? err : -EISCONN;
	}
	return do_send(s, &m->iter, flags);
}

static long
recv_message(struct socket *s, struct message *m, unsigned flags)
{
	return do_recv(s, &m->iter, flags);
}

/* What sendmsg() and recvmsg() have in common. */
static long
do_message(int fd, const struct user_msghdr *user, unsigned flags,
	   struct message *m,
	   long (*fn)(struct socket *s, struct message *m, unsigned flags))
{
	struct socket s;
	long result = socket_get(fd, &s);

	if (result)
		return result;
	result = message_get(m, user);
	if (!result) {
		result = fn(&s, m, flags);
		message_put(m);
	}
	socket_put(&s);
	return result;
}

long
sys_sendmsg(int fd, const struct user_msghdr *user, unsigned flags)
{
	struct message m;

	return do_message(fd, user, flags, &m, send_message);
}

long
sys_recvmsg(int fd, struct user_msghdr *user, unsigned flags)
{
	struct message m;
	long result = do_message(fd, user, flags, &m, recv_message);

	if (result < 0)
		return result;
	/* Nobody's name, no control data, nothing cut off. */
	if ((m.head.name && put_user(0, &user->namelen)) ||
	    put_user(0u, &user->flags) || put_user(0u, &user->controllen))
		return -EFAULT;
	return result;
}

/* --- The connection --- */

long
sys_shutdown(int fd, int how)
{
	struct socket s;
	int err = socket_get(fd, &s);

	if (err)
		return err;
	if (how < 0 || how > 2)
		err = -EINVAL;
	if (!err && how != 1)
		pipe_shutdown(s.end->in);
	if (!err && how != 0)
		pipe_shutdown(s.end->out);
	socket_put(&s);
	return err;
}

/* Who would listen there? Nobody: where the path does not fail before. */
static int
find_listener(const struct sockaddr_un *address, int len)
{
	struct path path;
	int err;

	if (len <= 2 || len > UN_MAX || address->family != AF_UNIX)
		return -EINVAL;
	if (!address->path[0])
		return -ECONNREFUSED;
	err = kern_path(address->path, LOOKUP_FOLLOW, &path);
	if (err)
		return err;
	err = inode_permission(path.dentry->d_inode, MAY_WRITE);
	path_put(&path);
	return err ? err : -ECONNREFUSED;
}

long
sys_connect(int fd, const void *name, int len)
{
	struct sockaddr_un address;
	struct fd f = fdget((unsigned)fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = address_from_user(&address, name, len);
	if (!err)
		err = socket_end(f.file) ? find_listener(&address, len) :
					   -ENOTSOCK;
	fdput(f);
	return err;
}

/* A pair's end is connected: it cannot listen. */
long
sys_listen(int fd, int backlog)
{
	struct socket s;
	int err = socket_get(fd, &s);

	(void)backlog;
	if (err)
		return err;
	socket_put(&s);
	return -EINVAL;
}

long
sys_accept4(int fd, void *name, int *len, unsigned flags)
{
	(void)name;
	(void)len;
	if (flags & ~(unsigned)(O_CLOEXEC | O_NONBLOCK)) {
		struct fd f = fdget((unsigned)fd);

		if (!f.file)
			return -EBADF;
		fdput(f);
		return -EINVAL;
	}
	return sys_listen(fd, 0);
}

long
sys_accept(int fd, void *name, int *len)
{
	return sys_accept4(fd, name, len, 0);
}

long
sys_getsockname(int fd, void *name, int *len)
{
	static const u16 family = AF_UNIX;
	struct socket s;
	int err = socket_get(fd, &s);

	if (err)
		return err;
	socket_put(&s);
	return address_to_user(&family, sizeof(family), name, len);
}

/* The other end has no name either, also when it is closed. */
long
sys_getpeername(int fd, void *name, int *len)
{
	return sys_getsockname(fd, name, len);
}

/* --- Options --- */

static bool
is_switch(int option)
{
	return option >= 0 && option < 32 && SO_SWITCHES >> option & 1;
}

/* The value, or -ENOPROTOOPT. */
static long
option_value(const struct end *e, int option)
{
	switch (option) {
	case SO_TYPE:
		return SOCK_STREAM;
	case SO_DOMAIN:
		return AF_UNIX;
	case SO_ERROR:
	case SO_PROTOCOL:
	case SO_ACCEPTCONN:
		return 0;
	case SO_SNDBUF:
		return pipe_get_size(e->out);
	case SO_RCVBUF:
		return pipe_get_size(e->in);
	default:
		return is_switch(option) ? (long)(e->options >> option & 1) :
					   -ENOPROTOOPT;
	}
}

long
sys_getsockopt(int fd, int level, int option, void *value, int *len)
{
	struct socket s;
	long is = socket_get(fd, &s);
	int room;

	if (is)
		return is;
	is = option_value(s.end, option);
	socket_put(&s);
	if (level != SOL_SOCKET)
		return -EOPNOTSUPP;
	if (get_user(room, len))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (is < 0)
		return is;
	room = min(room, (int)sizeof(int));
	if (copy_to_user(value, &is, (size_t)room))
		return -EFAULT;
	return put_user(room, len);
}

/* A full pipe stays as large as it is: the size is a wish. */
static long
set_buffer(struct file *pipe, int value)
{
	unsigned long size = min((unsigned)value, PIPE_MAX_SIZE);
	long result = pipe_set_size(pipe, size);

	return result == -ENOMEM ? result : 0;
}

static long
set_option(struct end *e, int option, int value)
{
	switch (option) {
	case SO_SNDBUF:
		return set_buffer(e->out, value);
	case SO_RCVBUF:
		return set_buffer(e->in, value);
	default:
		if (!is_switch(option))
			return -ENOPROTOOPT;
		WRITE_ONCE(e->options, (e->options & ~(1u << option)) |
				       (u32)!!value << option);
		return 0;
	}
}

long
sys_setsockopt(int fd, int level, int option, const void *user, int len)
{
	struct socket s;
	long result;
	int value;

	if (len < 0)
		return -EINVAL;
	result = socket_get(fd, &s);
	if (result)
		return result;
	if (level != SOL_SOCKET)
		result = -EOPNOTSUPP;
	else if (len < (int)sizeof(int))
		result = -EINVAL;
	else if (get_user(value, (const int *)user))
		result = -EFAULT;
	else
		result = set_option(s.end, option, value);
	socket_put(&s);
	return result;
}
