/* SPDX-License-Identifier: MIT */
/*
 * Pages of files, read from and written to blocks of a disk.
 *
 *	page of a file	  [ block 8 | block 9 | block 10 | block 11 ]
 *			      |		|	 |	    |
 *	get_block()	    1 200     1 202    a hole	  3 064	    sectors
 *			      \---------/		    |
 *	bios		       one, 2 KiB	zeros	   one, 1 KiB
 *
 * Ideas
 *   One page, one page_io: it has room for a bio for each block, as blocks may
 *	lie anywhere; those in a row share one. The last that is done ends the
 *	I/O of the page. There is nothing to remember for a block in between
 *	(Linux has a buffer head for each): the file system is asked again.
 *   Hole	is zeros in memory and nothing on the disk. Only prepare_write gives
 *	it a block; write_page leaves it out.
 *   Behind the end of the file the disk may hold anything. What is read is zeroed
 *	from there on (zero_from); a file that grows zeroes the rest of its last
 *	page before (filemap_rw.c). Writing does not: a write that makes the
 *	file longer copies without the page lock, and would lose to it.
 *   Memory	is wanted when pages are written because memory is short: so page_ios
 *	come from a pool that always has some, and come back by themselves.
 *
 * Locks   the page lock, from start to the last bio; for a write until it has
 *   begun, then PG_writeback.
 * Cost    one object and one bio for a page whose blocks lie in a row.
 */
#include <kernel/blk.h>
#include <kernel/completion.h>
#include <kernel/init.h>
#include <kernel/pageio.h>
#include <kernel/panic.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/highmem.h>
#include <mm/mempool.h>

#define MAX_RUNS	4u	/* blocks of a page are 1 KiB at least */
#define POOL_MIN	32u

struct page_io {
	struct page *page;
	atomic_t left;			/* bios, and one while they are made */
	int err;			/* any of them; last writer wins */
	unsigned zero_from;		/* of the page, when it was read */
	struct completion *waiter;	/* read_page's, who keeps the lock */
	unsigned nr;
	struct bio bios[MAX_RUNS];
};

static struct mempool *pool;

/* Zero [from, to) of page. Context: any. */
static void
zero_page_part(struct page *page, unsigned from, unsigned to)
{
	char *addr;

	if (from >= to)
		return;
	addr = kmap_local_page(page);
	memset(addr + from, 0, to - from);
	kunmap_local(addr);
}

/* --- the end ------------------------------------------------------------------ */

static void
end_read(struct page_io *io)
{
	struct completion *waiter = io->waiter;
	struct page *page = io->page;
	int err = io->err;

	if (!err)
		zero_page_part(page, io->zero_from, PAGE_SIZE);
	mempool_free(io, pool);
	if (!waiter) {
		page_end_read(page, err);
		return;
	}
	if (!err)
		page_mark_uptodate(page);
	complete(waiter);
}

static void
put_io(struct page_io *io, bool write)
{
	struct page *page = io->page;
	int err;

	if (!atomic_dec_and_test(&io->left))
		return;
	if (!write) {
		end_read(io);
		return;
	}
	err = io->err;
	mempool_free(io, pool);
	end_page_writeback(page, err);
}

static void
bio_done(struct bio *bio)
{
	struct page_io *io = bio->private;

	if (bio->status)
		WRITE_ONCE(io->err, bio->status);
	put_io(io, bio->op == BLK_WRITE);
}

/* --- the beginning --------------------------------------------------------------- */

static struct page_io *
new_io(struct page *page)
{
	struct page_io *io = mempool_alloc(pool, GFP_NOFS);

	io->page = page;
	atomic_set(&io->left, 1);
	io->err = 0;
	io->zero_from = PAGE_SIZE;
	io->waiter = NULL;
	io->nr = 0;
	return io;
}

/* One more block of the page, at offset, for the I/O. */
static void
add_block(struct page_io *io, enum blk_op op, const struct block_map *map,
	  unsigned offset, unsigned bytes)
{
	struct bio *last = io->nr ? &io->bios[io->nr - 1] : NULL;

	if (last && last->offset + last->bytes == offset &&
	    last->disk == map->disk &&
	    last->sector + (last->bytes >> SECTOR_SHIFT) == map->sector) {
		last->bytes += bytes;
		return;
	}
	io->bios[io->nr++] = (struct bio){
		.op = op, .page = io->page, .offset = offset, .bytes = bytes,
		.sector = map->sector, .disk = map->disk,
		.done = bio_done, .private = io,
	};
}

static void
submit_io(struct page_io *io, bool write)
{
	unsigned nr = io->nr;

	atomic_add(&io->left, (s32)nr);
	for (unsigned i = 0; i < nr; i++)
		submit_bio(io->bios[i].disk, &io->bios[i]);
	put_io(io, write);	/* our own share; io may be gone now */
}

/* Where the file ends in page: bytes of it that belong to the file. */
static unsigned
bytes_in_file(const struct inode *inode, const struct page *page)
{
	u64 start = (u64)page->user.index << PAGE_SHIFT;
	u64 size = i_size_read(inode);

	return size <= start ? 0 : (unsigned)min(size - start, (u64)PAGE_SIZE);
}

/* Ask for each block of the page up to end, and put it into io. Holes are
 * zeroed when read, left out when written. */
static int
map_page_blocks(struct page_io *io, struct inode *inode, enum blk_op op,
		unsigned end, get_block_t get_block)
{
	unsigned bytes = 1u << inode->i_blkbits, offset;
	u64 block = ((u64)io->page->user.index << PAGE_SHIFT) >>
		    inode->i_blkbits;
	int err;

	for (offset = 0; offset < end; offset += bytes, block++) {
		struct block_map map = { .disk = inode->i_sb->s_bdev };

		err = get_block(inode, block, false, &map);
		if (err)
			return err;
		if (map.sector != BLOCK_HOLE)
			add_block(io, op, &map, offset, bytes);
		else if (op == BLK_READ)
			zero_page_part(io->page, offset, offset + bytes);
	}
	return 0;
}

static int
start_read(struct address_space *mapping, struct page *page,
	   get_block_t get_block, struct completion *waiter)
{
	struct inode *inode = mapping->host;
	struct page_io *io = new_io(page);
	unsigned end = bytes_in_file(inode, page);
	int err = map_page_blocks(io, inode, BLK_READ, end, get_block);

	if (err) {
		mempool_free(io, pool);
		return err;
	}
	io->zero_from = end;
	io->waiter = waiter;
	submit_io(io, false);
	return 0;
}

int
block_start_read(struct address_space *mapping, struct page *page,
		 get_block_t get_block)
{
	return start_read(mapping, page, get_block, NULL);
}

int
block_read_page(struct address_space *mapping, struct page *page,
		get_block_t get_block)
{
	DECLARE_COMPLETION(done);
	int err = start_read(mapping, page, get_block, &done);

	if (err)
		return err;
	wait_for_completion(&done);
	return page_uptodate(page) ? 0 : -EIO;
}

int
block_write_page(struct address_space *mapping, struct page *page,
		 get_block_t get_block)
{
	struct inode *inode = mapping->host;
	struct page_io *io = new_io(page);
	int err = map_page_blocks(io, inode, BLK_WRITE,
				  bytes_in_file(inode, page), get_block);

	if (err) {
		mempool_free(io, pool);
		return err;
	}
	set_page_writeback(page);
	unlock_page(page);
	submit_io(io, true);
	return 0;
}

int
block_prepare_write(struct address_space *mapping, struct page *page,
		    unsigned from, unsigned to, get_block_t get_block)
{
	struct inode *inode = mapping->host;
	unsigned bits = inode->i_blkbits, offset;
	u64 base = ((u64)page->user.index << PAGE_SHIFT) >> bits;
	int err = 0;

	/* First, while what is a hole reads as zeros. */
	if (!page_uptodate(page) && (from || to < PAGE_SIZE))
		err = block_read_page(mapping, page, get_block);
	for (offset = from >> bits << bits; !err && offset < to;
	     offset += 1u << bits) {
		struct block_map map = { .disk = inode->i_sb->s_bdev };

		err = get_block(inode, base + (offset >> bits), true, &map);
	}
	return err;
}

u64
block_bmap(struct address_space *mapping, unsigned long index,
	   get_block_t get_block)
{
	struct inode *inode = mapping->host;
	unsigned bits = inode->i_blkbits, i;
	u64 base = ((u64)index << PAGE_SHIFT) >> bits, first = 0;

	for (i = 0; i < PAGE_SIZE >> bits; i++) {
		struct block_map map = { .disk = inode->i_sb->s_bdev };

		if (get_block(inode, base + i, false, &map) ||
		    map.sector == BLOCK_HOLE)
			return 0;
		if (!i)
			first = map.sector;
		else if (map.sector != first + ((u64)i << (bits - 9)))
			return 0;
	}
	return first;
}

static int __init
pageio_init(void)
{
	struct kmem_cache *cache =
		kmem_cache_create("page_io", sizeof(struct page_io), 0,
				  SLAB_PANIC, NULL);

	pool = mempool_create_slab_pool(POOL_MIN, cache);
	if (!pool)
		panic("pageio: no memory");
	return 0;
}
device_initcall(pageio_init);
