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
	struct wait_queue_head read_wait;	/* for bytes, and partners */
	struct wait_queue_head write_wait;	/* for room */
	char *inline_frames[PIPE_SIZE / PAGE_SIZE];
};

struct pipe *pipe_alloc(void);
void pipe_free(struct pipe *p);
/* F_GETPIPE_SZ, F_SETPIPE_SZ. -EBADF: not a pipe. */
long pipe_get_size(struct file *file);
long pipe_set_size(struct file *file, unsigned long size);

#endif
