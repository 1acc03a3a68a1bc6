/* SPDX-License-Identifier: MIT */
/*
 * Pages of files that lie in blocks of a disk: see kernel/fs/pageio.c. A file
 * system says where a block of a file is; the rest of its
 * address_space_operations is made of these.
 */
#ifndef KERNEL_PAGEIO_H
#define KERNEL_PAGEIO_H

#include <kernel/fs.h>
#include <mm/writeback.h>

struct block_device;

#define BLOCK_HOLE	(~(u64)0)

struct block_map {
	struct block_device *disk;	/* set by the caller: s_bdev */
	u64 sector;			/* the block's first; BLOCK_HOLE: none */
	bool fresh;			/* it was made now: its content is not the
					 * file's yet */
};

/*
 * Where block number block (of 1 << inode->i_blkbits bytes, 1024 to 4096) of
 * inode is. create: find room for it if it has none. Context: may sleep; the
 * page lock is held. 0 or -Exxx.
 */
typedef int (*get_block_t)(struct inode *inode, u64 block, bool create,
			   struct block_map *map);

/* For read_page, start_read, write_page, prepare_write of a mapping. */
int block_read_page(struct address_space *mapping, struct page *page,
		    get_block_t get_block);
int block_start_read(struct address_space *mapping, struct page *page,
		     get_block_t get_block);
int block_write_page(struct address_space *mapping, struct page *page,
		     get_block_t get_block);
int block_prepare_write(struct address_space *mapping, struct page *page,
			unsigned from, unsigned to, get_block_t get_block);
/* For direct_io: see there, and kernel/fs/direct_io.c. */
ssize_t block_direct_io(struct address_space *mapping, struct iov_iter *iter,
			u64 *pos, bool write, get_block_t get_block);
/* For bmap: the first sector of page index, 0 unless its blocks lie in a row. */
u64 block_bmap(struct address_space *mapping, unsigned long index,
	       get_block_t get_block);

#endif
