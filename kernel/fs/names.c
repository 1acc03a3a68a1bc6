/* SPDX-License-Identifier: MIT */
/*
 * Names made, removed and moved.
 *
 * Each of these walks to the folder of the name, locks it, looks for the name,
 * checks everything that POSIX wants checked, and only then asks the file
 * system, which has nothing left to check but its own memory.
 *
 * Two folders (rename) are locked the one nearer the root first, under the
 * file system's s_rename_mutex, which keeps the tree from changing meanwhile;
 * then, where a file is replaced or counted, that file.
 *
 * A folder that was removed has nlink 0: who waited for its lock finds it so,
 * and makes nothing in it (ENOENT).
 *
 * Locks   see fs.h. Context of all: may sleep.
 */
#include <lib/errno.h>
#include <lib/string.h>

#include "fs_private.h"

/* The folder of a name that is to be made or removed. */
static int
start_last(struct walk *w, int dfd, const char *name)
{
	int err = walk_start(w, dfd, name, 0);

	if (err)
		return err;
	err = walk_parent(w);
	if (err)
		walk_end(w);
	return err;
}

/* May names be added to and removed from dir? Held: its i_lock. */
static int
may_change(struct inode *dir)
{
	if (!S_ISDIR(dir->i_mode))
		return -ENOTDIR;
	if (dir->i_nlink == 0)
		return -ENOENT;
	return inode_permission(dir, MAY_WRITE | MAY_EXEC);
}

/* A new name: locks the folder, *found is negative. end_create() afterwards. */
static int
begin_create(struct walk *w, bool is_dir, struct dentry **found)
{
	struct inode *dir = w->path.dentry->d_inode;
	int err;

	if (w->last_type != LAST_NORM)
		return -EEXIST;
	mutex_lock(&dir->i_lock);
	err = may_change(dir);
	if (!err)
		err = lookup_one(w->path.dentry, &w->last, found);
	if (!err) {
		if ((*found)->d_inode)
			err = -EEXIST;
		else if (w->slash && !is_dir)
			err = -ENOENT;
		else if (!dir->i_op->create)
			err = -EPERM;
		else if (!sb_start_write(dir->i_sb))
			err = -EROFS;
		if (!err)
			return 0;
		dput(*found);
	}
	mutex_unlock(&dir->i_lock);
	return err;
}

/* The other end: the folder, the name's dentry. */
static void
end_create(struct inode *dir, struct dentry *d)
{
	sb_end_write(dir->i_sb);
	dput(d);
	mutex_unlock(&dir->i_lock);
}

static int
make_at(int dfd, const char *name, umode_t mode, dev_t rdev)
{
	struct inode *dir;
	struct dentry *d;
	struct walk w;
	int err = start_last(&w, dfd, name);

	if (err)
		return err;
	err = begin_create(&w, S_ISDIR(mode), &d);
	if (!err) {
		dir = w.path.dentry->d_inode;
		mode &= ~(current_fs()->umask & S_IRWXUGO);
		err = dir->i_op->create(dir, d, mode, rdev);
		end_create(dir, d);
	}
	walk_end(&w);
	return err;
}

int
vfs_mknod_at(int dfd, const char *name, umode_t mode, dev_t rdev)
{
	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	if (S_ISDIR(mode) || S_ISLNK(mode))
		return S_ISDIR(mode) ? -EPERM : -EINVAL;
	return make_at(dfd, name, mode, rdev);
}

int
vfs_mkdir_at(int dfd, const char *name, umode_t mode)
{
	return make_at(dfd, name, S_IFDIR | (mode & (S_IRWXUGO | S_ISVTX)), 0);
}

int
vfs_symlink_at(const char *target, int dfd, const char *name)
{
	struct inode *dir;
	struct dentry *d;
	struct walk w;
	int err;

	if (!*target)
		return -ENOENT;
	err = start_last(&w, dfd, name);
	if (err)
		return err;
	err = begin_create(&w, false, &d);
	if (!err) {
		dir = w.path.dentry->d_inode;
		err = dir->i_op->symlink ? dir->i_op->symlink(dir, d, target) :
					   -EPERM;
		end_create(dir, d);
	}
	walk_end(&w);
	return err;
}

int
vfs_link_at(int old_dfd, const char *old, int dfd, const char *name, int flags)
{
	struct inode *dir, *inode;
	struct path from;
	struct dentry *d;
	struct walk w;
	int err = path_lookup(old_dfd, old,
			      (flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0) |
			      (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0),
			      &from);

	if (err)
		return err;
	err = start_last(&w, dfd, name);
	if (err)
		goto out;
	err = begin_create(&w, false, &d);
	if (!err) {
		dir = w.path.dentry->d_inode;
		inode = from.dentry->d_inode;
		if (from.mnt != w.path.mnt)
			err = -EXDEV;
		else if (S_ISDIR(inode->i_mode) || !dir->i_op->link)
			err = -EPERM;
		if (!err) {
			mutex_lock(&inode->i_lock);
			/* No name left, and it was not made without one. */
			err = inode->i_nlink ? dir->i_op->link(from.dentry,
							       dir, d) :
					       -ENOENT;
			mutex_unlock(&inode->i_lock);
		}
		end_create(dir, d);
	}
	walk_end(&w);
out:
	path_put(&from);
	return err;
}

/* May d be taken out of dir? */
static int
may_delete(struct inode *dir, struct dentry *d)
{
	u32 uid = current_fs()->uid;

	if (!d->d_inode)
		return -ENOENT;
	if ((dir->i_mode & S_ISVTX) && uid && uid != d->d_inode->i_uid &&
	    uid != dir->i_uid)
		return -EPERM;
	if (is_swapfile(d->d_inode))
		return -EPERM;
	return READ_ONCE(d->d_mounted) ? -EBUSY : 0;
}

static int
unlink_locked(struct inode *dir, struct dentry *d, bool slash)
{
	struct inode *inode = d->d_inode;
	int err;

	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (slash)
		return -ENOTDIR;
	if (!dir->i_op->unlink)
		return -EPERM;
	ihold(inode);
	mutex_lock(&inode->i_lock);
	err = dir->i_op->unlink(dir, d);
	mutex_unlock(&inode->i_lock);
	iput(inode);
	return err;
}

static int
rmdir_locked(struct inode *dir, struct dentry *d)
{
	struct inode *inode = d->d_inode;
	int err;

	if (!S_ISDIR(inode->i_mode))
		return -ENOTDIR;
	if (!dir->i_op->rmdir)
		return -EPERM;
	ihold(inode);
	mutex_lock(&inode->i_lock);
	shrink_dcache_parent(d);
	err = d_has_children(d) ? -ENOTEMPTY : dir->i_op->rmdir(dir, d);
	mutex_unlock(&inode->i_lock);
	iput(inode);
	return err;
}

static int
remove_at(int dfd, const char *name, bool is_dir)
{
	struct inode *dir;
	struct dentry *d;
	struct walk w;
	int err = start_last(&w, dfd, name);

	if (err)
		return err;
	if (w.last_type != LAST_NORM) {
		err = !is_dir ? -EISDIR : w.last_type == LAST_DOT ? -EINVAL :
		      w.last_type == LAST_DOTDOT ? -ENOTEMPTY : -EBUSY;
		walk_end(&w);
		return err;
	}
	dir = w.path.dentry->d_inode;
	mutex_lock(&dir->i_lock);
	err = may_change(dir);
	if (!err)
		err = lookup_one(w.path.dentry, &w.last, &d);
	if (!err) {
		err = may_delete(dir, d);
		if (!err && !sb_start_write(dir->i_sb))
			err = -EROFS;
		if (!err) {
			err = is_dir ? rmdir_locked(dir, d) :
				       unlink_locked(dir, d, w.slash);
			sb_end_write(dir->i_sb);
		}
		mutex_unlock(&dir->i_lock);
		/* The file's pages may go with this one. */
		dput(d);
	} else {
		mutex_unlock(&dir->i_lock);
	}
	walk_end(&w);
	return err;
}

int
vfs_unlink_at(int dfd, const char *name)
{
	return remove_at(dfd, name, false);
}

int
vfs_rmdir_at(int dfd, const char *name)
{
	return remove_at(dfd, name, true);
}

/* --- rename -------------------------------------------------------------------- */

/* Both folders; the one nearer the root first. */
static void
lock_two(struct dentry *a, struct dentry *b)
{
	if (a->d_inode == b->d_inode) {
		mutex_lock(&a->d_inode->i_lock);
		return;
	}
	if (d_is_ancestor(b, a) || (!d_is_ancestor(a, b) && b < a))
		swap(a, b);
	mutex_lock(&a->d_inode->i_lock);
	mutex_lock(&b->d_inode->i_lock);
}

static void
unlock_two(struct dentry *a, struct dentry *b)
{
	mutex_unlock(&a->d_inode->i_lock);
	if (a->d_inode != b->d_inode)
		mutex_unlock(&b->d_inode->i_lock);
}

/* Does POSIX allow the kinds of file? */
static int
check_replace(struct dentry *from, struct dentry *to, bool slash)
{
	bool from_dir = S_ISDIR(from->d_inode->i_mode);

	if (slash && !from_dir)
		return -ENOTDIR;
	if (!to->d_inode)
		return 0;
	if (from_dir && !S_ISDIR(to->d_inode->i_mode))
		return -ENOTDIR;
	if (!from_dir && S_ISDIR(to->d_inode->i_mode))
		return -EISDIR;
	return 0;
}

static int
check_rename(struct walk *f, struct walk *t, struct dentry *from,
	     struct dentry *to, unsigned flags)
{
	struct inode *from_dir = f->path.dentry->d_inode;
	struct inode *to_dir = t->path.dentry->d_inode;
	int err = may_delete(from_dir, from);

	if (err)
		return err;
	if (d_is_ancestor(from, t->path.dentry))
		return -EINVAL;
	if ((flags & RENAME_NOREPLACE) && to->d_inode)
		return -EEXIST;
	if ((flags & RENAME_EXCHANGE) && !to->d_inode)
		return -ENOENT;
	if (d_is_ancestor(to, f->path.dentry))
		return flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	if (to->d_inode)
		err = may_delete(to_dir, to);
	if (!err && !(flags & RENAME_EXCHANGE))
		err = check_replace(from, to, f->slash || t->slash);
	return err;
}

/* Everything is locked but the file that is replaced. */
static int
rename_locked(struct walk *f, struct walk *t, struct dentry *from,
	      struct dentry *to, unsigned flags)
{
	struct inode *dir = f->path.dentry->d_inode, *victim = to->d_inode;
	int err = 0;

	if (from->d_inode == victim)
		return 0;		/* two names of one file: nothing */
	if (!dir->i_op->rename)
		return -EPERM;
	if (victim) {
		ihold(victim);
		mutex_lock(&victim->i_lock);
		if (S_ISDIR(victim->i_mode) && !(flags & RENAME_EXCHANGE)) {
			shrink_dcache_parent(to);
			if (d_has_children(to))
				err = -ENOTEMPTY;
		}
	}
	if (!err)
		err = dir->i_op->rename(dir, from, t->path.dentry->d_inode,
					to, flags);
	if (victim) {
		mutex_unlock(&victim->i_lock);
		iput(victim);
	}
	return err;
}

static int
rename_between(struct walk *f, struct walk *t, unsigned flags)
{
	struct dentry *from_dir = f->path.dentry, *to_dir = t->path.dentry;
	struct super_block *sb = from_dir->d_sb;
	struct dentry *from = NULL, *to = NULL;
	int err;

	mutex_lock(&sb->s_rename_mutex);
	lock_two(from_dir, to_dir);
	err = may_change(from_dir->d_inode);
	if (!err)
		err = may_change(to_dir->d_inode);
	if (!err)
		err = lookup_one(from_dir, &f->last, &from);
	if (!err)
		err = lookup_one(to_dir, &t->last, &to);
	if (!err)
		err = check_rename(f, t, from, to, flags);
	if (!err && !sb_start_write(sb))
		err = -EROFS;
	if (!err) {
		err = rename_locked(f, t, from, to, flags);
		sb_end_write(sb);
	}
	unlock_two(from_dir, to_dir);
	mutex_unlock(&sb->s_rename_mutex);
	dput(to);
	dput(from);
	return err;
}

int
vfs_rename_at(int old_dfd, const char *old, int dfd, const char *name,
	      unsigned flags)
{
	struct walk f, t;
	int err;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE) ||
	    flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	err = start_last(&f, old_dfd, old);
	if (err)
		return err;
	err = start_last(&t, dfd, name);
	if (!err) {
		if (f.path.mnt != t.path.mnt)
			err = -EXDEV;
		else if (f.last_type != LAST_NORM || t.last_type != LAST_NORM)
			err = -EBUSY;
		else
			err = rename_between(&f, &t, flags);
		walk_end(&t);
	}
	walk_end(&f);
	return err;
}
