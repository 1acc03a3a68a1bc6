/* SPDX-License-Identifier: MIT */
/*
 * The virtio disk, read and written for real. Only a disk whose first sector
 * says that it is for that (tools/test makes one) is touched; sector 0 is
 * left as it is.
 */
#include <kernel/blk.h>
#include <kernel/completion.h>
#include <kernel/irq.h>
#include <kernel/node.h>
#include <kernel/printk.h>
#include <kernel/smp.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/gfp.h>

#define MARK	"VELLUM SCRATCH DISK\n"

/* The first disk that may be written to, or NULL. */
static struct block_device *
scratch(void)
{
	struct block_device *disk;
	u8 *buf = get_free_page(GFP_KERNEL);

	for (unsigned n = 0; buf && (disk = blk_device(n)); n++) {
		if (!blk_read(disk, 0, buf, SECTOR_SIZE) &&
		    !memcmp(buf, MARK, strlen(MARK)))
			break;
	}
	free_page(buf);
	return buf ? disk : NULL;
}

#define NEED_DISK(t) \
	struct block_device *disk = scratch(); \
	if (!disk) \
		SKIP(t, "no scratch disk (run-qemu --disk)")

/* What sector n is filled with in a round. */
static void
fill(u8 *buf, u64 sector, unsigned round)
{
	for (unsigned i = 0; i < SECTOR_SIZE; i++)
		buf[i] = (u8)(sector * 7 + round * 13 + i);
}

static bool
filled(const u8 *buf, u64 sector, unsigned round)
{
	for (unsigned i = 0; i < SECTOR_SIZE; i++) {
		if (buf[i] != (u8)(sector * 7 + round * 13 + i))
			return false;
	}
	return true;
}

static void
a_disk_says_what_it_is(struct test *t)
{
	NEED_DISK(t);

	EXPECT_EQ(t, disk->nr_sectors, 8192);
	EXPECT(t, !disk->read_only);
	EXPECT(t, disk->max_segments >= 8);
	EXPECT(t, blk_find(disk->name) == disk);
	EXPECT(t, blk_find("vdz") == NULL);
	EXPECT(t, blk_device(100) == NULL);
}

static void
what_was_written_is_read_back(struct test *t)
{
	NEED_DISK(t);
	u8 *buf = get_free_page(GFP_KERNEL);

	ASSERT(t, buf != NULL);
	for (u64 s = 10; s < 13; s++) {
		fill(buf, s, 1);
		EXPECT_EQ(t, blk_write(disk, s, buf, SECTOR_SIZE), 0);
	}
	fill(buf, 11, 2);
	EXPECT_EQ(t, blk_write(disk, 11, buf, SECTOR_SIZE), 0);
	EXPECT_EQ(t, blk_flush(disk), 0);
	memset(buf, 0, PAGE_SIZE);
	EXPECT_EQ(t, blk_read(disk, 10, buf, 3 * SECTOR_SIZE), 0);
	EXPECT(t, filled(buf, 10, 1));
	EXPECT(t, filled(buf + SECTOR_SIZE, 11, 2));
	EXPECT(t, filled(buf + 2 * SECTOR_SIZE, 12, 1));
	EXPECT_EQ(t, buf[3 * SECTOR_SIZE], 0);
	free_page(buf);
}

static void
the_last_sector_can_be_used(struct test *t)
{
	NEED_DISK(t);
	u8 *buf = get_free_page(GFP_KERNEL);
	u64 last = disk->nr_sectors - 1;

	ASSERT(t, buf != NULL);
	fill(buf, last, 3);
	EXPECT_EQ(t, blk_write(disk, last, buf, SECTOR_SIZE), 0);
	memset(buf, 0, SECTOR_SIZE);
	EXPECT_EQ(t, blk_read(disk, last, buf, SECTOR_SIZE), 0);
	EXPECT(t, filled(buf, last, 3));
	free_page(buf);
}

/* One request of pieces in several pages, none of them a whole sector. */
static void
a_request_may_be_scattered(struct test *t)
{
	NEED_DISK(t);
	static const unsigned lengths[] = { 32, 480, 1024, 96, 416 };
	struct scatterlist sg[ARRAY_SIZE(lengths)];
	u8 *pages[ARRAY_SIZE(lengths)], *whole = get_free_page(GFP_KERNEL);
	struct blk_request rq = {
		.op = BLK_READ, .sector = 20, .sg = sg,
		.nr_sg = ARRAY_SIZE(lengths),
	};
	unsigned at = 0;

	ASSERT(t, whole != NULL);
	for (unsigned s = 0; s < 4; s++)
		fill(whole + s * SECTOR_SIZE, 20 + s, 4);
	EXPECT_EQ(t, blk_write(disk, 20, whole, 4 * SECTOR_SIZE), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(lengths); i++) {
		pages[i] = get_zeroed_page(GFP_KERNEL);
		ASSERT(t, pages[i] != NULL);
		sg_set_buf(&sg[i], pages[i] + 64, lengths[i]);
	}
	EXPECT_EQ(t, blk_execute(disk, &rq), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(lengths); i++) {
		EXPECT(t, !memcmp(pages[i] + 64, whole + at, lengths[i]));
		EXPECT_EQ(t, pages[i][63], 0);
		EXPECT_EQ(t, pages[i][64 + lengths[i]], 0);
		at += lengths[i];
		free_page(pages[i]);
	}
	free_page(whole);
}

/* --- several at a time --------------------------------------------------- */

#define MANY	40

static struct many {
	struct blk_request rq[MANY];
	struct scatterlist sg[MANY];
	unsigned nr_done;
	struct completion all;
} many;

static void
one_of_many_done(struct blk_request *rq)
{
	struct many *m = rq->private;

	/* Interrupts of one device come one after the other. */
	if (++m->nr_done == MANY)
		complete(&m->all);
}

static void
prepare(struct many *m, unsigned i, enum blk_op op, u8 *buf)
{
	sg_set_buf(&m->sg[i], buf, SECTOR_SIZE);
	m->rq[i] = (struct blk_request){
		.op = op, .sector = 100 + i, .sg = &m->sg[i], .nr_sg = 1,
		.done = one_of_many_done, .private = m,
	};
}

static void
do_nothing(void *arg)
{
	(void)arg;
}

/* Let the interrupts of the four slots come, or not: one that another core still
 * serves, for an earlier request, ends before its core answers. */
static void
virtio_interrupts(bool on)
{
	for (unsigned irq = 72; irq < 76; irq++) {
		if (on)
			irq_chip->enable(irq);
		else
			irq_chip->disable(irq);
	}
	if (!on)
		on_each_cpu(do_nothing, NULL);
}

/*
 * Submit all. No request is done, as far as the driver knows, before the
 * device has its fill; then those that are left wait for room.
 */
static void
submit_all(struct test *t, struct block_device *disk, struct many *m)
{
	unsigned i, fill;
	int err = 0;

	virtio_interrupts(false);
	for (fill = 0; fill < MANY; fill++) {
		err = blk_submit(disk, &m->rq[fill]);
		if (err)
			break;
	}
	EXPECT_EQ(t, err, -EBUSY);
	EXPECT_EQ(t, fill, 64 / 3);	/* descriptors, three a request */
	EXPECT_EQ(t, atomic_read(&disk->in_flight), fill);
	virtio_interrupts(true);
	for (i = fill; i < MANY; i++) {
		wait_event(&disk->room,
			   (err = blk_submit(disk, &m->rq[i])) != -EBUSY);
		EXPECT_EQ(t, err, 0);
	}
}

static void
many_requests_are_in_flight_at_a_time(struct test *t)
{
	NEED_DISK(t);
	unsigned order = 3, i;
	u8 *bufs = get_free_pages(GFP_KERNEL, order);

	ASSERT(t, bufs != NULL);
	for (unsigned pass = 0; pass < 2; pass++) {
		init_completion(&many.all);
		many.nr_done = 0;
		for (i = 0; i < MANY; i++) {
			if (!pass)
				fill(bufs + i * SECTOR_SIZE, 100 + i, 5);
			prepare(&many, i, pass ? BLK_READ : BLK_WRITE,
				bufs + i * SECTOR_SIZE);
		}
		submit_all(t, disk, &many);
		wait_for_completion(&many.all);
		for (i = 0; i < MANY; i++)
			EXPECT_EQ(t, many.rq[i].status, 0);
		if (!pass)
			memset(bufs, 0, PAGE_SIZE << order);
	}
	for (i = 0; i < MANY; i++)
		EXPECT(t, filled(bufs + i * SECTOR_SIZE, 100 + i, 5));
	EXPECT(t, atomic_read(&disk->most_in_flight) >= 64 / 3);
	EXPECT_EQ(t, atomic_read(&disk->in_flight), 0);
	free_pages(bufs, order);
}

static void
work_on_own_sectors(struct test *t, unsigned cpu, void *arg)
{
	struct block_device *disk = arg;
	u8 *buf = get_free_page(GFP_KERNEL);

	if (!EXPECT(t, buf != NULL))
		return;
	for (unsigned i = 0; i < 10; i++) {
		u64 sector = 1000 + cpu * 100 + i * 3;

		fill(buf, sector, i);
		EXPECT_EQ(t, blk_write(disk, sector, buf, SECTOR_SIZE), 0);
		memset(buf, 0, SECTOR_SIZE);
		EXPECT_EQ(t, blk_read(disk, sector, buf, SECTOR_SIZE), 0);
		EXPECT(t, filled(buf, sector, i));
	}
	free_page(buf);
}

static void
all_cores_use_the_disk_at_once(struct test *t)
{
	NEED_DISK(t);

	test_on_all_cpus(t, work_on_own_sectors, disk);
}

/* --- errors -------------------------------------------------------------- */

static void
impossible_requests_are_refused(struct test *t)
{
	NEED_DISK(t);
	u8 *buf = get_free_page(GFP_KERNEL);
	struct scatterlist sg;
	struct blk_request rq = { .op = BLK_FLUSH, .sg = &sg, .nr_sg = 1 };
	u64 end = disk->nr_sectors;
	unsigned most = disk->max_segments;

	ASSERT(t, buf != NULL);
	EXPECT_EQ(t, blk_read(disk, end, buf, SECTOR_SIZE), -ERANGE);
	EXPECT_EQ(t, blk_read(disk, end - 1, buf, 2 * SECTOR_SIZE), -ERANGE);
	EXPECT_EQ(t, blk_read(disk, ~0ull, buf, SECTOR_SIZE), -ERANGE);
	EXPECT_EQ(t, blk_read(disk, 0, buf, SECTOR_SIZE - 1), -EINVAL);
	EXPECT_EQ(t, blk_read(disk, 0, buf, 0), -EINVAL);
	sg_set_buf(&sg, buf, SECTOR_SIZE);
	EXPECT_EQ(t, blk_submit(disk, &rq), -EINVAL);	/* flush with data */
	rq.op = NR_BLK_OPS;
	EXPECT_EQ(t, blk_submit(disk, &rq), -EINVAL);
	rq.op = BLK_READ;
	rq.nr_sg = 0;
	EXPECT_EQ(t, blk_submit(disk, &rq), -EINVAL);	/* read of nothing */
	disk->max_segments = 0;
	EXPECT_EQ(t, blk_read(disk, 0, buf, SECTOR_SIZE), -EINVAL);
	disk->max_segments = most;
	disk->read_only = true;
	EXPECT_EQ(t, blk_write(disk, 1, buf, SECTOR_SIZE), -EROFS);
	disk->read_only = false;
	EXPECT_EQ(t, atomic_read(&disk->in_flight), 0);
	free_page(buf);
}

/* What the checks above would stop, the device refuses too. */
static void
an_error_of_the_device_reaches_the_submitter(struct test *t)
{
	NEED_DISK(t);
	u8 *buf = get_free_page(GFP_KERNEL);
	u64 sectors = disk->nr_sectors;
	u32 errors = disk->errors;

	ASSERT(t, buf != NULL);
	disk->nr_sectors = sectors * 2;
	EXPECT_EQ(t, blk_read(disk, sectors + 5, buf, SECTOR_SIZE), -EIO);
	disk->nr_sectors = sectors;
	EXPECT_EQ(t, disk->errors, errors + 1);
	EXPECT_EQ(t, blk_read(disk, 5, buf, SECTOR_SIZE), 0);
	free_page(buf);
}

static int
read_with_bounce_buffers(void *arg)
{
	struct block_device *disk = arg;
	bool was = dma_force_bounce;
	u8 *buf = get_free_page(GFP_KERNEL | __GFP_NOWARN);
	int err;

	if (!buf)
		return -ENOMEM;
	dma_force_bounce = true;
	err = blk_read(disk, 0, buf, SECTOR_SIZE);
	dma_force_bounce = was;
	if (!err && memcmp(buf, MARK, strlen(MARK)))
		err = -EIO;
	free_page(buf);
	return err;
}

static void
every_allocation_may_fail(struct test *t)
{
	NEED_DISK(t);
	char text[512];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	EXPECT_EQ(t, fault_inject_sweep(read_with_bounce_buffers, disk, &s),
		  2);
	EXPECT_EQ(t, s.len, 0);
	EXPECT_EQ(t, atomic_read(&disk->in_flight), 0);
}

static void
requests_are_counted(struct test *t)
{
	NEED_DISK(t);
	u8 *buf = get_free_page(GFP_KERNEL);
	static char text[1024];
	struct seq_buf s;
	u64 reads = disk->requests[BLK_READ], sectors = disk->sectors[BLK_READ];

	ASSERT(t, buf != NULL);
	EXPECT_EQ(t, blk_read(disk, 1, buf, 3 * SECTOR_SIZE), 0);
	EXPECT_EQ(t, disk->requests[BLK_READ], reads + 1);
	EXPECT_EQ(t, disk->sectors[BLK_READ], sectors + 3);
	free_page(buf);
	seq_buf_init(&s, text, sizeof(text));
	node_find("blk")->show(&s);
	EXPECT(t, strstr(text, disk->name));
}

TEST_SUITE("virtio_blk",
	   TEST_CASE(a_disk_says_what_it_is),
	   TEST_CASE(what_was_written_is_read_back),
	   TEST_CASE(the_last_sector_can_be_used),
	   TEST_CASE(a_request_may_be_scattered),
	   TEST_CASE(many_requests_are_in_flight_at_a_time),
	   TEST_CASE(all_cores_use_the_disk_at_once),
	   TEST_CASE(impossible_requests_are_refused),
	   TEST_CASE(an_error_of_the_device_reaches_the_submitter),
	   TEST_CASE(every_allocation_may_fail),
	   TEST_CASE(requests_are_counted));
