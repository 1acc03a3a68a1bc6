/* SPDX-License-Identifier: MIT */
/*
 * ext2: symbolic links.
 *
 * Fast		up to 59 characters stand in the inode, where others have the
 *		numbers of their blocks: following one reads no block.
 * Slow		longer ones, up to a block, have one.
 */
#include <lib/errno.h>
#include <lib/string.h>

#include "ext2_fs.h"

#define FAST_MAX	(EXT2_N_BLOCKS * 4u - 1)

int
ext2_set_link(struct inode *inode, const char *target)
{
	struct super_block *sb = inode->i_sb;
	size_t len = strlen(target);
	struct page *page;
	bool fresh;
	u32 block;
	int err;

	if (len >= EXT2_SB(sb)->geo.block_size)
		return -ENAMETOOLONG;
	if (len <= FAST_MAX) {
		memcpy(EXT2_I(inode)->data, target, len);
	} else {
		err = ext2_get_block(inode, 0, true, &block, &fresh);
		if (!err)
			err = ext2_bnew(sb, block, &page);
		if (err)
			return err;
		memcpy(page_address(page), target, len);
		set_page_dirty(page);
		put_page(page);
	}
	i_size_write(inode, len);
	mark_inode_dirty(inode, I_DIRTY_DATASYNC);
	return 0;
}

static int
ext2_readlink(struct inode *inode, char *buf, size_t size)
{
	size_t n = min((size_t)inode->i_size, size);
	struct page *page;
	u32 block;
	int err;

	if (ext2_is_fast_link(inode)) {
		memcpy(buf, EXT2_I(inode)->data, n);
		return (int)n;
	}
	err = ext2_get_block(inode, 0, false, &block, NULL);
	if (!err && !block)
		err = ext2_error(inode->i_sb, "link %llu has no block",
				 inode->i_ino);
	if (!err)
		err = ext2_bread(inode->i_sb, block, &page);
	if (err)
		return err;
	memcpy(buf, page_address(page), n);
	put_page(page);
	return (int)n;
}

const struct inode_operations ext2_link_iops = {
	.readlink = ext2_readlink,
};
