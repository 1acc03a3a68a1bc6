/* SPDX-License-Identifier: MIT */
/*
 * I/O that a task collects, so that neighbours become one request: kernel/block/
 * queue.c. The page cache plugs; what it is that is collected is the block
 * layer's.
 */
#ifndef KERNEL_PLUG_H
#define KERNEL_PLUG_H

#include <lib/list.h>

/*
 * Between start and finish what the current task submits is collected; it also
 * goes when there is much of it, and when the task sleeps. Inside another
 * plug: the outer one collects. Context: a task.
 */
struct blk_plug {
	struct list_head bios;
	unsigned nr;
};
void blk_start_plug(struct blk_plug *plug);
void blk_finish_plug(struct blk_plug *plug);

#endif
