/* SPDX-License-Identifier: MIT */
/* zram0 as a plain disk, and what it costs to keep each kind of page. */
#include <drivers/zram.h>
#include <drivers/zram_slot.h>
#include <kernel/blk.h>
#include <kernel/node.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <lib/random.h>
#include <mm/debug.h>
#include <mm/highmem.h>
#include <mm/slab.h>
#include "files.h"
#include "swap_helpers.h"
#include "sweep.h"

#define NR_PAGES	64u
#define SECTORS		8u		/* in a page */

static u8 *model, *page;		/* NR_PAGES pages; one */
static struct block_device *disk;

/* A disk of NR_PAGES and memory for the case; false: skipped or failed. */
static bool
begin(struct test *t)
{
	if (zram_size()) {
		t->skip = "zram0 is in use (zram=)";
		return false;
	}
	if (!EXPECT_EQ(t, zram_set_size(NR_PAGES << PAGE_SHIFT), 0))
		return false;
	disk = blk_find("zram0");
	model = kvzalloc((NR_PAGES + 1) << PAGE_SHIFT, GFP_KERNEL);
	page = get_free_page(GFP_KERNEL);
	return EXPECT(t, disk && model && page);
}

static void
end(struct test *t)
{
	const char *bad = zram_verify();

	if (bad)
		test_info(t, "%s", bad);
	EXPECT(t, !bad);
	EXPECT_EQ(t, zram_reset(), 0);
	kvfree(model);
	free_page(page);
}

static void
fill_noise(struct test *t, u8 *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (u8)test_random(t);
}

/* One of four kinds: a word, text, half noise, noise. */
static void
fill_kind(struct test *t, u8 *p, unsigned kind)
{
	memset(p, (int)test_random(t) & 0xff, PAGE_SIZE);
	if (kind == 1)
		for (unsigned i = 0; i < PAGE_SIZE; i++)
			p[i] = "a page of text and "[i % 19] + i / 1024;
	else if (kind >= 2)
		fill_noise(t, p, kind == 2 ? PAGE_SIZE / 2 : PAGE_SIZE);
}

static int
write_page(u32 index, const void *data)
{
	return blk_write(disk, (u64)index * SECTORS, data, PAGE_SIZE);
}

static int
read_page(u32 index, void *data)
{
	return blk_read(disk, (u64)index * SECTORS, data, PAGE_SIZE);
}

static void
whole_pages_come_back(struct test *t)
{
	unsigned bad = 0;

	if (!begin(t))
		return;
	for (unsigned i = 0; i < 400; i++) {
		u32 index = random_below(&t->rng, NR_PAGES);

		fill_kind(t, page, i % 4);
		EXPECT_EQ(t, write_page(index, page), 0);
		memcpy(model + index * PAGE_SIZE, page, PAGE_SIZE);
	}
	for (u32 i = 0; i < NR_PAGES; i++) {
		EXPECT_EQ(t, read_page(i, page), 0);
		bad += memcmp(page, model + i * PAGE_SIZE, PAGE_SIZE) != 0;
	}
	EXPECT_EQ(t, bad, 0);
	end(t);
}

/* Any run of sectors, from memory at any offset. */
static void
single_sectors_come_back(struct test *t)
{
	unsigned bad = 0;
	u8 *two;

	if (!begin(t))
		return;
	two = get_free_pages(GFP_KERNEL, 2);
	ASSERT(t, two);
	for (unsigned i = 0; i < 600; i++) {
		u32 n = 1 + random_below(&t->rng, 20);
		u32 at = random_below(&t->rng, NR_PAGES * SECTORS - n + 1);
		u8 *mem = two + random_below(&t->rng, 9) * 512;

		if (i % 3 == 2) {
			EXPECT_EQ(t, blk_read(disk, at, mem, n * 512), 0);
			bad += memcmp(mem, model + at * 512, n * 512) != 0;
			continue;
		}
		if (i % 2)
			memset(mem, (int)i, n * 512);
		else
			fill_noise(t, mem, n * 512);
		memcpy(model + at * 512, mem, n * 512);
		EXPECT_EQ(t, blk_write(disk, at, mem, n * 512), 0);
	}
	EXPECT_EQ(t, bad, 0);
	free_pages(two, 2);
	end(t);
}

static void
segments_follow_each_other(struct test *t)
{
	struct scatterlist sg[3];
	struct blk_request rq = { .op = BLK_WRITE, .sector = 5, .sg = sg,
				  .nr_sg = 3 };

	if (!begin(t))
		return;
	fill_noise(t, page, PAGE_SIZE);
	sg_set_buf(&sg[0], page + 512, 512);
	sg_set_buf(&sg[1], page, 512);
	sg_set_buf(&sg[2], page + 1024, 3072);
	EXPECT_EQ(t, blk_execute(disk, &rq), 0);
	EXPECT_EQ(t, blk_read(disk, 5, model, PAGE_SIZE), 0);
	EXPECT(t, !memcmp(model, page + 512, 512));
	EXPECT(t, !memcmp(model + 512, page, 512));
	EXPECT(t, !memcmp(model + 1024, page + 1024, 3072));
	end(t);
}

static void
what_was_never_written_is_zero(struct test *t)
{
	if (!begin(t))
		return;
	memset(page, 0xaa, PAGE_SIZE);
	EXPECT_EQ(t, read_page(7, page), 0);
	EXPECT(t, !memcmp(page, model, PAGE_SIZE));
	memset(page, 0xaa, PAGE_SIZE);
	EXPECT_EQ(t, blk_read(disk, 7, page, 512), 0);
	EXPECT(t, !memcmp(page, model, 512) && page[512] == 0xaa);
	end(t);
}

static void
each_kind_of_page_has_its_cost(struct test *t)
{
	struct zram_stats st;

	if (!begin(t))
		return;
	for (u32 i = 0; i < 16; i++) {
		memset(page, (int)i, PAGE_SIZE);
		EXPECT_EQ(t, write_page(i, page), 0);
	}
	zram_get_stats(&st);
	EXPECT(t, st.stored == 16 && st.same == 16 && !st.frames);
	fill_kind(t, page, 3);
	EXPECT_EQ(t, write_page(0, page), 0);
	EXPECT_EQ(t, write_page(20, page), 0);
	zram_get_stats(&st);
	EXPECT(t, st.stored == 17 && st.same == 15 && st.raw == 2);
	EXPECT(t, st.frames == 2 && st.raw_ever == 2 && !st.packed_bytes);
	fill_kind(t, page, 2);
	EXPECT_EQ(t, write_page(20, page), 0);
	zram_get_stats(&st);
	EXPECT(t, st.stored == 17 && st.raw == 1 && st.raw_ever == 2);
	EXPECT(t, st.packed_bytes > 2048 && st.packed_bytes < 2200);
	EXPECT(t, st.frames >= 2 && st.frames_max >= st.frames);
	end(t);
}

/* The last word differs, or one in the middle: not the same word throughout. */
static void
one_other_word_is_not_lost(struct test *t)
{
	static const unsigned places[] = { 0, 1, 2, 511, 1021, 1022, 1023 };

	if (!begin(t))
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		memset(page, 0x5a, PAGE_SIZE);
		((u32 *)page)[places[i]] = 1;
		EXPECT_EQ(t, write_page(3, page), 0);
		memset(page, 0, PAGE_SIZE);
		EXPECT_EQ(t, read_page(3, page), 0);
		EXPECT_EQ(t, ((u32 *)page)[places[i]], 1);
		((u32 *)page)[places[i]] = 0x5a5a5a5a;
		memset(model, 0x5a, PAGE_SIZE);
		EXPECT(t, !memcmp(page, model, PAGE_SIZE));
	}
	end(t);
}

static void
a_slot_given_back_gives_its_memory_back(struct test *t)
{
	struct zram_stats st;

	if (!begin(t))
		return;
	for (u32 i = 0; i < NR_PAGES; i++) {
		fill_kind(t, page, i % 4);
		EXPECT_EQ(t, write_page(i, page), 0);
	}
	/* From the middle of page 1 to that of page 5: pages 2, 3, 4. */
	EXPECT_EQ(t, blk_discard(disk, 12, 32), 0);
	zram_get_stats(&st);
	EXPECT_EQ(t, st.stored, NR_PAGES - 3);
	EXPECT_EQ(t, st.freed, 3);
	EXPECT_EQ(t, read_page(2, page), 0);
	EXPECT(t, !memcmp(page, model, PAGE_SIZE));
	EXPECT_EQ(t, blk_discard(disk, 0, NR_PAGES * SECTORS), 0);
	zram_get_stats(&st);
	EXPECT(t, !st.stored && !st.frames && !st.raw && !st.same);
	EXPECT_EQ(t, st.packed_bytes, 0);
	EXPECT_EQ(t, blk_discard(disk, 8, NR_PAGES * SECTORS), -ERANGE);
	end(t);
}

/* --- What goes wrong --- */

static void
sizes_and_limits_are_checked(struct test *t)
{
	if (!begin(t))
		return;
	EXPECT_EQ(t, zram_set_size(4096), -EBUSY);
	EXPECT_EQ(t, zram_set_size(0), -EINVAL);
	EXPECT_EQ(t, zram_set_size(65ull << 30), -EINVAL);
	EXPECT_EQ(t, blk_read(disk, NR_PAGES * SECTORS, page, 512), -ERANGE);
	EXPECT_EQ(t, blk_read(disk, NR_PAGES * SECTORS - 1, page, 1024),
		  -ERANGE);
	blk_hold(disk);
	EXPECT_EQ(t, zram_reset(), -EBUSY);
	blk_release(disk);
	EXPECT_EQ(t, zram_reset(), 0);
	EXPECT(t, !blk_find("zram0"));
	EXPECT_EQ(t, zram_set_size(4097), 0);
	EXPECT_EQ(t, zram_size(), 8192);
	EXPECT_EQ(t, disk->nr_sectors, 16);
	end(t);
}

static void
above_its_limit_it_takes_no_more(struct test *t)
{
	struct zram_stats st;

	if (!begin(t))
		return;
	zram_set_limit(3 * PAGE_SIZE - 1);
	EXPECT_EQ(t, zram_limit(), 3 * PAGE_SIZE);
	fill_kind(t, page, 3);
	for (u32 i = 0; i < 3; i++)
		EXPECT_EQ(t, write_page(i, page), 0);
	EXPECT_EQ(t, write_page(3, page), -ENOMEM);
	fill_kind(t, model, 2);
	EXPECT_EQ(t, write_page(0, model), -ENOMEM);
	EXPECT_EQ(t, blk_write(disk, 0, model, 512), -ENOMEM);
	EXPECT_EQ(t, read_page(0, model), 0);
	EXPECT(t, !memcmp(model, page, PAGE_SIZE));
	zram_get_stats(&st);
	EXPECT(t, st.frames == 3 && st.frames_max == 3 && st.stored == 3);
	EXPECT_EQ(t, st.failed_writes, 3);
	memset(page, 0, PAGE_SIZE);
	EXPECT_EQ(t, write_page(3, page), 0);
	EXPECT_EQ(t, blk_discard(disk, 0, 8), 0);
	zram_forget_max();
	zram_get_stats(&st);
	EXPECT_EQ(t, st.frames_max, 2);
	end(t);
}

static void
without_memory_the_old_page_stays(struct test *t)
{
	if (!begin(t))
		return;
	fill_kind(t, model, 2);
	EXPECT_EQ(t, write_page(1, model), 0);
	for (unsigned kind = 1; kind < 4; kind += 2) {
		fill_kind(t, page, kind);
		fault_inject_nth(1);
		EXPECT_EQ(t, write_page(1, page), -ENOMEM);
		EXPECT(t, fault_inject_nth_done());
		EXPECT_EQ(t, read_page(1, page), 0);
		EXPECT(t, !memcmp(page, model, PAGE_SIZE));
	}
	end(t);
}

static int
size_and_reset(void)
{
	int err = zram_set_size(65536);

	if (err)
		return zram_size() || zram_verify() ? -EIO : err;
	return zram_reset();
}

static void
a_size_without_memory_is_refused(struct test *t)
{
	if (zram_size())
		SKIP(t, "zram0 is in use (zram=)");
	EXPECT(t, sweep(t, size_and_reset) >= 3);
}

static void
a_damaged_block_is_an_error_of_its_page_alone(struct test *t)
{
	struct zram_stats st;
	const struct zram_slot *slot;
	u8 junk = 0xf0;

	if (!begin(t))
		return;
	fill_kind(t, page, 1);
	for (u32 i = 0; i < 3; i++)
		EXPECT_EQ(t, write_page(i, page), 0);
	slot = &zram0.table[1];
	ASSERT_EQ(t, slot->kind, ZRAM_PACKED);
	zs_write(zram0.pool, slot->value, &junk, 1);
	EXPECT_EQ(t, read_page(1, model), -EIO);
	EXPECT_EQ(t, blk_write(disk, 8, page, 512), -EIO);
	EXPECT_EQ(t, read_page(0, model), 0);
	EXPECT_EQ(t, read_page(2, model), 0);
	EXPECT(t, !memcmp(model, page, PAGE_SIZE));
	zram_get_stats(&st);
	EXPECT(t, st.failed_reads == 1 && st.failed_writes == 1);
	EXPECT_EQ(t, write_page(1, page), 0);
	EXPECT_EQ(t, read_page(1, model), 0);
	end(t);
}

static void
verify_sees_each_rule_broken(struct test *t)
{
	const char *bad;
	zs_handle_t extra;

	if (!begin(t))
		return;
	fill_kind(t, page, 1);
	EXPECT_EQ(t, write_page(0, page), 0);
	zram0.table[0].size++;
	bad = zram_verify();
	EXPECT(t, bad && !strncmp(bad, "R1", 2));
	zram0.table[0].size--;
	atomic_inc(&zram0.same);
	bad = zram_verify();
	EXPECT(t, bad && !strncmp(bad, "R1", 2));
	atomic_dec(&zram0.same);
	extra = zs_malloc(zram0.pool, 100, GFP_KERNEL);
	bad = zram_verify();
	EXPECT(t, bad && !strncmp(bad, "R2", 2));
	zs_free(zram0.pool, extra);
	end(t);
}

/* --- All cores --- */

/* Each core a sector of its own of every page, and all of them every page. */
static void
core_works(struct test *t, unsigned cpu, void *arg)
{
	u8 *mine = kmalloc(1024, GFP_KERNEL), *back = mine + 512;
	u64 rng = cpu + 1;

	if (!EXPECT(t, mine))
		return;

	for (unsigned i = 0; i < 300; i++) {
		u32 index = random_below(&rng, 4);

		memset(mine, (int)(cpu * 50 + i % 40), 512);
		mine[i] = (u8)i;
		if (blk_write(disk, index * SECTORS + cpu, mine, 512) ||
		    blk_read(disk, index * SECTORS + cpu, back, 512) ||
		    memcmp(mine, back, 512)) {
			EXPECT_EQ(t, i, -1);
			break;
		}
		if (i % 16 == 0)
			yield();
	}
	kfree(mine);
}

static void
cores_keep_their_sectors_of_one_page(struct test *t)
{
	if (!begin(t))
		return;
	test_on_all_cpus(t, core_works, NULL);
	end(t);
}

/* --- Swap --- */

/*
 * Pages go to a swap area on it and come back; a slot that is needed no more
 * gives its memory back.
 */
static void
swap_on_it_gives_memory_back(struct test *t)
{
	const unsigned long at = 0x10000000;
	struct mm_struct *mm;
	struct zram_stats st;
	unsigned bad = 0;

	if (!begin(t))
		return;
	mm = mm_alloc();
	ASSERT(t, mm);
	EXPECT_EQ(t, make_swap(disk, NR_PAGES - 1), 0);
	EXPECT_EQ(t, swap_on_disk(disk->dev, SWAP_NAME, 5), 0);
	EXPECT_EQ(t, zram_reset(), -EBUSY);
	EXPECT_EQ(t, as_map(mm, at, 32 * PAGE_SIZE, RW, ANON | MAP_FIXED), at);
	for (u32 i = 0; i < 32; i++) {
		fill_kind(t, model + i * PAGE_SIZE, i % 4);
		bad += access_remote_vm(mm, at + i * PAGE_SIZE,
					model + i * PAGE_SIZE, PAGE_SIZE,
					FOLL_WRITE) != PAGE_SIZE;
		bad += !send_to_swap(mm, at + i * PAGE_SIZE);
	}
	zram_get_stats(&st);
	EXPECT(t, st.stored >= 32 && st.raw == 8);
	for (u32 i = 0; i < 32; i++) {
		bad += access_remote_vm(mm, at + i * PAGE_SIZE, page,
					PAGE_SIZE, 0) != PAGE_SIZE;
		bad += memcmp(page, model + i * PAGE_SIZE, PAGE_SIZE) != 0;
	}
	EXPECT_EQ(t, bad, 0);
	mmput(mm);
	zram_get_stats(&st);
	EXPECT(t, st.freed >= 32 && !st.raw);
	EXPECT_EQ(t, swap_off(SWAP_NAME), 0);
	end(t);
}

/* --- Its files --- */

static int
set(const char *name, const char *value)
{
	char path[64];
	struct file *f;
	ssize_t n;
	u64 pos = 0;
	int err;

	snprintf(path, sizeof(path), "/proc/sys/block/zram0/%s", name);
	err = filp_open(path, O_WRONLY, 0, &f);
	if (err)
		return err;
	n = kernel_write(f, value, strlen(value), &pos);
	fput(f);
	return n == (ssize_t)strlen(value) ? 0 : (int)n;
}

static void
its_files_say_what_it_holds(struct test *t)
{
	char text[128];
	struct seq_buf s;

	if (zram_size())
		SKIP(t, "zram0 is in use (zram=)");
	EXPECT(t, file_is("/proc/sys/block/zram0/disksize", "0\n"));
	EXPECT(t, file_is("/proc/sys/block/zram0/initstate", "0\n"));
	EXPECT(t, file_is("/proc/sys/block/zram0/reset", "0\n"));
	EXPECT(t, file_is("/proc/sys/block/zram0/classes",
			  "no pool: it has no size yet\n"));
	EXPECT_EQ(t, set("disksize", "1x"), -EINVAL);
	EXPECT_EQ(t, set("disksize", "256K"), 0);
	EXPECT_EQ(t, set("disksize", "256K"), -EBUSY);
	EXPECT_EQ(t, set("mem_limit", "64K"), 0);
	disk = blk_find("zram0");
	page = get_free_page(GFP_KERNEL);
	ASSERT(t, disk && page);
	memset(page, 1, PAGE_SIZE);
	EXPECT_EQ(t, write_page(0, page), 0);
	fill_noise(t, page, PAGE_SIZE);
	EXPECT_EQ(t, write_page(1, page), 0);
	EXPECT(t, file_is("/proc/sys/block/zram0/disksize", "262144\n"));
	EXPECT(t, file_is("/proc/sys/block/zram0/initstate", "1\n"));
	EXPECT(t, file_is("/proc/sys/block/zram0/comp_algorithm", "[lz4]\n"));
	EXPECT(t, file_is("/proc/sys/block/zram0/mem_used_max", "4096\n"));
	EXPECT_EQ(t, blk_discard(disk, 0, 8), 0);
	EXPECT(t, file_is("/proc/sys/block/zram0/io_stat",
			  "       0        0        0        1\n"));
	seq_buf_init(&s, text, sizeof(text));
	node_find("sys/block/zram0/mm_stat")->show(&s);
	EXPECT(t, !strcmp(text, "    4096     4096     4096    65536     4096"
			  "        0        0        1        1\n"));
	EXPECT_EQ(t, set("mem_used_max", "7"), -EINVAL);
	EXPECT_EQ(t, set("mem_used_max", "0"), 0);
	EXPECT_EQ(t, set("comp_algorithm", "zstd"), -EINVAL);
	EXPECT_EQ(t, set("reset", "2"), -EINVAL);
	EXPECT_EQ(t, set("reset", "1"), 0);
	EXPECT(t, file_is("/proc/sys/block/zram0/disksize", "0\n"));
	EXPECT(t, file_is("/proc/sys/block/zram0/mem_limit", "0\n"));
	free_page(page);
}

/* --- compaction --- */

#define MANY	1024u			/* pages of the disk */

/* Page i: text and noise, of sizes that differ. */
static void
fill_text(u8 *p, u32 i)
{
	if (i % 64 == 0) {		/* kept without an object */
		memset(p, 0x5a, PAGE_SIZE);
		return;
	}
	for (unsigned at = 0; at < PAGE_SIZE; at++)
		p[at] = at % 4096 < 600 + i % 64 * 8 ?
			(u8)(at * at * 31 + i * 7 + (at >> 3) * i) :
			"a page of text "[at % 15];
}

/* A disk of MANY pages of which every fourth is left. */
static bool
begin_fragmented(struct test *t)
{
	unsigned bad = 0;

	if (zram_size()) {
		t->skip = "zram0 is in use (zram=)";
		return false;
	}
	model = page = NULL;
	if (!EXPECT_EQ(t, zram_set_size(MANY << PAGE_SHIFT), 0))
		return false;
	disk = blk_find("zram0");
	page = get_free_page(GFP_KERNEL);
	if (!EXPECT(t, disk && page))
		return false;
	for (u32 i = 0; i < MANY; i++) {
		fill_text(page, i);
		bad += write_page(i, page) != 0;
	}
	for (u32 i = 0; i < MANY; i++)
		if ((i * 7 + i / 5) % 4)
			bad += blk_discard(disk, (u64)i * SECTORS, SECTORS) != 0;
	return EXPECT_EQ(t, bad, 0);
}

static unsigned
wrong_pages(void)
{
	u8 *want = get_free_page(GFP_KERNEL);
	unsigned bad = 0;

	if (!want)
		return MANY;
	for (u32 i = 0; i < MANY; i++) {
		if ((i * 7 + i / 5) % 4)
			continue;
		fill_text(want, i);
		bad += read_page(i, page) || memcmp(page, want, PAGE_SIZE);
	}
	free_page(want);
	return bad;
}

static unsigned long
frames_used(void)
{
	struct zram_stats st;

	zram_get_stats(&st);
	return st.frames;
}

static void
a_fragmented_pool_gives_frames_back(struct test *t)
{
	unsigned long before, after;
	struct zram_stats st;

	EXPECT_EQ(t, set("compact", "1"), zram_size() ? 0 : -EINVAL);
	if (!begin_fragmented(t))
		return;
	before = frames_used();
	EXPECT_EQ(t, set("compact", "0"), -EINVAL);
	EXPECT_EQ(t, set("compact", "1"), 0);
	after = frames_used();
	test_info(t, "%lu frames, then %lu", before, after);
	EXPECT(t, after < before * 3 / 5);
	zram_get_stats(&st);
	EXPECT_EQ(t, st.compacted, before - after);
	EXPECT_EQ(t, wrong_pages(), 0);
	end(t);
}

static void
the_shrinker_compacts_when_memory_is_short(struct test *t)
{
	unsigned long before;

	if (!begin_fragmented(t))
		return;
	before = frames_used();
	for (unsigned i = 0; i < 8; i++)
		shrink_slab(0);
	EXPECT(t, frames_used() < before * 3 / 5);
	EXPECT_EQ(t, wrong_pages(), 0);
	end(t);
}

static atomic_t nr_bad;

/* Each core has every n-th page: written anew, read, given back. */
static void
use_pages(struct test *t, unsigned cpu, void *arg)
{
	unsigned nr = num_online_cpus();
	u8 *mine = get_free_pages(GFP_KERNEL, 1);

	(void)arg;
	EXPECT(t, mine);
	for (u32 i = cpu; mine && i < MANY; i += nr) {
		fill_text(mine, i + 1);
		if (write_page(i, mine) ||
		    read_page(i, mine + PAGE_SIZE) ||
		    memcmp(mine, mine + PAGE_SIZE, PAGE_SIZE))
			atomic_inc(&nr_bad);
		if (i % 3)
			blk_discard(disk, (u64)i * SECTORS, SECTORS);
		if (i % 32 == cpu)
			zram_compact();
	}
	free_pages(mine, 1);
}

static void
pages_are_used_while_others_move(struct test *t)
{
	if (num_online_cpus() < 2)
		SKIP(t, "one core");
	if (!begin_fragmented(t))
		return;
	atomic_set(&nr_bad, 0);
	test_on_all_cpus(t, use_pages, NULL);
	EXPECT_EQ(t, atomic_read(&nr_bad), 0);
	end(t);
}

TEST_SUITE("zram",
	   TEST_CASE(whole_pages_come_back),
	   TEST_CASE(single_sectors_come_back),
	   TEST_CASE(segments_follow_each_other),
	   TEST_CASE(what_was_never_written_is_zero),
	   TEST_CASE(each_kind_of_page_has_its_cost),
	   TEST_CASE(one_other_word_is_not_lost),
	   TEST_CASE(a_slot_given_back_gives_its_memory_back),
	   TEST_CASE(sizes_and_limits_are_checked),
	   TEST_CASE(above_its_limit_it_takes_no_more),
	   TEST_CASE(without_memory_the_old_page_stays),
	   TEST_CASE(a_size_without_memory_is_refused),
	   TEST_CASE(a_damaged_block_is_an_error_of_its_page_alone),
	   TEST_CASE(verify_sees_each_rule_broken),
	   TEST_CASE(cores_keep_their_sectors_of_one_page),
	   TEST_CASE(swap_on_it_gives_memory_back),
	   TEST_CASE(its_files_say_what_it_holds),
	   TEST_CASE(a_fragmented_pool_gives_frames_back),
	   TEST_CASE(the_shrinker_compacts_when_memory_is_short),
	   TEST_CASE(pages_are_used_while_others_move));
