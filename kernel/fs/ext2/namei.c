/* SPDX-License-Identifier: MIT */
/*
 * ext2: names looked for, made, removed, and moved.
 *
 * Ideas
 *   What can fail is done first: finding the entries, reading, taking blocks.
 *   The changes that follow are in memory only; so an operation happens, or it
 *   does not. They come to the disk in any order: ext2 keeps none, and e2fsck
 *   repairs what a power cut leaves between.
 *   Folders are put into their blocks of the table at once (put_down): so whoever
 *   syncs a file, and with it all blocks of the structure as long as a name is not
 *   on the disk, has its name there too.
 *   A folder has one name. The inode remembers the folder in which it was found;
 *   a disk on which it is found in another one as well is damaged (a cycle of
 *   folders would turn up below itself).
 *
 * Belief	the VFS has checked names, rights, kinds; not that a folder is empty
 *	on the disk, nor that an inode can have one more name.
 *
 * Locks   the folders' i_lock (both of a rename, under s_rename_mutex), and that
 *   of a file that loses or gets a name.
 */
#include <kernel/blk.h>
#include <lib/errno.h>

#include "../tmpfs.h"
#include "ext2_fs.h"

/* inode is found under a name in dir. */
static int
check_parent(struct inode *dir, struct inode *inode)
{
	u32 none = 0, self = (u32)dir->i_ino;

	if (!S_ISDIR(inode->i_mode))
		return 0;
	if (inode != dir && inode->i_ino != EXT2_ROOT_INO &&
	    (__atomic_compare_exchange_n(&EXT2_I(inode)->parent, &none, self,
					 false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED) || none == self))
		return 0;
	return ext2_error(dir->i_sb, "folder %llu is in %llu, and elsewhere",
			  inode->i_ino, dir->i_ino);
}

static int
ext2_lookup(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = NULL;
	struct ext2_slot slot;
	int err;

	err = ext2_find_entry(dir, dentry->d_name.name, dentry->d_name.len,
			      &slot);
	if (!err) {
		put_page(slot.page);
		err = ext2_iget(dir->i_sb, slot.ino, &inode);
		if (err)
			return err;
		err = check_parent(dir, inode);
		if (err) {
			iput(inode);
			return err;
		}
	} else if (err != -ENOENT) {
		return err;
	}
	d_add(dentry, inode);
	return 0;
}

/* One that loses its last name is an orphan until its last user is gone: the
 * disk cannot become read-only meanwhile. */
static void
change_links(struct inode *inode, int by)
{
	inode->i_nlink = (u32)((int)inode->i_nlink + by);
	if (!inode->i_nlink && !EXT2_I(inode)->orphan) {
		EXT2_I(inode)->orphan = true;
		atomic_inc(&EXT2_SB(inode->i_sb)->nr_orphans);
	}
	inode->i_ctime = current_time();
	mark_inode_dirty(inode, I_DIRTY_SYNC);
}

/* What could not be put down now is dirty, and will be. Names of dir, in dirty
 * blocks, have changed. */
static void
put_down(struct inode *dir)
{
	ext2_write_inode(dir, false);
	ext2_structure_changed(dir->i_sb);
}

/* It could not get its name: it goes. */
static int
abandon(struct inode *inode, int err)
{
	change_links(inode, -(int)inode->i_nlink);
	iput(inode);
	return err;
}

static int
ext2_create(struct inode *dir, struct dentry *dentry, umode_t mode,
	    dev_t rdev)
{
	bool is_dir = S_ISDIR(mode);
	struct inode *inode;
	int err;

	if (is_dir && dir->i_nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	err = ext2_new_inode(dir, mode, rdev, &inode);
	if (err)
		return err;
	if (is_dir)
		err = ext2_make_empty(inode, (u32)dir->i_ino);
	if (!err)
		err = ext2_add_entry(dir, &dentry->d_name, inode);
	if (err)
		return abandon(inode, err);
	if (is_dir) {
		change_links(inode, 1);
		change_links(dir, 1);
		put_down(inode);
	}
	put_down(dir);
	d_instantiate(dentry, inode);
	return 0;
}

static int
ext2_symlink(struct inode *dir, struct dentry *dentry, const char *target)
{
	struct inode *inode;
	int err = ext2_new_inode(dir, S_IFLNK | 0777, 0, &inode);

	if (err)
		return err;
	err = ext2_set_link(inode, target);
	if (!err)
		err = ext2_add_entry(dir, &dentry->d_name, inode);
	if (err)
		return abandon(inode, err);
	put_down(dir);
	d_instantiate(dentry, inode);
	return 0;
}

static int
ext2_link(struct dentry *old, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = old->d_inode;
	int err;

	if (inode->i_nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	err = ext2_add_entry(dir, &dentry->d_name, inode);
	if (err)
		return err;
	change_links(inode, 1);
	put_down(dir);
	ihold(inode);
	d_instantiate(dentry, inode);
	return 0;
}

/* dentry's entry goes, and its inode has by links less. */
static int
remove_name(struct inode *dir, struct dentry *dentry, u32 links)
{
	struct inode *inode = dentry->d_inode;
	struct ext2_slot slot;
	int err;

	err = ext2_find_entry(dir, dentry->d_name.name, dentry->d_name.len,
			      &slot);
	if (err == -ENOENT)
		err = ext2_error(dir->i_sb, "a name of folder %llu is lost",
				 dir->i_ino);
	if (!err)
		err = ext2_delete_entry(dir, &slot);
	if (err)
		return err;
	change_links(inode, -(int)min(links, inode->i_nlink));
	put_down(dir);
	d_delete(dentry);
	return 0;
}

static int
ext2_unlink(struct inode *dir, struct dentry *dentry)
{
	return remove_name(dir, dentry, 1);
}

static int
ext2_rmdir(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;
	int err = ext2_check_empty(inode);

	if (!err)
		err = remove_name(dir, dentry, inode->i_nlink);
	if (!err) {
		change_links(dir, dir->i_nlink > 2 ? -1 : 0);
		put_down(dir);
	}
	return err;
}

/* --- rename -------------------------------------------------------------- */

/*
 * What a rename has found: the entries, and the ".." of a folder that comes to
 * another one. page NULL: there is none.
 */
struct move {
	struct ext2_slot from, to, from_up, to_up;
};

static void
put_move(struct move *m)
{
	struct ext2_slot *slots[] = { &m->from, &m->to, &m->from_up,
				      &m->to_up };

	for (unsigned i = 0; i < ARRAY_SIZE(slots); i++) {
		if (slots[i]->page)
			put_page(slots[i]->page);
	}
}

static int
find_name(struct inode *dir, const char *name, u32 len,
	  struct ext2_slot *slot)
{
	int err = ext2_find_entry(dir, name, len, slot);

	if (err)
		slot->page = NULL;
	return err == -ENOENT ? ext2_error(dir->i_sb, "a name of folder %llu "
					   "is lost", dir->i_ino) : err;
}

/* Everything that can fail but the new entry. */
static int
prepare_move(struct move *m, struct inode *from_dir, struct dentry *from,
	     struct inode *to_dir, struct dentry *to, bool exchange)
{
	struct inode *inode = from->d_inode, *victim = to->d_inode;
	bool apart = from_dir != to_dir;
	int err = 0;

	if (victim && S_ISDIR(victim->i_mode) && !exchange)
		err = ext2_check_empty(victim);
	if (!err)
		err = find_name(from_dir, from->d_name.name, from->d_name.len,
				&m->from);
	if (!err && victim)
		err = find_name(to_dir, to->d_name.name, to->d_name.len,
				&m->to);
	if (!err && apart && S_ISDIR(inode->i_mode))
		err = find_name(inode, "..", 2, &m->from_up);
	if (!err && apart && exchange && S_ISDIR(victim->i_mode))
		err = find_name(victim, "..", 2, &m->to_up);
	return err;
}

/* The folder inode hangs in dir now. */
static void
set_parent(struct inode *inode, struct ext2_slot *up, struct inode *old,
	   struct inode *dir)
{
	if (!up->page)
		return;
	ext2_set_entry(inode, up, dir);
	up->page = NULL;
	WRITE_ONCE(EXT2_I(inode)->parent, (u32)dir->i_ino);
	change_links(old, -1);
	change_links(dir, 1);
}

/* The one that was replaced. */
static void
drop_victim(struct inode *dir, struct inode *victim)
{
	if (S_ISDIR(victim->i_mode)) {
		change_links(victim, -(int)victim->i_nlink);
		change_links(dir, -1);
	} else {
		change_links(victim, -1);
	}
}

static int
move_over(struct move *m, struct inode *from_dir, struct inode *inode,
	  struct inode *to_dir, struct dentry *to)
{
	struct ext2_slot old = m->from;
	int err;

	if (m->to.page) {
		ext2_set_entry(to_dir, &m->to, inode);
		m->to.page = NULL;
	} else {
		if (m->from_up.page && to_dir->i_nlink >= EXT2_LINK_MAX)
			return -EMLINK;
		err = ext2_add_entry(to_dir, &to->d_name, inode);
		if (err)
			return err;
	}
	m->from.page = NULL;
	ext2_delete_entry(from_dir, &old);
	if (to->d_inode)
		drop_victim(to_dir, to->d_inode);
	return 0;
}

static int
ext2_rename(struct inode *from_dir, struct dentry *from,
	    struct inode *to_dir, struct dentry *to, unsigned flags)
{
	struct inode *inode = from->d_inode, *victim = to->d_inode;
	bool exchange = flags & RENAME_EXCHANGE;
	struct move m = { 0 };
	int err;

	err = prepare_move(&m, from_dir, from, to_dir, to, exchange);
	if (!err && exchange) {
		ext2_set_entry(to_dir, &m.to, inode);
		ext2_set_entry(from_dir, &m.from, victim);
		m.to.page = m.from.page = NULL;
		change_links(victim, 0);
	} else if (!err) {
		err = move_over(&m, from_dir, inode, to_dir, to);
	}
	if (!err) {
		set_parent(inode, &m.from_up, from_dir, to_dir);
		if (exchange)
			set_parent(victim, &m.to_up, to_dir, from_dir);
		change_links(inode, 0);
		put_down(from_dir);
		put_down(to_dir);
		d_move(from, to, exchange);
	}
	put_move(&m);
	return err;
}

const struct inode_operations ext2_dir_iops = {
	.lookup = ext2_lookup,
	.create = ext2_create,
	.symlink = ext2_symlink,
	.link = ext2_link,
	.unlink = ext2_unlink,
	.rmdir = ext2_rmdir,
	.rename = ext2_rename,
};

const struct inode_operations ext2_special_iops = { 0 };

void
ext2_set_ops(struct inode *inode)
{
	inode->i_op = &ext2_special_iops;
	switch (inode->i_mode & S_IFMT) {
	case S_IFREG:
		inode->i_op = &ext2_file_iops;
		inode->i_fop = &ext2_file_fops;
		break;
	case S_IFDIR:
		inode->i_op = &ext2_dir_iops;
		inode->i_fop = &ext2_dir_fops;
		break;
	case S_IFLNK:
		inode->i_op = &ext2_link_iops;
		break;
	case S_IFCHR:
		inode->i_fop = &char_device_ops;
		break;
	case S_IFBLK:
		inode->i_fop = &block_device_ops;
		break;
	case S_IFIFO:
		inode->i_fop = &fifo_ops;
		break;
	}
}
