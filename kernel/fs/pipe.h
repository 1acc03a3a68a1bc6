/* SPDX-License-Identifier: MIT */
/* A pipe's ring; for pipe.c, fcntl and tests. */
#ifndef FS_PIPE_H
#define FS_PIPE_H

#include <asm/memory.h>
#include <kernel/fs.h>
#include <kernel/mutex.h>
#include <kernel/wait.h>

#define PIPE_BUF	4096u
#define PIPE_SIZE	65536u
#define PIPE_MAX_SIZE	(1u << 20)

struct pipe {			/* all: mutex */
	struct mutex mutex;
	unsigned head, tail;		/* bytes written, read */
	unsigned size;			/* a power of two */
	char **frames;			/* size / PAGE_SIZE; NULL: not yet */
	unsigned readers, writers;	/* openings that may */
	unsigned files;			/* openings */
	struct process *maker;		/* -  is charged for the frames; or NULL */
	unsigned reader_count, writer_count;	/* ever */
	bool had_writers;
	bool shut;			/* shutdown(): no more is written */
	struct wait_queue_head read_wait;	/* for bytes, and partners */
	struct wait_queue_head write_wait;	/* for room */
	char *inline_frames[PIPE_SIZE / PAGE_SIZE];
};

struct pipe *pipe_alloc(void);
void pipe_free(struct pipe *p);
/* F_GETPIPE_SZ, F_SETPIPE_SZ. -EBADF: not a pipe. */
long pipe_get_size(struct file *file);
long pipe_set_size(struct file *file, unsigned long size);

/* --- a socket's direction: f is an end of a pipe --- */

#define PIPE_NONBLOCK	1u	/* -EAGAIN instead of sleeping */
#define PIPE_PEEK	2u	/* what is read stays */
#define PIPE_NOSIGNAL	4u	/* -EPIPE without SIGPIPE */

/*
 * As read() and write(), with how = PIPE_*. Bytes; -EAGAIN, -EFAULT, -ENOMEM,
 * -EPIPE, -ERESTARTSYS. Context: may sleep.
 */
ssize_t pipe_recv(struct file *f, struct iov_iter *to, unsigned how);
ssize_t pipe_send(struct file *f, struct iov_iter *from, unsigned how);
/* Nothing more is written; what is there can still be read. */
void pipe_shutdown(struct file *f);
/* Nothing more will come, or is taken. A moment's answer. */
bool pipe_is_shut(const struct file *f);

#endif
