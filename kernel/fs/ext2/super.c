/* SPDX-License-Identifier: MIT */
/*
 * ext2: mounting and unmounting, errors, figures.
 *
 *	super.c - balloc.c, ialloc.c (what is free) - map.c (blocks of a file)
 *	inode.c - dir.c, namei.c (names) - file.c (content) - meta.c (its blocks)
 *	format.c, bitmap.c, dirblock.c: the disk's form, pure (ext2.h)
 *
 * Ideas
 *   Mounted to be written	the super block says so at once: s_state loses
 *	EXT2_VALID_FS, which only umount gives back. So after a power cut e2fsck
 *	knows, without looking, that it has to look.
 *   Counts	the super block's own are not believed; they are the sums of the
 *	groups'.
 *   Features	a disk may have some that we do not know. Three words of bits
 *	say what that means: no matter, do not write, do not mount.
 *   Errors	what the disk should not be is met while it is used: it is told,
 *	noted in s_state, and errors= says how to go on: continue; remount-ro:
 *	nothing is written any more but what is dirty already; panic.
 *
 *	options	  errors=continue|remount-ro|panic	else as s_errors says
 *
 * Order of umount: the VFS has written the files and put all inodes; then what
 * is left is here: blocks of the structure, and last, when they are there, the
 * super block with its VALID.
 *
 * Locks   alloc_lock for what changes in the super block.
 * Sources see ext2.h.
 */
#include <kernel/blk.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/slab.h>
#include <mm/verify.h>

#include "ext2_fs.h"

/* --- errors -------------------------------------------------------------- */

/* Note it in the super block, if that may be written. */
static void
note_error(struct super_block *sb)
{
	struct ext2_info *info = EXT2_SB(sb);

	if (sb_rdonly(sb) || !info->es)
		return;
	WRITE_ONCE(info->state, info->state | EXT2_ERROR_FS);
	WRITE_ONCE(info->es->s_state, info->es->s_state | EXT2_ERROR_FS);
	set_page_dirty(info->super_page);
}

int
ext2_error(struct super_block *sb, const char *fmt, ...)
{
	struct ext2_info *info = EXT2_SB(sb);
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pr_err("ext2: %s: %s\n", sb->s_bdev->name, text);
	note_error(sb);
	if (info->errors == EXT2_ERRORS_PANIC)
		panic("ext2: %s: %s", sb->s_bdev->name, text);
	if (info->errors == EXT2_ERRORS_RO && !sb_rdonly(sb)) {
		WRITE_ONCE(sb->s_flags, sb->s_flags | SB_RDONLY);
		pr_err("ext2: %s: read-only from now on\n", sb->s_bdev->name);
	}
	return -EUCLEAN;
}

/* --- options ------------------------------------------------------------- */

static const char *const error_names[] = {
	[EXT2_ERRORS_CONTINUE] = "continue", [EXT2_ERRORS_RO] = "remount-ro",
	[EXT2_ERRORS_PANIC] = "panic",
};

/* The value of errors=, or 0. */
static u16
parse_errors(const char *value, size_t len)
{
	for (u16 i = EXT2_ERRORS_CONTINUE; i <= EXT2_ERRORS_PANIC; i++) {
		if (strlen(error_names[i]) == len &&
		    !memcmp(error_names[i], value, len))
			return i;
	}
	return 0;
}

/* "errors=panic,..." : 0 and *errors (left alone if it is not said), -EINVAL. */
static int
parse_options(const char *text, u16 *errors)
{
	const char *end;
	u16 value;

	for (; *text; text = *end ? end + 1 : end) {
		end = strchr(text, ',');
		if (!end)
			end = text + strlen(text);
		if (end == text)
			continue;
		if (strncmp(text, "errors=", 7))
			return -EINVAL;
		value = parse_errors(text + 7, (size_t)(end - text) - 7);
		if (!value)
			return -EINVAL;
		*errors = value;
	}
	return 0;
}

static void
ext2_show_options(struct seq_buf *s, struct super_block *sb)
{
	seq_printf(s, ",errors=%s", error_names[EXT2_SB(sb)->errors]);
}

/* --- reading what there is ----------------------------------------------- */

/* May it be mounted so? */
static int
check_features(struct super_block *sb, const struct ext2_super_block *es)
{
	bool incompat;
	u32 bits = ext2_unknown_features(es, &incompat);

	if (!bits)
		return 0;
	pr_err("ext2: %s: features %#x (%s) are not known%s\n",
	       sb->s_bdev->name, bits, incompat ? "incompat" : "ro_compat",
	       incompat ? "" : sb_rdonly(sb) ? "; it is only read" :
	       ": it can be mounted read-only");
	if (incompat)
		return -EINVAL;
	EXT2_SB(sb)->read_only_features = true;
	return sb_rdonly(sb) ? 0 : -EROFS;
}

/* The super block from where it always is: how large are blocks? */
static int
read_geometry(struct super_block *sb)
{
	struct ext2_super_block *es = kmalloc(sizeof(*es), GFP_KERNEL);
	struct block_device *disk = sb->s_bdev;
	const char *wrong;
	int err;

	if (!es)
		return -ENOMEM;
	err = disk->nr_sectors < 4 ? -EINVAL :
	      blk_read(disk, EXT2_SUPER_OFFSET / SECTOR_SIZE, es, sizeof(*es));
	if (!err) {
		wrong = ext2_read_geometry(&EXT2_SB(sb)->geo, es,
					   disk->nr_sectors << SECTOR_SHIFT);
		if (wrong)
			pr_err("ext2: %s: super block: %s\n", disk->name,
			       wrong);
		err = wrong ? -EINVAL : check_features(sb, es);
	}
	kfree(es);
	return err;
}

/* Hold the super block's page. */
static int
hold_super(struct super_block *sb)
{
	struct ext2_info *info = EXT2_SB(sb);
	u32 block = EXT2_SUPER_OFFSET / info->geo.block_size;
	int err = ext2_bread(sb, block, &info->super_page);

	if (err) {
		info->super_page = NULL;
		return err;
	}
	info->es = page_address(info->super_page) +
		   EXT2_SUPER_OFFSET % info->geo.block_size;
	return 0;
}

static int
hold_descriptors(struct super_block *sb)
{
	struct ext2_info *info = EXT2_SB(sb);
	u32 first = info->geo.first_data_block + 1, i;
	int err;

	info->desc_pages = kcalloc(info->geo.desc_blocks,
				   sizeof(*info->desc_pages), GFP_KERNEL);
	if (!info->desc_pages)
		return -ENOMEM;
	for (i = 0; i < info->geo.desc_blocks; i++) {
		err = ext2_bread(sb, first + i, &info->desc_pages[i]);
		if (err) {
			info->desc_pages[i] = NULL;
			return err;
		}
	}
	return 0;
}

/* Check each group, and add up what is free. */
static int
check_groups(struct super_block *sb)
{
	struct ext2_info *info = EXT2_SB(sb);
	const struct ext2_geometry *g = &info->geo;
	const struct ext2_group_desc *desc;
	u32 blocks = 0, inodes = 0, i;
	const char *wrong;

	info->overhead = g->first_data_block;
	for (i = 0; i < g->groups; i++) {
		desc = ext2_desc(sb, i, NULL);
		wrong = ext2_check_desc(g, i, desc);
		if (wrong) {
			pr_err("ext2: %s: group %u: %s\n", sb->s_bdev->name,
			       i, wrong);
			return -EUCLEAN;
		}
		blocks += desc->bg_free_blocks_count;
		inodes += desc->bg_free_inodes_count;
		info->overhead += 2 + g->itable_blocks;
		if (ext2_group_has_super(g, i))
			info->overhead += 1 + g->desc_blocks;
	}
	info->es->s_free_blocks_count = blocks;
	info->es->s_free_inodes_count = inodes;
	return 0;
}

static int
read_root(struct super_block *sb)
{
	struct inode *root;
	int err = ext2_iget(sb, EXT2_ROOT_INO, &root);

	if (err)
		return err;
	if (!S_ISDIR(root->i_mode)) {
		iput(root);
		return ext2_error(sb, "the root is no folder");
	}
	sb->s_root = d_make_root(root);
	if (sb->s_root)
		return 0;
	iput(root);
	return -ENOMEM;
}

/* --- mounted, unmounted -------------------------------------------------- */

static u32
now(void)
{
	return (u32)(realtime_ns() / NSEC_PER_SEC);
}

/* All that is dirty, then the disk's own cache. */
static int
ext2_sync_fs(struct super_block *sb, bool wait)
{
	int err;

	(void)wait;
	err = ext2_meta_sync(sb);
	if (!err)
		err = blk_flush(sb->s_bdev);
	return err;
}

/* From now on it is written to, and says so. */
static int
begin_writing(struct super_block *sb)
{
	struct ext2_info *info = EXT2_SB(sb);
	struct ext2_super_block *es = info->es;

	info->state = es->s_state;
	if (!(es->s_state & EXT2_VALID_FS))
		pr_warn("ext2: %s: was not unmounted; e2fsck should look at "
			"it\n", sb->s_bdev->name);
	else if (es->s_state & EXT2_ERROR_FS)
		pr_warn("ext2: %s: has errors; e2fsck should look at it\n",
			sb->s_bdev->name);
	es->s_state &= (u16)~EXT2_VALID_FS;
	es->s_mnt_count++;
	es->s_mtime = now();
	set_page_dirty(info->super_page);
	return ext2_sync_fs(sb, true);
}

/* All of it is there; as clean as it was before. */
static int
end_writing(struct super_block *sb)
{
	struct ext2_info *info = EXT2_SB(sb);
	int err = ext2_sync_fs(sb, true);

	if (err)
		return err;
	info->es->s_state = info->state;
	info->es->s_wtime = now();
	set_page_dirty(info->super_page);
	return ext2_sync_fs(sb, true);
}

/* Let go of all that fill_super() got. */
static void
release(struct super_block *sb)
{
	struct ext2_info *info = EXT2_SB(sb);

	for (u32 i = 0; info->desc_pages && i < info->geo.desc_blocks; i++) {
		if (info->desc_pages[i])
			put_page(info->desc_pages[i]);
	}
	kfree(info->desc_pages);
	if (info->super_page)
		put_page(info->super_page);
	info->es = NULL;
	if (info->meta)
		ext2_meta_exit(sb);
	sb->s_fs_info = NULL;
	kfree(info);
}

/* Nobody is in it any more. */
static void
ext2_put_super(struct super_block *sb)
{
	struct block_device *disk = sb->s_bdev;

	if (!sb_rdonly(sb) && end_writing(sb))
		pr_err("ext2: %s: not all of it could be written\n",
		       disk->name);
	else if (sb_rdonly(sb))
		ext2_sync_fs(sb, true);
	release(sb);
	/* Who reads the disk itself finds what it holds now. */
	invalidate_mapping_pages(disk->mapping, 0, ~0ul);
}

/* Written again, or not any more. */
static int
ext2_remount(struct super_block *sb, u32 flags, const char *options)
{
	struct ext2_info *info = EXT2_SB(sb);
	bool to_ro = flags & SB_RDONLY;
	u16 errors = info->errors;
	int err = parse_options(options, &errors);

	if (err)
		return err;
	if (to_ro && !sb_rdonly(sb))
		err = atomic_read(&info->nr_orphans) ? -EBUSY :
		      end_writing(sb);
	else if (!to_ro && info->read_only_features)
		err = -EROFS;
	else if (!to_ro && sb_rdonly(sb))
		err = begin_writing(sb);
	if (!err)
		info->errors = errors;
	return err;
}

static void
ext2_statfs(struct super_block *sb, struct kstatfs *st)
{
	const struct ext2_info *info = EXT2_SB(sb);
	u32 kept = info->es->s_r_blocks_count;

	st->f_bsize = info->geo.block_size;
	st->f_blocks = info->geo.blocks_count - info->overhead;
	st->f_bfree = ext2_count_free_blocks(sb);
	st->f_bavail = st->f_bfree > kept ? st->f_bfree - kept : 0;
	st->f_files = info->geo.inodes_count;
	st->f_ffree = ext2_count_free_inodes(sb);
}

static const struct super_operations ext2_super_ops = {
	.evict_inode = ext2_evict_inode,
	.write_inode = ext2_write_inode,
	.sync_fs = ext2_sync_fs,
	.statfs = ext2_statfs,
	.remount = ext2_remount,
	.put_super = ext2_put_super,
	.show_options = ext2_show_options,
};

static int
read_all(struct super_block *sb)
{
	struct ext2_info *info = EXT2_SB(sb);
	int err = read_geometry(sb);

	if (!err)
		err = ext2_meta_init(sb);
	if (!err)
		err = hold_super(sb);
	if (!err)
		err = hold_descriptors(sb);
	if (!err)
		err = check_groups(sb);
	if (err)
		return err;
	if (!info->errors)
		info->errors = info->es->s_errors;
	if (info->errors < EXT2_ERRORS_CONTINUE ||
	    info->errors > EXT2_ERRORS_PANIC)
		info->errors = EXT2_ERRORS_CONTINUE;
	info->max_bytes = ext2_max_bytes(&info->geo);
	if (!info->es->s_rev_level)	/* it cannot say LARGE_FILE */
		info->max_bytes = min(info->max_bytes, (u64)0x7fffffff);
	return read_root(sb);
}

static int
ext2_fill_super(struct super_block *sb, const char *options)
{
	struct ext2_info *info = kzalloc(sizeof(*info), GFP_KERNEL);
	int err;

	if (!info)
		return -ENOMEM;
	info->sb = sb;
	mutex_init(&info->alloc_lock);
	sb->s_fs_info = info;
	sb->s_op = &ext2_super_ops;
	err = parse_options(options, &info->errors);
	/* What was written to the disk itself is read from it. */
	if (!err)
		err = bdev_sync(sb->s_bdev);
	if (!err)
		err = read_all(sb);
	if (!err && !sb_rdonly(sb))
		err = begin_writing(sb);
	if (!err)
		return 0;
	if (sb->s_root) {
		d_genocide(sb->s_root);
		dput(sb->s_root);
		sb->s_root = NULL;
	}
	release(sb);
	return err;
}

static const struct file_system_type ext2_type = {
	.name = "ext2", .magic = EXT2_MAGIC, .fill_super = ext2_fill_super,
};
FILE_SYSTEM(ext2_type);

static int __init
ext2_init(void)
{
	verify_register(&ext2_verify_module);
	return 0;
}
device_initcall(ext2_init);
