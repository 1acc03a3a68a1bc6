/* SPDX-License-Identifier: MIT */
/*
 * zram0: a disk in memory that compresses what it is given.
 *
 * What it is for
 *   Swap without a disk. A page that has not been used for long costs 4096 bytes;
 *   compressed, perhaps 1300. Bringing it back takes microseconds where a disk
 *   takes milliseconds.
 *
 *	zram=64M		on the command line, or at any time
 *	echo 64M >/proc/sys/block/zram0/disksize
 *
 * Ideas
 *   A size, not memory: disksize is what the disk pretends to hold, and
 *   memory is taken as pages are written.
 *   Slot	8 bytes for each page of the disk: how it is kept (zram_slot.c) and
 *		where; the compressed bytes lie in a pool (mm/kmem/zsmalloc.c).
 *
 *	table	[SAME 0][PACKED 812 bytes]["RAW"][EMPTY] ...
 *			     |		     \-- a frame
 *			     \-- an object of the pool
 *
 *   Nothing is waited for: a request is done when submit() returns, in the
 *   submitter's context. So done() is called there too.
 *   Swap tells when a slot is free (block_ops.discard), and its memory goes at
 *   once; a file system would have to overwrite it.
 *   Compaction  slot by slot, whoever asks (the file compact, the monitor, the
 *	shrinker when memory is short): a compressed page is moved to where the
 *	pool is fuller, under the lock of its slot, so nobody reads it meanwhile.
 * Life of the size  control_mutex. table and pool are there while nr_pages is
 *	not 0; a request counts itself in users first and looks at nr_pages
 *	then, a reset clears nr_pages first and then waits for users to be 0.
 * Invariants (zram_verify)
 *   R1  the counts are those of the slots
 *   R2  the pool has as many objects as there are packed slots, and is sound
 * Locks   zram_slot.c. control_mutex: size, limit, reset.
 * Cost    docs/zram.md
 * Questions a reader asks
 *   Does it not need memory to free memory?  Yes: a page packed 3:1 needs a third
 *     of a frame first. It may go below the low watermark for it (GFP_ATOMIC),
 *     and a write that finds nothing fails: the page then stays where it is.
 *   Why no flush?  What is in memory is as safe as it will ever be.
 * Sources  Linux's documentation of zram (blockdev/zram.rst) for the names of
 *	    files and their columns; Gupta, compcache, 2009.
 */
#include <asm/barrier.h>
#include <drivers/zram.h>
#include <drivers/zram_slot.h>
#include <kernel/init.h>
#include <kernel/mutex.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/highmem.h>
#include <mm/slab.h>
#include <mm/verify.h>

#define PAGE_SECTORS	(PAGE_SIZE / SECTOR_SIZE)
#define MAX_BYTES	(64ull << 30)
#define MAX_SEGMENTS	128

struct zram zram0;
static struct block_device disk;
static DEFINE_MUTEX(control_mutex);
static u64 size_at_boot;

/* --- Requests --- */

/* May the request go on? Then leave() when it is through. */
static bool
enter(struct zram *z, u64 end_sector)
{
	atomic_inc(&z->users);
	smp_mb();
	if (end_sector <= (u64)READ_ONCE(z->nr_pages) * PAGE_SECTORS)
		return true;
	atomic_dec(&z->users);
	return false;
}

static void
leave(struct zram *z)
{
	smp_mb();
	atomic_dec(&z->users);
}

/* One piece that lies in one page of memory and in one of the disk. */
static int
do_piece(struct zram *z, enum blk_op op, u64 pos, struct page *page,
	 unsigned offset, unsigned n)
{
	u8 *addr = kmap_local_page(page);
	u32 index = (u32)(pos >> PAGE_SHIFT);
	unsigned at = pos % PAGE_SIZE;
	int err;

	if (op == BLK_READ)
		err = zram_read_page(z, index, at, addr + offset, n);
	else
		err = zram_write_page(z, index, at, addr + offset, n);
	kunmap_local(addr);
	if (err)
		atomic_inc(op == BLK_READ ? &z->failed_reads :
					    &z->failed_writes);
	return err;
}

/* The whole of a segment of the request. */
static int
do_segment(struct zram *z, enum blk_op op, u64 pos,
	   const struct scatterlist *sg)
{
	unsigned done = 0, offset, n;
	int err;

	while (done < sg->length) {
		offset = (sg->offset + done) % PAGE_SIZE;
		n = min(sg->length - done, (unsigned)PAGE_SIZE - offset);
		n = min(n, (unsigned)(PAGE_SIZE - pos % PAGE_SIZE));
		err = do_piece(z, op, pos, sg->page +
			       (sg->offset + done) / PAGE_SIZE, offset, n);
		if (err)
			return err;
		done += n;
		pos += n;
	}
	return 0;
}

static int
do_request(struct zram *z, const struct blk_request *rq)
{
	u64 pos = rq->sector << SECTOR_SHIFT;
	int err = 0;

	for (unsigned i = 0; i < rq->nr_sg && !err; i++) {
		err = do_segment(z, rq->op, pos, &rq->sg[i]);
		pos += rq->sg[i].length;
	}
	return err;
}

static int
zram_submit(struct block_device *d, struct blk_request *rq)
{
	struct zram *z = d->private;
	u64 end = rq->sector;
	int err = -EIO;

	for (unsigned i = 0; i < rq->nr_sg; i++)
		end += rq->sg[i].length >> SECTOR_SHIFT;
	if (enter(z, end)) {
		err = do_request(z, rq);
		leave(z);
	}
	blk_done(d, rq, err);
	return 0;
}

/* Whole pages only: what is left of the others stays. */
static void
zram_discard(struct block_device *d, u64 sector, u64 nr)
{
	struct zram *z = d->private;
	u32 index = (u32)DIV_ROUND_UP((u32)(sector), PAGE_SECTORS);
	u32 end = (u32)((sector + nr) / PAGE_SECTORS);

	if (!enter(z, sector + nr))
		return;
	for (; index < end; index++) {
		zram_free_page(z, index);
		atomic_inc(&z->freed);
	}
	leave(z);
}

static const struct block_ops zram_ops = {
	.submit = zram_submit, .discard = zram_discard,
};

/* --- Size and reset --- */

/* The disk appears. 0 or -ENOMEM. */
static int
announce(void)
{
	strscpy(disk.name, "zram0", sizeof(disk.name));
	disk.driver = "zram";
	disk.nr_sectors = (u64)zram0.nr_pages * PAGE_SECTORS;
	disk.max_segments = MAX_SEGMENTS;
	disk.synchronous = true;
	disk.ops = &zram_ops;
	disk.private = &zram0;
	return blk_register(&disk);
}

static void
free_memory(struct zram *z)
{
	if (z->pool)
		zs_destroy_pool(z->pool);
	kvfree(z->table);
	zram_scratch_free();
	z->pool = NULL;
	z->table = NULL;
}

static void
clear_counts(struct zram *z)
{
	atomic_t *const counts[] = {
		&z->stored, &z->same, &z->raw, &z->raw_ever, &z->packed_bytes,
		&z->raw_frames, &z->frames_max, &z->failed_reads,
		&z->failed_writes, &z->freed,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(counts); i++)
		atomic_set(counts[i], 0);
}

/* Held: control_mutex; there is no size. */
static int
set_size(struct zram *z, u32 nr_pages)
{
	int err = zram_scratch_alloc();

	if (err)
		return err;
	z->pool = zs_create_pool();
	z->table = kvzalloc(nr_pages * sizeof(*z->table), GFP_KERNEL);
	if (!z->pool || !z->table) {
		free_memory(z);
		return -ENOMEM;
	}
	clear_counts(z);
	smp_wmb();
	WRITE_ONCE(z->nr_pages, nr_pages);
	err = announce();
	if (err) {
		WRITE_ONCE(z->nr_pages, 0);
		free_memory(z);
	}
	return err;
}

int
zram_set_size(u64 bytes)
{
	int err = -EBUSY;

	if (!bytes || bytes > MAX_BYTES)
		return -EINVAL;
	mutex_lock(&control_mutex);
	if (!zram0.nr_pages)
		err = set_size(&zram0, (u32)(ALIGN_UP(bytes, PAGE_SIZE) >>
					    PAGE_SHIFT));
	mutex_unlock(&control_mutex);
	return err;
}

/* Held: control_mutex. */
static void
forget_all(struct zram *z)
{
	u32 nr_pages = z->nr_pages;

	bdev_invalidate(&disk);
	WRITE_ONCE(z->nr_pages, 0);
	smp_mb();
	while (atomic_read(&z->users))
		yield();
	for (u32 i = 0; i < nr_pages; i++) {
		zram_free_page(z, i);
		if (i % 1024 == 0)
			cond_resched();
	}
	free_memory(z);
	z->limit = 0;
	clear_counts(z);
}

int
zram_reset(void)
{
	int err = 0;

	mutex_lock(&control_mutex);
	if (zram0.nr_pages)
		err = blk_unregister(&disk);
	if (zram0.nr_pages && !err)
		forget_all(&zram0);
	mutex_unlock(&control_mutex);
	return err;
}

u64
zram_size(void)
{
	return (u64)READ_ONCE(zram0.nr_pages) << PAGE_SHIFT;
}

void
zram_set_limit(u64 bytes)
{
	mutex_lock(&control_mutex);
	WRITE_ONCE(zram0.limit, (unsigned long)(ALIGN_UP(bytes, PAGE_SIZE) >>
					       PAGE_SHIFT));
	mutex_unlock(&control_mutex);
}

u64
zram_limit(void)
{
	return (u64)READ_ONCE(zram0.limit) << PAGE_SHIFT;
}

/* --- Compaction --- */

#define COMPACT_CHUNK	256u	/* slots between two rests */
#define SHRINK_CHUNK	4096u	/* slots that one call looks at */
#define MAX_PASSES	8u

/* n slots from `from' on, around the end. How many pages were moved. */
static u32
compact_slots(struct zram *z, u32 from, u32 n)
{
	u32 moved = 0;

	while (n--)
		moved += zram_compact_page(z, from++ % z->nr_pages);
	return moved;
}

/* All slots once. The disk may go between two chunks: then it ends. */
static u32
compact_pass(struct zram *z)
{
	u32 moved = 0, at = 0;
	bool more = true;

	while (more && enter(z, 1)) {
		u32 n = min(COMPACT_CHUNK, z->nr_pages - at);

		moved += compact_slots(z, at, n);
		at += n;
		more = at < z->nr_pages;
		leave(z);
		cond_resched();
	}
	return moved;
}

/* A pass may leave two halves that the next one brings together. */
int
zram_compact(void)
{
	unsigned pass = 0;

	if (!zram_size())
		return -EINVAL;
	while (pass++ < MAX_PASSES && compact_pass(&zram0))
		;
	return 0;
}

/* What is to be had: frames. */
static unsigned long
zram_count(struct shrinker *shrinker)
{
	unsigned long frames = 0;

	(void)shrinker;
	if (enter(&zram0, 1)) {
		frames = zs_can_compact(zram0.pool);
		leave(&zram0);
	}
	return frames;
}

/* Some slots behind those of the last time, until nr frames have come of it. */
static unsigned long
zram_scan(struct shrinker *shrinker, unsigned long nr)
{
	struct zram *z = &zram0;
	unsigned long before, won = 0;
	u32 at, looked = 0;

	(void)shrinker;
	if (!enter(z, 1))
		return SHRINK_STOP;
	before = zs_get_total_pages(z->pool);
	at = READ_ONCE(z->compact_at) % z->nr_pages;
	while (won < nr && looked < min(SHRINK_CHUNK, z->nr_pages)) {
		unsigned long now;

		compact_slots(z, at + looked, COMPACT_CHUNK);
		looked += COMPACT_CHUNK;
		now = zs_get_total_pages(z->pool);
		won = now < before ? before - now : 0;
	}
	WRITE_ONCE(z->compact_at, at + looked);
	leave(z);
	return won;
}

static struct shrinker zram_shrinker = {
	.name = "zram", .count = zram_count, .scan = zram_scan,
};

/* --- Figures --- */

void
zram_get_stats(struct zram_stats *stats)
{
	struct zram *z = &zram0;
	struct zs_stats pool = { 0 };

	mutex_lock(&control_mutex);
	if (z->nr_pages)
		zs_pool_stats(z->pool, &pool);
	*stats = (struct zram_stats){
		.stored = (unsigned long)atomic_read(&z->stored),
		.same = (unsigned long)atomic_read(&z->same),
		.raw = (unsigned long)atomic_read(&z->raw),
		.raw_ever = (unsigned long)atomic_read(&z->raw_ever),
		.packed_bytes = (unsigned long)atomic_read(&z->packed_bytes),
		.frames = z->nr_pages ? zram_frames(z) : 0,
		.frames_max = (unsigned long)atomic_read(&z->frames_max),
		.failed_reads = (unsigned long)atomic_read(&z->failed_reads),
		.failed_writes = (unsigned long)atomic_read(&z->failed_writes),
		.freed = (unsigned long)atomic_read(&z->freed),
		.compacted = pool.compacted,
	};
	mutex_unlock(&control_mutex);
}

void
zram_forget_max(void)
{
	mutex_lock(&control_mutex);
	if (zram0.nr_pages)
		atomic_set(&zram0.frames_max, (s32)zram_frames(&zram0));
	mutex_unlock(&control_mutex);
}

void
zram_show_classes(struct seq_buf *s)
{
	mutex_lock(&control_mutex);
	if (zram0.nr_pages)
		zs_pool_show(zram0.pool, s);
	else
		seq_puts(s, "no pool: it has no size yet\n");
	mutex_unlock(&control_mutex);
}

const char *
zram_verify(void)
{
	struct zram *z = &zram0;
	unsigned long n[4] = { 0 }, bytes = 0;
	struct zs_stats stats;

	if (!z->nr_pages)
		return z->table || z->pool ? "R1: memory without a size" : NULL;
	for (u32 i = 0; i < z->nr_pages; i++) {
		n[z->table[i].kind & 3]++;
		bytes += z->table[i].kind == ZRAM_PACKED ? z->table[i].size : 0;
	}
	if ((unsigned long)atomic_read(&z->stored) !=
	    z->nr_pages - n[ZRAM_EMPTY] ||
	    (unsigned long)atomic_read(&z->same) != n[ZRAM_SAME] ||
	    (unsigned long)atomic_read(&z->raw) != n[ZRAM_RAW] ||
	    (unsigned long)atomic_read(&z->raw_frames) != n[ZRAM_RAW] ||
	    (unsigned long)atomic_read(&z->packed_bytes) != bytes)
		return "R1: the counts are not those of the slots";
	zs_pool_stats(z->pool, &stats);
	if (stats.objects != n[ZRAM_PACKED])
		return "R2: objects and packed slots differ in number";
	return zs_verify(z->pool);
}

static void
verify(struct verify *v)
{
	const char *bad = zram_verify();

	VERIFY(v, !bad, "zram", "%s", bad);
}

static struct verify_module verify_module = { "zram", verify, NULL };

/* --- Boot --- */

static int
zram_param(const char *value)
{
	char *end;

	size_at_boot = memparse(value, &end);
	return *end || !size_at_boot || size_at_boot > MAX_BYTES ? -EINVAL : 0;
}
BOOT_PARAM("zram", zram_param);

static int
zram_init(void)
{
	for (unsigned i = 0; i < ZRAM_LOCKS; i++)
		spin_lock_init(&zram0.locks[i], LOCK_ZRAM);
	verify_register(&verify_module);
	shrinker_register(&zram_shrinker);
	return size_at_boot ? zram_set_size(size_at_boot) : 0;
}
late_initcall(zram_init);
