/* SPDX-License-Identifier: MIT */
/*
 * zram's slots: how one page of the disk is kept.
 *
 *	write	all words the same?	SAME	the word, no memory
 *		LZ4 <= 3264 bytes?	PACKED	an object of the pool
 *		else			RAW	a frame
 *
 *	    packed before any lock is taken	-> new slot
 *	    locked: table[i] <-> new slot
 *	    what was there before is freed
 *
 *   A write that is no whole page reads, changes and packs it with the lock held,
 *   so that two of them to one page cannot lose each other's half.
 *
 * Locks	locks[i % ZRAM_LOCKS] (rank ZRAM): slot i, and that what it names
 *		stays: a reader expands it with the lock held. Under it: the pool's.
 *		Scratch memory is this core's: nothing here sleeps, and
 *		interrupts do not come here.
 */
#include <drivers/zram_slot.h>
#include <kernel/irq.h>
#include <kernel/panic.h>
#include <kernel/smp.h>
#include <lib/errno.h>
#include <lib/lz4.h>
#include <lib/string.h>
#include <mm/highmem.h>
#include <mm/slab.h>

/* A page on its way out must not wait for memory; it may take a reserve. */
#define ZRAM_GFP	(GFP_ATOMIC | __GFP_HIGHMEM | __GFP_NOWARN)

struct zram_scratch {
	struct lz4_work work;
	u8 packed[PAGE_SIZE];	/* also: an object that lies in two frames */
	u8 page[PAGE_SIZE];	/* that is changed in part */
};

static DEFINE_PER_CPU(struct zram_scratch *, scratch);

int
zram_scratch_alloc(void)
{
	unsigned cpu;

	for_each_online_cpu(cpu) {
		struct zram_scratch **mine = per_cpu_ptr(&scratch, cpu);

		*mine = kmalloc(sizeof(**mine), GFP_KERNEL);
		if (!*mine) {
			zram_scratch_free();
			return -ENOMEM;
		}
	}
	return 0;
}

void
zram_scratch_free(void)
{
	unsigned cpu;

	for_each_online_cpu(cpu) {
		struct zram_scratch **mine = per_cpu_ptr(&scratch, cpu);

		kfree(*mine);
		*mine = NULL;
	}
}

static struct zram_scratch *
this_scratch(void)
{
	assert(!in_interrupt());
	return this_cpu_read(scratch);
}

static spinlock_t *
slot_lock(struct zram *z, u32 index)
{
	return &z->locks[index % ZRAM_LOCKS];
}

unsigned long
zram_frames(struct zram *z)
{
	return zs_get_total_pages(z->pool) +
	       (unsigned long)atomic_read(&z->raw_frames);
}

/* --- Keeping --- */

/* Is the page one word again and again? The last is looked at first. */
static bool
same_filled(const u32 *page, u32 *word)
{
	const u32 *end = page + PAGE_SIZE / sizeof(u32) - 1;
	u32 w = *page;

	if (*end != w)
		return false;
	*word = w;
	for (page++; page < end; page += 2) {
		if (page[0] != w || page[1] != w)
			return false;
	}
	return true;
}

/* Slots that name memory come and go: their counts. */
static void
count_slot(struct zram *z, const struct zram_slot *slot, int n)
{
	if (slot->kind == ZRAM_EMPTY)
		return;
	atomic_add(&z->stored, n);
	if (slot->kind == ZRAM_SAME)
		atomic_add(&z->same, n);
	else if (slot->kind == ZRAM_RAW)
		atomic_add(&z->raw, n);
	else
		atomic_add(&z->packed_bytes, n * slot->size);
}

static void
release(struct zram *z, const struct zram_slot *slot)
{
	if (slot->kind == ZRAM_PACKED) {
		zs_free(z->pool, slot->value);
	} else if (slot->kind == ZRAM_RAW) {
		free_frame(pfn_to_page(slot->value));
		atomic_dec(&z->raw_frames);
	}
}

static int
keep_raw(struct zram *z, const void *data, struct zram_slot *slot)
{
	struct page *page = alloc_page(ZRAM_GFP);
	void *addr;

	if (!page)
		return -ENOMEM;
	addr = kmap_local_page(page);
	copy_page(addr, data);
	kunmap_local(addr);
	slot->kind = ZRAM_RAW;
	slot->value = page_to_pfn(page);
	atomic_inc(&z->raw_frames);
	return 0;
}

static int
keep_packed(struct zram *z, const void *packed, unsigned n,
	    struct zram_slot *slot)
{
	slot->value = zs_malloc(z->pool, n, ZRAM_GFP);
	if (!slot->value)
		return -ENOMEM;
	zs_write(z->pool, slot->value, packed, n);
	slot->kind = ZRAM_PACKED;
	slot->size = (u16)n;
	return 0;
}

/* Was that too much? The most used so far is noted on the way. */
static bool
above_limit(struct zram *z)
{
	unsigned long frames = zram_frames(z);
	unsigned long limit = READ_ONCE(z->limit);
	s32 most = atomic_read(&z->frames_max);

	if (limit && frames > limit)
		return true;
	while ((s32)frames > most &&
	       !atomic_try_cmpxchg(&z->frames_max, most, (s32)frames))
		most = atomic_read(&z->frames_max);
	return false;
}

/* The page at data as a slot that nobody knows yet. */
static int
pack(struct zram *z, struct zram_scratch *my, const void *data,
     struct zram_slot *slot)
{
	size_t n;
	int err;

	*slot = (struct zram_slot){ .kind = ZRAM_SAME };
	if (same_filled(data, &slot->value))
		return 0;
	n = lz4_compress(&my->work, data, PAGE_SIZE, my->packed, ZS_MAX_SIZE);
	err = n ? keep_packed(z, my->packed, (unsigned)n, slot) :
		  keep_raw(z, data, slot);
	if (!err && above_limit(z)) {
		release(z, slot);
		err = -ENOMEM;
	}
	return err;
}

/* Locked. What was there before is returned in *slot, to be released. */
static void
exchange(struct zram *z, u32 index, struct zram_slot *slot)
{
	struct zram_slot old = z->table[index];

	z->table[index] = *slot;
	if (slot->kind == ZRAM_RAW)
		atomic_inc(&z->raw_ever);
	count_slot(z, slot, 1);
	count_slot(z, &old, -1);
	*slot = old;
}

/* --- Reading --- */

static void
fill_words(u32 *dst, u32 word)
{
	for (u32 *end = dst + PAGE_SIZE / sizeof(u32); dst < end; dst += 4)
		dst[0] = dst[1] = dst[2] = dst[3] = word;
}

/* Put the page that slot is into dst. Locked. 0, or -EIO. */
static int
expand(struct zram *z, const struct zram_slot *slot, void *dst)
{
	struct zram_scratch *my = this_scratch();
	const void *block;
	void *raw;
	int n;

	switch (slot->kind) {
	case ZRAM_EMPTY:
		clear_page(dst);
		return 0;
	case ZRAM_SAME:
		if (slot->value)
			fill_words(dst, slot->value);
		else
			clear_page(dst);
		return 0;
	case ZRAM_RAW:
		raw = kmap_local_page(pfn_to_page(slot->value));
		copy_page(dst, raw);
		kunmap_local(raw);
		return 0;
	default:
		block = zs_read_begin(z->pool, slot->value, slot->size,
				      my->packed);
		n = lz4_decompress(block, slot->size, dst, PAGE_SIZE);
		zs_read_end(block, my->packed);
		return n == PAGE_SIZE ? 0 : -EIO;
	}
}

/* --- What the disk asks for --- */

int
zram_read_page(struct zram *z, u32 index, unsigned offset, void *dst,
	       unsigned n)
{
	struct zram_scratch *my = this_scratch();
	bool whole = n == PAGE_SIZE;
	int err;

	spin_lock(slot_lock(z, index));
	err = expand(z, &z->table[index], whole ? dst : my->page);
	spin_unlock(slot_lock(z, index));
	if (!err && !whole)
		memcpy(dst, my->page + offset, n);
	return err;
}

static int
write_whole(struct zram *z, u32 index, const void *src)
{
	struct zram_slot slot;
	int err = pack(z, this_scratch(), src, &slot);

	if (err)
		return err;
	spin_lock(slot_lock(z, index));
	exchange(z, index, &slot);
	spin_unlock(slot_lock(z, index));
	release(z, &slot);
	return 0;
}

int
zram_write_page(struct zram *z, u32 index, unsigned offset,
		const void *src, unsigned n)
{
	struct zram_scratch *my = this_scratch();
	struct zram_slot slot = { .kind = ZRAM_EMPTY };
	int err;

	if (n == PAGE_SIZE)
		return write_whole(z, index, src);
	spin_lock(slot_lock(z, index));
	err = expand(z, &z->table[index], my->page);
	if (!err) {
		memcpy(my->page + offset, src, n);
		err = pack(z, my, my->page, &slot);
	}
	if (!err)
		exchange(z, index, &slot);
	spin_unlock(slot_lock(z, index));
	if (!err)
		release(z, &slot);
	return err;
}

bool
zram_compact_page(struct zram *z, u32 index)
{
	struct zram_slot *slot = &z->table[index];
	zs_handle_t handle = 0;
	bool moved = false;

	spin_lock(slot_lock(z, index));
	if (slot->kind == ZRAM_PACKED) {
		handle = zs_move(z->pool, slot->value, slot->size,
				 this_scratch()->packed);
		moved = handle != slot->value;
		slot->value = handle;
	}
	spin_unlock(slot_lock(z, index));
	return moved;
}

void
zram_free_page(struct zram *z, u32 index)
{
	struct zram_slot slot = { .kind = ZRAM_EMPTY };

	spin_lock(slot_lock(z, index));
	exchange(z, index, &slot);
	spin_unlock(slot_lock(z, index));
	release(z, &slot);
}
