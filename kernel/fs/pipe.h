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
	unsigned reserved;		/* room for what splice() is reading */
	bool lent;			/* splice() is writing from it: nobody
					 * else takes bytes meanwhile */
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

static inline unsigned
pipe_used(const struct pipe *p)
{
	return p->head - p->tail;
}

static inline unsigned
pipe_room(const struct pipe *p)
{
	return p->size - pipe_used(p) - p->reserved;
}

/* Of n bytes from this number on, those up to the end of its frame. */
static inline unsigned
in_frame(unsigned number, unsigned n)
{
	return min(n, (unsigned)PAGE_SIZE - number % (unsigned)PAGE_SIZE);
}

/* The frame for the byte with this number, which had none. Held: mutex. */
void pipe_set_frame(struct pipe *p, unsigned number, char *frame);
/* A new one; NULL: no memory. Held: mutex. */
char *pipe_new_frame(struct pipe *p, unsigned number);

/* The byte with this number; NULL: no memory for its frame. Held: mutex. */
static inline char *
pipe_at(struct pipe *p, unsigned number, bool make)
{
	unsigned at = number & (p->size - 1);
	char *frame = p->frames[at / PAGE_SIZE];

	if (unlikely(!frame))
		frame = make ? pipe_new_frame(p, number) : NULL;
	return frame ? frame + at % PAGE_SIZE : NULL;
}

/*
 * Sleep until somebody changes the pipe. Held: mutex, let go meanwhile. 0, or
 * -ERESTARTSYS when a signal came first.
 */
int pipe_wait(struct pipe *p, struct wait_queue_head *queue);
/*
 * Wake one who waits there, after the change. A poller enters the queue without
 * the mutex and looks at the counters then: so they are written before the queue
 * is looked at.
 */
static inline void
pipe_wake(struct wait_queue_head *queue)
{
	smp_mb();
	if (waitqueue_active(queue))
		wake_up(queue);
}

/* The pipe of an open file; NULL: it is no pipe. */
struct pipe *file_pipe(const struct file *file);

struct pipe *pipe_alloc(void);
void pipe_free(struct pipe *p);
/* F_GETPIPE_SZ, F_SETPIPE_SZ. -EBADF: not a pipe. */
long pipe_get_size(struct file *file);
long pipe_set_size(struct file *file, unsigned long size);

/* --- a socket's direction: f is an end of a pipe --- */

#define PIPE_NONBLOCK	1u	/* -EAGAIN instead of sleeping */
#define PIPE_PEEK	2u	/* what is read stays */
#define PIPE_NOSIGNAL	4u	/* -EPIPE without SIGPIPE */
#define PIPE_SOME	8u	/* what there is room for, and no more (splice.c) */

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
