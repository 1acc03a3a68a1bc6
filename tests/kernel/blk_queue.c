/* SPDX-License-Identifier: MIT */
/*
 * The request queue: what is merged, what goes first. The disk holds its
 * requests, so that pieces wait; the order in which they are done is written
 * down.
 */
#include <kernel/completion.h>
#include <mm/gfp.h>
#include <mm/verify.h>

#include "disks.h"
#include "page_helpers.h"
#include "threads.h"

#define MAX_BIOS	160u
#define DEPTH		8u		/* requests of a queue under way */

static struct bio bios[MAX_BIOS];
static u64 order[MAX_BIOS];		/* sectors, as they were done */
static unsigned nr_done, nr_used;
static struct page *page;

static void
note_done(struct bio *bio)
{
	if (nr_done < MAX_BIOS)
		order[nr_done] = bio->sector;
	nr_done++;
}

/* One sector to or from the page. */
static struct bio *
submit(struct block_device *disk, enum blk_op op, u64 sector)
{
	struct bio *bio = &bios[nr_used++];

	*bio = (struct bio){ .op = op, .sector = sector, .page = page,
			     .bytes = SECTOR_SIZE, .done = note_done };
	submit_bio(disk, bio);
	return bio;
}

static struct block_device *
begin(struct test *t, bool hold)
{
	struct block_device *disk = NULL;

	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	nr_done = nr_used = 0;
	EXPECT(t, page != NULL);
	EXPECT_EQ(t, ramdisk_create("rq0", 4096, false, &disk), 0);
	if (disk && hold)
		ramdisk_hold(disk, true);
	return disk;
}

static void
end(struct test *t, struct block_device *disk)
{
	ramdisk_hold(disk, false);
	while (nr_done < nr_used)
		ramdisk_release(disk, ~0u);
	EXPECT_EQ(t, ramdisk_destroy(disk), 0);
	put_page(page);
}

/* Fill the disk, so that what comes now waits in the queue: reads of odd
 * sectors, none of which is another's neighbour. */
static void
fill_slots(struct block_device *disk)
{
	for (unsigned i = 0; i < DEPTH; i++)
		submit(disk, BLK_READ, 2001 + 2 * i);
}

/* Let all go, one at a time: order[from ...] is how they left. */
static void
let_go(struct block_device *disk)
{
	while (ramdisk_release(disk, 1))
		;
}

static void
neighbours_leave_as_one_request_however_they_came(struct test *t)
{
	static const u8 sectors[] = { 12, 10, 11, 14, 13 };
	struct block_device *disk = begin(t, true);
	struct blk_plug plug;

	ASSERT(t, disk);
	blk_start_plug(&plug);
	for (unsigned i = 0; i < 5; i++)
		submit(disk, BLK_WRITE, sectors[i]);
	EXPECT_EQ(t, ramdisk_nr_held(disk), 0);
	blk_finish_plug(&plug);
	EXPECT_EQ(t, ramdisk_nr_held(disk), 1);
	let_go(disk);
	EXPECT_EQ(t, disk->requests[BLK_WRITE], 1);
	EXPECT_EQ(t, disk->sectors[BLK_WRITE], 5);
	for (unsigned i = 0; i < 5; i++)
		EXPECT_EQ(t, order[i], 10 + i);
	end(t, disk);
}

static void
a_gap_or_another_direction_is_no_neighbour(struct test *t)
{
	struct block_device *disk = begin(t, true);
	struct blk_plug plug;

	ASSERT(t, disk);
	blk_start_plug(&plug);
	submit(disk, BLK_WRITE, 10);
	submit(disk, BLK_WRITE, 12);
	submit(disk, BLK_READ, 11);
	blk_finish_plug(&plug);
	EXPECT_EQ(t, ramdisk_nr_held(disk), 3);
	end(t, disk);
}

static void
a_request_has_no_more_pieces_than_the_disk_takes(struct test *t)
{
	struct block_device *disk = begin(t, true);
	struct blk_plug plug;

	ASSERT(t, disk);
	disk->max_segments = 4;
	blk_start_plug(&plug);
	for (unsigned i = 0; i < 10; i++)
		submit(disk, BLK_WRITE, 10 + i);
	blk_finish_plug(&plug);
	EXPECT_EQ(t, ramdisk_nr_held(disk), 3);
	end(t, disk);
	EXPECT_EQ(t, nr_done, 10);
}

/*	the disk is at 100:  500 700 900, then 50 60
 */
static void
the_elevator_goes_one_way(struct test *t)
{
	static const u16 sectors[] = { 900, 60, 700, 50, 500 };
	static const u16 expected[] = { 500, 700, 900, 50, 60 };
	struct block_device *disk = begin(t, true);

	ASSERT(t, disk);
	for (unsigned i = 0; i < DEPTH; i++)
		submit(disk, BLK_READ, 101 + 2 * i);
	for (unsigned i = 0; i < 5; i++)
		submit(disk, BLK_READ, sectors[i]);
	EXPECT_EQ(t, ramdisk_nr_held(disk), DEPTH);
	let_go(disk);
	for (unsigned i = 0; i < 5; i++)
		EXPECT_EQ(t, order[DEPTH + i], expected[i]);
	end(t, disk);
}

static void
reads_go_before_writes(struct test *t)
{
	struct block_device *disk = begin(t, true);

	ASSERT(t, disk);
	fill_slots(disk);
	submit(disk, BLK_WRITE, 2100);
	submit(disk, BLK_WRITE, 2200);
	submit(disk, BLK_READ, 2300);
	submit(disk, BLK_READ, 10);
	let_go(disk);
	EXPECT_EQ(t, order[DEPTH], 2300);
	EXPECT_EQ(t, order[DEPTH + 1], 10);
	EXPECT_EQ(t, order[DEPTH + 2], 2100);
	EXPECT_EQ(t, order[DEPTH + 3], 2200);
	end(t, disk);
}

/* Where sector was done, or ~0. */
static unsigned
place_of(u64 sector)
{
	for (unsigned i = 0; i < nr_done && i < MAX_BIOS; i++) {
		if (order[i] == sector)
			return i;
	}
	return ~0u;
}

/* Reads come all the time, yet the write goes after 48 requests. */
static void
a_write_does_not_wait_for_ever(struct test *t)
{
	struct block_device *disk = begin(t, true);

	ASSERT(t, disk);
	fill_slots(disk);
	submit(disk, BLK_WRITE, 4000);
	for (unsigned i = 0; i < 100; i++)
		submit(disk, BLK_READ, 3 * i);
	let_go(disk);
	EXPECT_EQ(t, place_of(4000), DEPTH + 48);
	end(t, disk);
}

/* Reads come ahead of the disk all the time, yet the one behind it goes. */
static void
a_read_behind_the_elevator_does_not_wait_for_ever(struct test *t)
{
	struct block_device *disk = begin(t, true);

	ASSERT(t, disk);
	fill_slots(disk);
	submit(disk, BLK_READ, 5);
	for (unsigned i = 0; i < 40; i++)
		submit(disk, BLK_READ, 2100 + 3 * i);
	let_go(disk);
	EXPECT_EQ(t, place_of(5), DEPTH + 16);
	end(t, disk);
}

static void
a_plug_goes_when_its_task_sleeps(struct test *t)
{
	struct block_device *disk = begin(t, false);
	struct blk_plug plug;
	unsigned nr = 0;

	ASSERT(t, disk);
	blk_start_plug(&plug);
	submit(disk, BLK_READ, 7);
	EXPECT_EQ(t, nr_done, 0);
	yield();			/* it only lets others go first */
	EXPECT_EQ(t, nr_done, 0);
	/* If the time is over before it can sleep, it does not. */
	for (unsigned i = 0; i < 100 && !nr_done; i++)
		usleep(100);
	EXPECT_EQ(t, nr_done, 1);
	/* And when there are many. */
	while (nr < 64) {
		submit(disk, BLK_READ, 20);
		nr++;
	}
	EXPECT_EQ(t, nr_done, 65);
	submit(disk, BLK_READ, 9);
	blk_finish_plug(&plug);
	EXPECT_EQ(t, nr_done, 66);
	EXPECT(t, current->plug == NULL);
	end(t, disk);
}

static void
an_inner_plug_leaves_it_to_the_outer_one(struct test *t)
{
	struct block_device *disk = begin(t, false);
	struct blk_plug outer, inner;

	ASSERT(t, disk);
	blk_start_plug(&outer);
	blk_start_plug(&inner);
	submit(disk, BLK_READ, 7);
	blk_finish_plug(&inner);
	EXPECT_EQ(t, nr_done, 0);
	blk_finish_plug(&outer);
	EXPECT_EQ(t, nr_done, 1);
	end(t, disk);
}

static void
what_cannot_be_is_told_at_once(struct test *t)
{
	struct block_device *disk = begin(t, false);
	struct bio *bio;

	ASSERT(t, disk);
	EXPECT_EQ(t, submit(disk, BLK_READ, 4096)->status, -ERANGE);
	EXPECT_EQ(t, submit(disk, BLK_READ, 4095)->status, 0);
	disk->read_only = true;
	EXPECT_EQ(t, submit(disk, BLK_WRITE, 1)->status, -EROFS);
	disk->read_only = false;
	bio = &bios[nr_used++];
	*bio = (struct bio){ .op = BLK_READ, .page = page, .bytes = 100,
			     .done = note_done };
	submit_bio(disk, bio);
	EXPECT_EQ(t, bio->status, -EINVAL);
	bio = &bios[nr_used++];
	*bio = (struct bio){ .op = BLK_READ, .page = page, .offset = 3584,
			     .bytes = 1024, .done = note_done };
	submit_bio(disk, bio);
	EXPECT_EQ(t, bio->status, -EINVAL);
	bio = &bios[nr_used++];
	*bio = (struct bio){ .op = BLK_READ, .page = page, .bytes = 1024,
			     .sector = 4095, .done = note_done };
	submit_bio(disk, bio);
	EXPECT_EQ(t, bio->status, -ERANGE);	/* half of it is there */
	EXPECT_EQ(t, nr_done, 6);
	end(t, disk);
}

static void
the_nth_request_fails_and_no_other(struct test *t)
{
	struct block_device *disk = begin(t, false);

	ASSERT(t, disk);
	blk_fail_requests(disk, 1u << BLK_WRITE, 2, 1);
	for (unsigned i = 0; i < 5; i++) {
		EXPECT_EQ(t, submit(disk, BLK_READ, 10 * i)->status, 0);
		EXPECT_EQ(t, submit(disk, BLK_WRITE, 10 * i)->status,
			  i == 2 ? -EIO : 0);
	}
	EXPECT_EQ(t, disk->errors, 1);
	end(t, disk);
}

static void
verify_sees_a_queue_that_contradicts_itself(struct test *t)
{
	struct block_device *disk = begin(t, true);
	struct bio *bio;

	ASSERT(t, disk);
	fill_slots(disk);
	submit(disk, BLK_READ, 100);
	bio = submit(disk, BLK_READ, 200);
	EXPECT(t, blk_queue_sound(disk));
	bio->sector = 50;		/* not in order */
	EXPECT(t, verify_catches("Q1"));
	bio->sector = 200;
	list_del(&bio->list);		/* in the tree alone */
	EXPECT(t, verify_catches("Q1"));
	list_add_tail(&bio->list, &bios[nr_used - 2].list);
	EXPECT_VERIFIED(t);
	end(t, disk);
}

static void
verify_sees_a_run_that_is_torn(struct test *t)
{
	struct block_device *disk = begin(t, true);
	struct bio *run, *bio;

	ASSERT(t, disk);
	fill_slots(disk);
	run = submit(disk, BLK_READ, 100);
	bio = submit(disk, BLK_READ, 101);
	EXPECT(t, blk_queue_sound(disk));
	bio->sector = 102;		/* a gap */
	EXPECT(t, verify_catches("Q1"));
	bio->sector = 101;
	run->nr = 3;
	EXPECT(t, verify_catches("Q1"));
	run->nr = 2;
	run->end = 103;
	EXPECT(t, verify_catches("Q1"));
	run->end = 102;
	EXPECT_VERIFIED(t);
	end(t, disk);
}

/* Without a place in the tree, until one is no neighbour of the last. */
static void
what_comes_in_order_is_one_run(struct test *t)
{
	struct block_device *disk = begin(t, true);
	struct bio *first, *behind;

	ASSERT(t, disk);
	fill_slots(disk);
	first = submit(disk, BLK_WRITE, 10);
	submit(disk, BLK_READ, 500);	/* another direction does not end it */
	submit(disk, BLK_WRITE, 11);
	submit(disk, BLK_WRITE, 12);
	EXPECT_EQ(t, first->nr, 3);
	behind = submit(disk, BLK_WRITE, 14);
	submit(disk, BLK_WRITE, 13);
	EXPECT_EQ(t, first->nr, 3);
	EXPECT_EQ(t, behind->nr, 1);
	EXPECT(t, blk_queue_sound(disk));
	end(t, disk);
	EXPECT_EQ(t, nr_done, DEPTH + 6);
}

/* What came last has left: the next is no part of it. */
static void
nothing_joins_a_run_that_has_left(struct test *t)
{
	struct block_device *disk = begin(t, true);
	struct bio *first, *next;

	ASSERT(t, disk);
	first = submit(disk, BLK_WRITE, 10);
	EXPECT_EQ(t, ramdisk_nr_held(disk), 1);
	next = submit(disk, BLK_WRITE, 11);
	EXPECT_EQ(t, ramdisk_nr_held(disk), 2);
	EXPECT_EQ(t, first->nr, 1);
	EXPECT_EQ(t, next->nr, 1);
	end(t, disk);
}

/* --- a driver that is busy --- */

static atomic_t busy_times;

static int
busy_submit(struct block_device *disk, struct blk_request *rq)
{
	if (atomic_add_unless(&busy_times, -1, 0))
		return atomic_read(&busy_times) % 2 ? -EBUSY : -ENOMEM;
	blk_done(disk, rq, 0);
	return 0;
}

static const struct block_ops busy_ops = { .submit = busy_submit };

/* A disk of 100 sectors with a driver of ours. */
static struct block_device driven;

static void
begin_driven(struct test *t, const char *name, const struct block_ops *ops)
{
	driven = (struct block_device){ .driver = "test", .nr_sectors = 100,
					.max_segments = 8, .ops = ops };
	strscpy(driven.name, name, sizeof(driven.name));
	ASSERT_EQ(t, blk_register(&driven), 0);
	page = alloc_page(GFP_KERNEL);
	nr_done = nr_used = 0;
	ASSERT(t, page);
}

/* Nothing is under way that would call again: the queue comes by itself. */
static void
a_driver_without_room_is_asked_again(struct test *t)
{
	begin_driven(t, "busy", &busy_ops);
	atomic_set(&busy_times, 4);
	submit(&driven, BLK_READ, 3);
	submit(&driven, BLK_READ, 9);
	TEST_WAIT_UNTIL(READ_ONCE(nr_done) == 2);
	EXPECT_EQ(t, bios[0].status, 0);
	EXPECT_EQ(t, atomic_read(&busy_times), 0);
	TEST_WAIT_UNTIL(blk_unregister(&driven) == 0);
	put_page(page);
}

/* A request made of two runs, 7 and 5 6, comes back to the queue as one. */
static void
a_run_that_found_no_room_is_whole(struct test *t)
{
	struct blk_plug plug;

	begin_driven(t, "busy", &busy_ops);
	atomic_set(&busy_times, 2);
	blk_start_plug(&plug);
	submit(&driven, BLK_READ, 7);
	submit(&driven, BLK_READ, 5);
	submit(&driven, BLK_READ, 6);
	blk_finish_plug(&plug);
	EXPECT_EQ(t, bios[1].nr, 3);
	EXPECT_EQ(t, bios[1].end, 8);
	EXPECT(t, blk_queue_sound(&driven));
	TEST_WAIT_UNTIL(READ_ONCE(nr_done) == 3);
	EXPECT_EQ(t, driven.sectors[BLK_READ], 3);
	TEST_WAIT_UNTIL(blk_unregister(&driven) == 0);
	put_page(page);
}

/* --- the end of a disk --- */

static bool may_leave, is_taken_away;

/* It is done before the one that sent it is out of the driver. */
static int
done_early(struct block_device *disk, struct blk_request *rq)
{
	blk_done(disk, rq, 0);
	while (!READ_ONCE(may_leave))
		msleep(1);
	return 0;
}

static const struct block_ops early_ops = { .submit = done_early };

static void
send_one(void *disk)
{
	submit(disk, BLK_READ, 3);
}

static void
take_away(void *disk)
{
	while (blk_unregister(disk))
		msleep(1);
	WRITE_ONCE(is_taken_away, true);
}

/* Its queue is freed when the last core has left it, not with the last piece. */
static void
a_disk_goes_when_all_have_left_its_queue(struct test *t)
{
	struct task *sender, *taker;

	begin_driven(t, "early", &early_ops);
	may_leave = is_taken_away = false;
	sender = test_start(t, send_one, &driven, "sender");
	TEST_WAIT_UNTIL(READ_ONCE(nr_done) == 1);
	taker = test_start(t, take_away, &driven, "taker");
	msleep(50);
	EXPECT(t, !READ_ONCE(is_taken_away));
	WRITE_ONCE(may_leave, true);
	test_join(sender);
	test_join(taker);
	EXPECT(t, is_taken_away);
	put_page(page);
}

/* --- many cores --- */

#define EACH	200u

static atomic_t nr_finished, nr_failed;

static void
count_done(struct bio *bio)
{
	if (bio->status)
		atomic_inc(&nr_failed);
	atomic_inc(&nr_finished);
	complete(bio->private);
}

static void
submit_many(struct test *t, unsigned cpu, void *arg)
{
	struct page *own = alloc_page(GFP_KERNEL);
	DECLARE_COMPLETION(done);

	if (!EXPECT(t, own != NULL))
		return;
	for (unsigned i = 0; i < EACH; i++) {
		struct bio bio = {
			.op = i % 3 ? BLK_WRITE : BLK_READ, .page = own,
			.bytes = SECTOR_SIZE, .done = count_done,
			.private = &done,
			.sector = cpu * 512 + i * 37 % 512,
		};

		submit_bio(arg, &bio);
		wait_for_completion(&done);
	}
	put_page(own);
}

static void
every_piece_is_done_once(struct test *t)
{
	struct block_device *disk = begin(t, false);
	u64 all;

	ASSERT(t, disk);
	atomic_set(&nr_finished, 0);
	atomic_set(&nr_failed, 0);
	test_on_all_cpus(t, submit_many, disk);
	EXPECT_EQ(t, atomic_read(&nr_failed), 0);
	all = disk->sectors[BLK_READ] + disk->sectors[BLK_WRITE];
	EXPECT_EQ(t, all, (u64)atomic_read(&nr_finished));
	EXPECT_EQ(t, all % EACH, 0);
	end(t, disk);
}

TEST_SUITE("blk_queue",
	   TEST_CASE(neighbours_leave_as_one_request_however_they_came),
	   TEST_CASE(a_gap_or_another_direction_is_no_neighbour),
	   TEST_CASE(a_request_has_no_more_pieces_than_the_disk_takes),
	   TEST_CASE(the_elevator_goes_one_way),
	   TEST_CASE(reads_go_before_writes),
	   TEST_CASE(a_write_does_not_wait_for_ever),
	   TEST_CASE(a_read_behind_the_elevator_does_not_wait_for_ever),
	   TEST_CASE(a_plug_goes_when_its_task_sleeps),
	   TEST_CASE(an_inner_plug_leaves_it_to_the_outer_one),
	   TEST_CASE(what_cannot_be_is_told_at_once),
	   TEST_CASE(the_nth_request_fails_and_no_other),
	   TEST_CASE(verify_sees_a_queue_that_contradicts_itself),
	   TEST_CASE(verify_sees_a_run_that_is_torn),
	   TEST_CASE(what_comes_in_order_is_one_run),
	   TEST_CASE(nothing_joins_a_run_that_has_left),
	   TEST_CASE(a_run_that_found_no_room_is_whole),
	   TEST_CASE(a_driver_without_room_is_asked_again),
	   TEST_CASE(a_disk_goes_when_all_have_left_its_queue),
	   TEST_CASE(every_piece_is_done_once));
