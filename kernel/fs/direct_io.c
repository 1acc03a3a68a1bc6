/* SPDX-License-Identifier: MIT */
/*
 * O_DIRECT: between a disk and a program's memory, past the page cache.
 *
 *	buffered    disk --> page of the cache --copy--> program
 *	direct	    disk ----------------------> program
 *
 * For whom  A program with a cache of its own (a data base) has each page once and
 *   not twice, and one that reads a disk through does not push out what others
 *   use. It waits for the disk each time: nothing is read ahead, nothing is
 *   written later.
 *
 * Ideas
 *   Pins	the device writes to the program's frames, so these are pinned
 *	(mm/as/gup.c): reclaim leaves them alone, and fork copies them at once, so
 *	that the bytes come to who asked.
 *   Alignment  what a disk moves is sectors: the place in the file, the addresses
 *	and the lengths must be multiples of 512, or it is EINVAL. The end of a
 *	file that is none is read through the cache.
 *   One truth  before: dirty pages of the range go to the disk; for a write they
 *	leave the cache, and again behind it, since a reader or a mapping may
 *	have brought the old bytes in meanwhile. A page that cannot go (it is
 *	pinned: the memory of this very write, perhaps) makes it a buffered write
 *	that is waited for. So read(), mappings and O_DIRECT agree.
 *   Holes	read as zeros. A write fills them through the cache: a block that
 *	hung in the file before its bytes are there would show a reader what
 *	it held before. Behind the end nobody reads, so a file grows without
 *	the cache, as long as whole blocks are written.
 *
 *	file	[ blocks ][ hole ][ blk | end ]
 *	write	  direct   cache   direct   direct: whole new blocks, then the size
 *
 * Locks   i_lock over all of it, for a read too: what is cut off meanwhile would
 *   be another file's when the disk comes to it.
 * Cost    a bio for each page; none is copied.
 * Questions a reader asks
 *   Who zeroes the rest of a new block?  There is none: what does not fill a whole
 *   one goes through the cache.
 * Sources  Linux, open(2), O_DIRECT under NOTES; fs/direct-io.c for the cases.
 */
#include <kernel/blk.h>
#include <kernel/completion.h>
#include <kernel/pageio.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/highmem.h>
#include <mm/mm.h>
#include <mm/slab.h>

#define DIO_PAGES	32u	/* pinned at once */
#define DIO_BIOS	32u

/* What is under way at once: a piece of the program's memory. */
struct dio {
	struct inode *inode;
	get_block_t get_block;
	bool write, kernel;
	struct page *pages[DIO_PAGES];
	unsigned nr_pages;
	unsigned first;			/* offset in pages[0] */
	struct bio bios[DIO_BIOS];
	unsigned nr;
	atomic_t left;			/* bios, and one while they are sent */
	int err;
	struct completion done;
};

/* --- the program's memory ---------------------------------------------------- */

/* The pages of n bytes from at on, as far as they are there. 0 or -Exxx. */
static int
pin_piece(struct dio *d, char *at, size_t n)
{
	unsigned long start = (unsigned long)at & PAGE_MASK;
	struct mm_struct *mm = current->mm;
	long got;

	d->first = (unsigned)((unsigned long)at - start);
	d->nr_pages = (unsigned)((d->first + n + PAGE_SIZE - 1) >> PAGE_SHIFT);
	if (d->kernel) {
		for (unsigned i = 0; i < d->nr_pages; i++) {
			d->pages[i] = virt_to_page((void *)(start +
							    i * PAGE_SIZE));
			get_page(d->pages[i]);
		}
		return 0;
	}
	down_read(&mm->mmap_lock);
	got = pin_user_pages(mm, start, d->nr_pages,
			     d->write ? 0 : FOLL_WRITE, d->pages);
	up_read(&mm->mmap_lock);
	d->nr_pages = got > 0 ? (unsigned)got : 0;
	return got > 0 ? 0 : got ? (int)got : -EFAULT;
}

/* No device is lent a frame of the kernel's image (the page of zeros). */
static bool
may_be_lent(const struct dio *d)
{
	for (unsigned i = 0; i < d->nr_pages; i++)
		if (page_state(compound_head(d->pages[i])) ==
		    PAGE_STATE_RESERVED)
			return false;
	return true;
}

static void
unpin_piece(struct dio *d)
{
	if (!d->kernel) {
		unpin_user_pages(d->pages, d->nr_pages, !d->write);
		return;
	}
	for (unsigned i = 0; i < d->nr_pages; i++)
		put_page(d->pages[i]);
}

/* --- the disk's ----------------------------------------------------------------- */

static void
put_dio(struct dio *d)
{
	if (atomic_dec_and_test(&d->left))
		complete(&d->done);
}

static void
bio_done(struct bio *bio)
{
	struct dio *d = bio->private;

	if (bio->status)
		WRITE_ONCE(d->err, bio->status);
	put_dio(d);
}

/* n bytes at sector, to or from byte at of the pages; false: no bio is left. */
static bool
add_piece(struct dio *d, struct block_device *disk, u64 sector, unsigned at,
	  unsigned n)
{
	struct page *page = d->pages[at >> PAGE_SHIFT];
	struct bio *last = d->nr ? &d->bios[d->nr - 1] : NULL;
	unsigned offset = at & (PAGE_SIZE - 1);

	if (last && last->page == page && last->offset + last->bytes == offset &&
	    last->sector + (last->bytes >> SECTOR_SHIFT) == sector) {
		last->bytes += n;
		return true;
	}
	if (d->nr == DIO_BIOS)
		return false;
	d->bios[d->nr++] = (struct bio){
		.op = d->write ? BLK_WRITE : BLK_READ, .page = page,
		.offset = offset, .bytes = n, .sector = sector, .disk = disk,
		.done = bio_done, .private = d,
	};
	return true;
}

/* May a write of n bytes at pos give the file a block it has not?  All of it,
 * behind the end. */
static bool
may_create(const struct dio *d, u64 pos, size_t n)
{
	unsigned bytes = 1u << d->inode->i_blkbits;

	return d->write && !(pos & (bytes - 1)) && n >= bytes &&
	       pos >= i_size_read(d->inode);
}

static void
zero_hole(struct dio *d, unsigned at, unsigned n)
{
	char *addr = kmap_local_page(d->pages[at >> PAGE_SHIFT]);

	memset(addr + (at & (PAGE_SIZE - 1)), 0, n);
	kunmap_local(addr);
}

/*
 * Bios for n bytes at pos. Returns for how many: fewer at a hole that is to be
 * written, or when there is no bio left; or -Exxx.
 */
static ssize_t
build(struct dio *d, u64 pos, size_t n)
{
	unsigned bits = d->inode->i_blkbits, bytes = 1u << bits, m;
	size_t done;
	int err;

	for (done = 0; done < n; done += m, pos += m) {
		struct block_map map = { .disk = d->inode->i_sb->s_bdev };
		unsigned at = d->first + (unsigned)done;
		unsigned in_block = (unsigned)pos & (bytes - 1);

		m = min(bytes - in_block,
			(unsigned)(PAGE_SIZE - (at & (PAGE_SIZE - 1))));
		m = min((size_t)m, n - done);
		err = d->get_block(d->inode, pos >> bits,
				   may_create(d, pos, n - done), &map);
		if (err)
			return done ? (ssize_t)done : err;
		if (map.sector == BLOCK_HOLE) {
			if (d->write)
				break;
			zero_hole(d, at, m);
		} else if (!add_piece(d, map.disk, map.sector +
				      (in_block >> SECTOR_SHIFT), at, m)) {
			break;
		}
	}
	return (ssize_t)done;
}

/* All bios go, and come back. */
static int
send(struct dio *d)
{
	struct blk_plug plug;
	unsigned was;

	d->err = 0;
	init_completion(&d->done);
	atomic_set(&d->left, 1 + (s32)d->nr);
	blk_start_plug(&plug);
	for (unsigned i = 0; i < d->nr; i++)
		submit_bio(d->bios[i].disk, &d->bios[i]);
	blk_finish_plug(&plug);
	put_dio(d);
	was = psi_stall_enter(PSI_IO_STALL);
	wait_for_completion(&d->done);
	psi_stall_leave(was);
	return READ_ONCE(d->err);
}

/* --- the call -------------------------------------------------------------------- */

/* Bytes that were moved, 0: the cache must do it; or -Exxx. */
static ssize_t
move_piece(struct dio *d, struct iov_iter *iter, u64 pos, size_t most)
{
	size_t n;
	char *at;
	ssize_t done;
	int err;

	n = iov_iter_piece(iter, most, &at);
	n = min(n, DIO_PAGES * PAGE_SIZE - ((unsigned long)at & ~PAGE_MASK));
	err = pin_piece(d, at, n);
	if (err)
		return err;
	n = min(n, (size_t)d->nr_pages * PAGE_SIZE - d->first);
	d->nr = 0;
	done = may_be_lent(d) ? build(d, pos, n) : 0;
	if (done > 0) {
		err = send(d);
		done = err ? err : done;
	}
	unpin_piece(d);
	return done;
}

/* Are the place and all pieces whole sectors? */
static bool
is_aligned(const struct iov_iter *iter, u64 pos)
{
	unsigned long bits = (unsigned long)pos | iter->offset;
	size_t left = iter->count + iter->offset;

	for (const struct iovec *iov = iter->iov; left; iov++) {
		size_t n = min(left, iov->iov_len);

		bits |= n ? (unsigned long)iov->iov_base | n : 0;
		left -= n;
	}
	return !(bits & (SECTOR_SIZE - 1));
}

/* The kernel's own memory must lie in a row of frames; one piece, as all callers
 * have it. */
static bool
is_lowmem(const struct iov_iter *iter)
{
	const char *at = iter->iov->iov_base;

	return (unsigned long)at >= PAGE_OFFSET &&
	       at + iter->iov->iov_len <= (const char *)high_memory;
}

ssize_t
block_direct_io(struct address_space *mapping, struct iov_iter *iter, u64 *pos,
		bool write, get_block_t get_block)
{
	struct inode *inode = mapping->host;
	u64 end = write ? *pos + iter->count :
			  i_size_read(inode) & ~(u64)(SECTOR_SIZE - 1);
	ssize_t total = 0, n = 0;
	struct dio *d;

	if (!iter->count || (!write && *pos >= i_size_read(inode)))
		return 0;
	if (!is_aligned(iter, *pos))
		return -EINVAL;
	if (iter->kernel && !is_lowmem(iter))
		return 0;
	d = kmalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		return -ENOMEM;
	d->inode = inode;
	d->get_block = get_block;
	d->write = write;
	d->kernel = iter->kernel;
	while (iter->count && *pos < end) {
		n = move_piece(d, iter, *pos, (size_t)min((u64)iter->count,
							  end - *pos));
		if (n <= 0)
			break;
		iov_iter_advance(iter, (size_t)n);
		*pos += (u64)n;
		total += n;
		if (write && *pos > i_size_read(inode))
			i_size_write(inode, *pos);
		cond_resched();
	}
	kfree(d);
	return total ? total : n;
}
