/* SPDX-License-Identifier: MIT */
/*
 * Where the bytes of a read or write go, or come from: one or several pieces of
 * a user's memory, or of the kernel's. File operations see only this, so that
 * read, readv, kernel_read and sendfile are one function of the file.
 */
#ifndef KERNEL_IOV_ITER_H
#define KERNEL_IOV_ITER_H

#include <lib/compiler.h>
#include <lib/types.h>

/* As the system calls have it. */
struct iovec {
	void *iov_base;
	size_t iov_len;
};

#define UIO_MAXIOV	1024
/* No call moves more: what a ssize_t holds, in whole pages. */
#define MAX_RW_COUNT	0x7ffff000u

struct iov_iter {
	const struct iovec *iov;	/* the current piece */
	size_t offset;			/* done of it */
	size_t count;			/* bytes left in all pieces */
	bool kernel;			/* the pieces are kernel memory */
};

static inline void
iov_iter_init(struct iov_iter *i, const struct iovec *iov, size_t count,
	      bool kernel)
{
	i->iov = iov;
	i->offset = 0;
	i->count = count;
	i->kernel = kernel;
}

/* The rest of the current piece, at most n bytes; empty ones are skipped. */
static inline size_t
iov_iter_piece(struct iov_iter *i, size_t n, char **at)
{
	while (i->offset == i->iov->iov_len) {
		i->iov++;
		i->offset = 0;
	}
	*at = (char *)i->iov->iov_base + i->offset;
	return min(n, i->iov->iov_len - i->offset);
}

/* n bytes of the current piece are done. */
static inline void
iov_iter_advance(struct iov_iter *i, size_t n)
{
	i->offset += n;
	i->count -= n;
}

/*
 * Copy n bytes (at most i->count) and advance. Return how many were copied:
 * fewer than n only at memory that the user does not have.
 * Context: may sleep (a page fault).
 */
size_t copy_to_iter(const void *from, size_t n, struct iov_iter *i);
size_t copy_from_iter(void *to, size_t n, struct iov_iter *i);
size_t clear_iter(size_t n, struct iov_iter *i);

#endif
