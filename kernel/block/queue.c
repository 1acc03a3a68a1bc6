/* SPDX-License-Identifier: MIT */
/*
 * Request queue: pieces of pages wait here, sorted, until the disk takes them.
 *
 * Ideas
 *   A disk costs by the request, not by the byte, and (one that turns) by the
 *   distance. So pieces (struct bio) are kept by sector, and neighbours leave as
 *   one request:
 *
 *	waiting writes, by sector:   8 16 24      96 104	  400
 *	requests			[8 .. 31]    [96 .. 111]  [400 ..]
 *
 *   Run	pieces mostly come in order. One that follows the last that came
 *	hangs behind it and needs no place in the tree: the tree is one of runs,
 *	named by their first pieces. Other neighbours meet when a request is made,
 *	which takes run after run: here one of two runs, with one walk of a step.
 *
 *	came: 8 16 24, 40 48, 32	[8 16 24] [32] [40 48]
 *
 *   Elevator  one way: the next request begins at the first piece behind the
 *	last one; at the end back to the lowest. No piece waits longer than a
 *	round, however many come at the place where the disk is.
 *   Reads first  somebody waits for a read, and nobody for most writes. But a
 *	write that has seen WRITE_DEADLINE requests go goes next, and a read that
 *	has seen READ_DEADLINE of them begins the next request of reads, wherever
 *	it lies. The deadlines count requests, not time: so they hold on a
 *	slow disk, and a test can count.
 *   Plug  a task that submits many collects them first (blk_start_plug): else
 *	the first would leave alone, as the disk is idle. They go when
 *	it says so, when there are PLUG_MAX, and when it sleeps: it may sleep to
 *	wait for one of them. Not for a disk in memory, which is never busy.
 *
 *	submit_bio --> plug --> queue --> blk_submit --> driver
 *				  ^		|
 *				  +-- run <-- blk_done (handler)
 *
 *   Who runs it  one core at a time takes pieces to the driver (running); others
 *	that come only say so (again). So a driver that is done at once, inside
 *	submit(), does not recurse.
 *
 * Invariants (blk_queue_sound, reported as Q1)
 *   Q1  a run is in the tree and in the list of its direction; nr counts pieces.
 *   Q2  the tree is in order of sectors, and so is each run, without gaps.
 *   Q3  slots that are free and slots under way are all there are.
 *
 * Locks   queue->lock, interrupts masked; the driver is called without it.
 * Cost	   a run: one insertion into a tree, one removal; a request: one call.
 *
 * Questions a reader asks
 *   Why may reads pass writes to the same sector?  The page cache has one page
 *   for a place and one I/O on it at a time: the two are never both waiting.
 *
 * Sources  Denning, Effects of scheduling on file memory operations, AFIPS 1967;
 *   Iyer, Druschel, Anticipatory scheduling, SOSP 2001, for the trouble with
 *   reads; Linux Documentation/block/deadline-iosched.rst.
 */
#include <kernel/blk.h>
#include <kernel/irq.h>
#include <kernel/lock.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/timer.h>
#include <lib/errno.h>
#include <mm/slab.h>
#include <mm/verify.h>

#include "block.h"

#define QUEUE_DEPTH	8u	/* requests of one queue under way */
#define QUEUE_SEGMENTS	32u	/* pieces of one request, at most */
#define READ_DEADLINE	16u	/* requests */
#define WRITE_DEADLINE	48u
#define PLUG_MAX	64u
#define RETRY_NS	(10 * NSEC_PER_MSEC)

struct slot {
	struct blk_request rq;
	struct scatterlist sg[QUEUE_SEGMENTS];
	struct list_head bios;
	u64 end;			/* sector behind the last of them */
	struct block_device *disk;
	struct slot *next;		/* free */
};

/* Pieces that go one way: BLK_READ, BLK_WRITE. */
struct waiting {
	struct rb_root sorted;		/* runs */
	struct list_head fifo;		/* the same, in order of coming */
	struct bio *last;		/* the run that came last, if it waits */
	unsigned nr;			/* pieces */
	u64 position;			/* behind the last one that left */
};

struct blk_queue {
	spinlock_t lock;		/* rank BLK_QUEUE; guards all below */
	struct waiting waiting[2];
	u32 dispatched;			/* requests, ever */
	u32 merged;			/* pieces that left with another one */
	bool running, again;
	struct slot *free;
	unsigned nr_busy;
	struct slot slots[QUEUE_DEPTH];
	struct timer retry;
};

/* --- coming ------------------------------------------------------------------ */

static struct bio *
to_bio(struct rb_node *node)
{
	return node ? rb_entry(node, struct bio, node) : NULL;
}

/* The sector behind it. */
static u64
piece_end(const struct bio *bio)
{
	return bio->sector + (bio->bytes >> SECTOR_SHIFT);
}

/* How many pieces a request of this disk has, at most. */
static unsigned
most_pieces(const struct block_device *disk)
{
	return min(QUEUE_SEGMENTS, disk->max_segments);
}

/* Behind the run that came last, if it goes on there. Held: the lock, as for
 * all of these. */
static bool
join_last(struct waiting *w, struct bio *bio)
{
	struct bio *run = w->last;

	if (!run || run->end != bio->sector ||
	    run->nr >= most_pieces(bio->disk))
		return false;
	list_add_tail(&bio->list, &run->followers);
	run->end = piece_end(bio);
	run->nr++;
	w->nr++;
	return true;
}

/* A run. Equal sectors: in order of coming. */
static void
insert(struct blk_queue *q, struct bio *bio)
{
	struct waiting *w = &q->waiting[bio->op];
	struct rb_node **link = &w->sorted.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = bio->sector < to_bio(parent)->sector ? &parent->left :
							      &parent->right;
	}
	rb_link_node(&bio->node, parent, link);
	rb_insert_color(&bio->node, &w->sorted);
	list_add_tail(&bio->list, &w->fifo);
	w->nr += bio->nr;
}

static void
take_out(struct blk_queue *q, struct bio *bio)
{
	struct waiting *w = &q->waiting[bio->op];

	rb_erase(&bio->node, &w->sorted);
	list_del(&bio->list);
	w->nr -= bio->nr;
	if (w->last == bio)
		w->last = NULL;
}

static void
finish_bio(struct bio *bio, int status)
{
	bio->status = status;
	bio->done(bio);
}

static int
bio_check(const struct block_device *disk, const struct bio *bio)
{
	u64 nr = bio->bytes >> SECTOR_SHIFT;

	if (bio->op > BLK_WRITE || !nr || bio->bytes % SECTOR_SIZE ||
	    bio->offset + bio->bytes > PAGE_SIZE)
		return -EINVAL;
	if (bio->sector > disk->nr_sectors ||
	    nr > disk->nr_sectors - bio->sector)
		return -ERANGE;
	return bio->op == BLK_WRITE && disk->read_only ? -EROFS : 0;
}

/* Held: the lock. */
static void
queue_bio(struct blk_queue *q, struct bio *bio)
{
	struct waiting *w = &q->waiting[bio->op];

	if (join_last(w, bio))
		return;
	INIT_LIST_HEAD(&bio->followers);
	bio->end = piece_end(bio);
	bio->nr = 1;
	bio->arrival = q->dispatched;
	insert(q, bio);
	w->last = bio;
}

/* One at least: those of list that are for this disk; and let it begin. */
static void
queue_list(struct block_device *disk, struct list_head *list)
{
	struct blk_queue *q = disk->queue;
	struct bio *bio, *next;
	unsigned long flags;

	blk_enter(disk);
	flags = spin_lock_irqsave(&q->lock);
	list_for_each_entry_safe(bio, next, list, list) {
		if (bio->disk != disk)
			continue;
		list_del(&bio->list);
		queue_bio(q, bio);
	}
	spin_unlock_irqrestore(&q->lock, flags);
	blk_queue_run(disk);
	blk_leave(disk);
}

void
submit_bio(struct block_device *disk, struct bio *bio)
{
	struct blk_plug *plug = in_interrupt() || disk->synchronous ?
				NULL : current->plug;
	int err = bio_check(disk, bio);
	LIST_HEAD(alone);

	bio->disk = disk;
	if (err) {
		finish_bio(bio, err);
	} else if (plug) {
		list_add_tail(&bio->list, &plug->bios);
		if (++plug->nr == PLUG_MAX)
			blk_flush_plug(plug);
	} else {
		list_add(&bio->list, &alone);
		queue_list(disk, &alone);
	}
}

void
blk_start_plug(struct blk_plug *plug)
{
	INIT_LIST_HEAD(&plug->bios);
	plug->nr = 0;
	if (!current->plug)
		current->plug = plug;
}

/* All of one disk first, so that it sees them together. */
void
blk_flush_plug(struct blk_plug *plug)
{
	while (!list_empty(&plug->bios)) {
		struct bio *first = list_first_entry(&plug->bios, struct bio,
						     list);

		queue_list(first->disk, &plug->bios);
	}
	plug->nr = 0;
}

void
blk_finish_plug(struct blk_plug *plug)
{
	if (current->plug != plug)
		return;		/* an outer one goes on */
	blk_flush_plug(plug);
	current->plug = NULL;
}

/* --- leaving ------------------------------------------------------------------ */

/* The first piece from sector on, or NULL. */
static struct bio *
first_from(const struct waiting *w, u64 sector)
{
	struct rb_node *node = w->sorted.node;
	struct bio *best = NULL;

	while (node) {
		struct bio *bio = to_bio(node);

		if (bio->sector >= sector) {
			best = bio;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return best;
}

static bool
expired(const struct blk_queue *q, const struct waiting *w, u32 deadline)
{
	return q->dispatched - list_first_entry(&w->fifo, struct bio,
						list)->arrival >= deadline;
}

/* Where the next request begins, or NULL. */
static struct bio *
choose(const struct blk_queue *q)
{
	const struct waiting *reads = &q->waiting[BLK_READ];
	const struct waiting *writes = &q->waiting[BLK_WRITE];
	const struct waiting *w = reads;
	u32 deadline = READ_DEADLINE;
	struct bio *bio;

	if (!reads->nr || (writes->nr && expired(q, writes, WRITE_DEADLINE))) {
		w = writes;
		deadline = WRITE_DEADLINE;
	}
	if (!w->nr)
		return NULL;
	if (expired(q, w, deadline))
		return list_first_entry(&w->fifo, struct bio, list);
	bio = first_from(w, w->position);
	return bio ? bio : first_from(w, 0);
}

/* The pieces of slot as the driver wants them. */
static void
list_pieces(struct slot *slot)
{
	struct scatterlist *sg = slot->sg;
	struct bio *bio;

	list_for_each_entry(bio, &slot->bios, list)
		*sg++ = (struct scatterlist){
			.page = bio->page, .offset = bio->offset,
			.length = bio->bytes,
		};
	slot->rq.nr_sg = (unsigned)(sg - slot->sg);
}

/* Move run and those that follow it on the disk into slot. */
static void
gather(struct blk_queue *q, struct slot *slot, struct bio *run)
{
	struct waiting *w = &q->waiting[run->op];
	unsigned most = most_pieces(slot->disk), n = 0;

	slot->rq.op = run->op;
	slot->rq.sector = run->sector;
	do {
		struct bio *next = to_bio(rb_next(&run->node));

		take_out(q, run);
		list_add_tail(&run->list, &slot->bios);
		list_splice_init(&run->followers, &run->list);
		n += run->nr;
		slot->end = w->position = run->end;
		run = next;
	} while (run && n + run->nr <= most && run->sector == w->position);
	list_pieces(slot);
	q->dispatched++;
	q->merged += n - 1;
}

static void
free_slot(struct blk_queue *q, struct slot *slot)
{
	slot->next = q->free;
	q->free = slot;
	q->nr_busy--;
}

/* The driver has no room: its pieces wait again, as one run, as old as it was. */
static void
put_back(struct blk_queue *q, struct slot *slot)
{
	struct bio *run = list_first_entry(&slot->bios, struct bio, list);

	list_del(&run->list);
	list_splice_init(&slot->bios, &run->followers);
	run->nr = slot->rq.nr_sg;
	run->end = slot->end;
	q->merged -= run->nr - 1;
	insert(q, run);
	list_move(&run->list, &q->waiting[run->op].fifo);
	free_slot(q, slot);
}

static void
finish_bios(struct slot *slot, int status)
{
	struct bio *bio, *next;

	list_for_each_entry_safe(bio, next, &slot->bios, list) {
		list_del(&bio->list);
		finish_bio(bio, status);	/* it may be gone after it */
	}
}

/* Context: any; blk_done() runs the queue afterwards. */
static void
slot_done(struct blk_request *rq)
{
	struct slot *slot = container_of(rq, struct slot, rq);
	struct blk_queue *q = slot->disk->queue;
	unsigned long flags;

	finish_bios(slot, rq->status);
	flags = spin_lock_irqsave(&q->lock);
	free_slot(q, slot);
	spin_unlock_irqrestore(&q->lock, flags);
}

/* One request on its way, or false. The lock is let go for the driver. */
static bool
dispatch(struct blk_queue *q, unsigned long *flags)
{
	struct bio *bio = q->free ? choose(q) : NULL;
	struct slot *slot = q->free;
	bool later;
	int err;

	if (!bio)
		return false;
	q->free = slot->next;
	q->nr_busy++;
	gather(q, slot, bio);
	spin_unlock_irqrestore(&q->lock, *flags);
	err = blk_submit(slot->disk, &slot->rq);
	later = (err == -EBUSY || err == -ENOMEM) && !slot->disk->synchronous;
	if (err && !later)
		finish_bios(slot, err);
	*flags = spin_lock_irqsave(&q->lock);
	if (later)
		put_back(q, slot);
	else if (err)
		free_slot(q, slot);
	return !later;
}

/* Nothing is under way that would call again. Held: the lock. */
static bool
stranded(const struct blk_queue *q)
{
	return !q->nr_busy && !q->again &&
	       (q->waiting[BLK_READ].nr || q->waiting[BLK_WRITE].nr);
}

void
blk_queue_run(struct block_device *disk)
{
	struct blk_queue *q = disk->queue;
	unsigned long flags = spin_lock_irqsave(&q->lock);

	q->again = true;
	while (q->again && !q->running) {
		q->running = true;
		q->again = false;
		while (dispatch(q, &flags))
			;
		if (stranded(q)) {
			spin_unlock_irqrestore(&q->lock, flags);
			timer_mod(&q->retry, ktime_get_ns() + RETRY_NS);
			flags = spin_lock_irqsave(&q->lock);
		}
		q->running = false;
	}
	spin_unlock_irqrestore(&q->lock, flags);
}

static void
retry(struct timer *timer, void *disk)
{
	(void)timer;
	blk_queue_run(disk);
}

/* --- verify ------------------------------------------------------------------- */

static bool
run_is_sound(const struct bio *run)
{
	u64 end = piece_end(run);
	const struct bio *bio;
	unsigned nr = 1;

	list_for_each_entry(bio, &run->followers, list) {
		if (bio->sector != end)
			return false;
		end = piece_end(bio);
		nr++;
	}
	return run->end == end && run->nr == nr;
}

/* Q1 and Q2 of one direction. Held: the lock. */
static bool
waiting_is_sound(const struct waiting *w)
{
	struct rb_node *node;
	struct bio *run;
	unsigned sorted = 0, queued = 0;
	u64 last = 0;

	for (node = rb_first(&w->sorted); node; node = rb_next(node)) {
		run = to_bio(node);
		if (run->sector < last || !run_is_sound(run))
			return false;
		last = run->sector;
		sorted += run->nr;
	}
	list_for_each_entry(run, &w->fifo, list)
		queued += run->nr;
	return sorted == w->nr && queued == w->nr;
}

bool
blk_queue_sound(struct block_device *disk)
{
	struct blk_queue *q = disk->queue;
	unsigned long flags = spin_lock_irqsave(&q->lock);
	unsigned nr_free = 0;
	struct slot *slot;
	bool sound;

	for (slot = q->free; slot; slot = slot->next)
		nr_free++;
	sound = waiting_is_sound(&q->waiting[BLK_READ]) &&
		waiting_is_sound(&q->waiting[BLK_WRITE]) &&
		nr_free + q->nr_busy == QUEUE_DEPTH;
	spin_unlock_irqrestore(&q->lock, flags);
	return sound;
}

void
blk_queue_show(struct seq_buf *s, struct block_device *disk)
{
	struct blk_queue *q = disk->queue;

	seq_printf(s, "%s: queue: %u reads and %u writes wait, %u under way; "
		   "%u requests, %u pieces joined another\n", disk->name,
		   READ_ONCE(q->waiting[BLK_READ].nr),
		   READ_ONCE(q->waiting[BLK_WRITE].nr),
		   READ_ONCE(q->nr_busy), READ_ONCE(q->dispatched),
		   READ_ONCE(q->merged));
}

/* --- making, looking ------------------------------------------------------------ */

int
blk_queue_init(struct block_device *disk)
{
	struct blk_queue *q = kzalloc(sizeof(*q), GFP_KERNEL);

	if (!q)
		return -ENOMEM;
	spin_lock_init(&q->lock, LOCK_BLK_QUEUE);
	for (unsigned i = 0; i < 2; i++)
		INIT_LIST_HEAD(&q->waiting[i].fifo);
	for (unsigned i = 0; i < QUEUE_DEPTH; i++) {
		struct slot *slot = &q->slots[i];

		INIT_LIST_HEAD(&slot->bios);
		slot->disk = disk;
		slot->rq.sg = slot->sg;
		slot->rq.done = slot_done;
		slot->next = q->free;
		q->free = slot;
	}
	timer_setup(&q->retry, retry, disk);
	disk->queue = q;
	return 0;
}

void
blk_queue_free(struct block_device *disk)
{
	timer_del_sync(&disk->queue->retry);
	kfree(disk->queue);
	disk->queue = NULL;
}
