/* SPDX-License-Identifier: MIT */
/*
 * Opening by name, and what is asked of a file by its path: size and figures.
 *
 * open() without O_CREAT is a walk and a check. With it the last name is looked
 * for with its folder locked, and made if it is not there; where it is a
 * symbolic link, the walk goes on where that leads, so that a link to nothing
 * makes the file it names.
 *
 * Context of all: may sleep. No lock is held when the file's own ->open runs.
 */
#include <lib/errno.h>
#include <mm/mm.h>

#include "fs_private.h"

/* What the way of opening asks of the file's rights. */
static unsigned
wanted_rights(unsigned flags)
{
	static const u8 rights[4] = { MAY_READ, MAY_WRITE,
				      MAY_READ | MAY_WRITE,
				      MAY_READ | MAY_WRITE };
	unsigned mask = rights[flags & O_ACCMODE];

	return flags & O_TRUNC ? mask | MAY_WRITE : mask;
}

/* path's references are taken over. made: just created, no rights to check. */
static int
open_found(const struct path *path, unsigned flags, bool made,
	   struct file **file)
{
	struct inode *inode = path->dentry->d_inode;
	int err = 0;

	if (S_ISLNK(inode->i_mode) && !(flags & O_PATH))
		err = -ELOOP;
	else if (S_ISDIR(inode->i_mode) && !(flags & O_PATH) &&
		 (wanted_rights(flags) & MAY_WRITE || flags & O_CREAT))
		err = -EISDIR;
	else if (!S_ISDIR(inode->i_mode) && (flags & O_DIRECTORY))
		err = -ENOTDIR;
	else if (!(flags & O_PATH) && inode->i_sb->s_flags & SB_NODEV &&
		 (S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode)))
		err = -EACCES;
	else if (!made && !(flags & O_PATH))
		err = inode_permission(inode, wanted_rights(flags));
	if (err) {
		path_put(path);
		return err;
	}
	err = file_open_path(path, flags, file);
	/* Files of /proc have no content that could be cut: that is no error. */
	if (!err && (flags & O_TRUNC) && !made && S_ISREG(inode->i_mode) &&
	    !(flags & O_PATH) && inode->i_op->truncate) {
		err = vfs_truncate(inode, 0);
		if (err)
			fput(*file);
	}
	return err;
}

/* Look for the last name, or make it: *d with a reference. */
static int
find_or_make(struct walk *w, umode_t mode, struct dentry **d, bool *made)
{
	struct inode *dir = w->path.dentry->d_inode;
	int err = -ENOENT;

	mutex_lock(&dir->i_lock);
	if (dir->i_nlink)
		err = lookup_one(w->path.dentry, &w->last, d);
	*made = !err && !(*d)->d_inode;
	if (*made) {
		err = inode_permission(dir, MAY_WRITE | MAY_EXEC);
		if (!err && !dir->i_op->create)
			err = -EACCES;
		if (!err && !sb_start_write(dir->i_sb))
			err = -EROFS;
		if (!err) {
			err = dir->i_op->create(dir, *d, mode, 0);
			sb_end_write(dir->i_sb);
		}
		if (err)
			dput(*d);
	}
	mutex_unlock(&dir->i_lock);
	return err;
}

/*
 * One try with O_CREAT: 1 when a link leads on. Else *path (with references) is
 * what is to be opened, or an error.
 */
static int
create_step(struct walk *w, unsigned flags, umode_t mode, struct path *path,
	    bool *made)
{
	struct dentry *d;
	bool jump;
	int err = walk_parent(w);

	*made = false;
	if (err)
		return err;
	if (w->last_type != LAST_NORM || w->slash)
		return -EISDIR;
	err = find_or_make(w, mode, &d, made);
	if (err)
		return err;
	if (!*made && (flags & O_EXCL)) {
		dput(d);
		return -EEXIST;
	}
	if (S_ISLNK(d->d_inode->i_mode) && !(flags & O_NOFOLLOW)) {
		jump = d->d_inode->i_op->jump != NULL;
		err = walk_link(w, d);
		if (err || !jump)
			return err ? err : 1;
		*path = w->path;
		path_get(path);
		return 0;
	}
	path->mnt = w->path.mnt;
	path->dentry = d;
	atomic_inc(&path->mnt->mnt_count);
	follow_mount(path);
	return 0;
}

static int
open_create(int dfd, const char *name, unsigned flags, umode_t mode,
	    struct file **file)
{
	struct path path;
	struct walk w;
	bool made;
	int err = walk_start(&w, dfd, name, 0);

	if (err)
		return err;
	mode = S_IFREG | (mode & S_IALLUGO & ~current_fs()->umask);
	do {
		err = create_step(&w, flags, mode, &path, &made);
	} while (err > 0);
	walk_end(&w);
	return err ? err : open_found(&path, flags, made, file);
}

int
filp_open_at(int dfd, const char *name, unsigned flags, umode_t mode,
	     struct file **file)
{
	unsigned lookup = 0;
	struct path path;
	int err;

	if (flags & O_TMPFILE)
		return -EOPNOTSUPP;
	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if (flags & O_CREAT)
		return flags & O_DIRECTORY ? -EINVAL :
		       open_create(dfd, name, flags, mode, file);
	if (!(flags & O_NOFOLLOW))
		lookup |= LOOKUP_FOLLOW;
	err = path_lookup(dfd, name, lookup, &path);
	return err ? err : open_found(&path, flags, false, file);
}

/*
 * Make a file shorter or longer. Context: may sleep.
 * 0, -EISDIR, -EINVAL (not a file with a size), -EFBIG, -EPERM (sealed),
 * -EROFS.
 */
int
vfs_truncate(struct inode *inode, u64 size)
{
	int err;

	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (!inode->i_op->truncate)
		return -EINVAL;
	if (size > (u64)MAX_LFS_FILESIZE)
		return -EFBIG;
	if (!sb_start_write(inode->i_sb))
		return -EROFS;
	mutex_lock(&inode->i_lock);
	err = is_swapfile(inode) ? -ETXTBSY : inode->i_op->truncate(inode, size);
	mutex_unlock(&inode->i_lock);
	sb_end_write(inode->i_sb);
	return err;
}

/* Is there more of the file than its pages in memory? */
static bool
has_store(const struct inode *inode)
{
	const struct address_space_operations *ops = inode->i_mapping->ops;

	return ops && ops->write_page;
}

void
vfs_getattr(const struct path *path, struct kstat *st)
{
	struct inode *inode = path->dentry->d_inode;

	if (inode->i_op->getattr)
		inode->i_op->getattr(inode);
	st->ino = inode->i_ino;
	st->size = i_size_read(inode);
	st->blocks = has_store(inode) ? inode->i_blocks :
		     (u64)(inode->i_mapping->nr_pages +
			   inode->i_mapping->nr_swapped) * (PAGE_SIZE / 512);
	st->mode = inode->i_mode;
	st->nlink = inode->i_nlink;
	st->uid = inode->i_uid;
	st->gid = inode->i_gid;
	st->blksize = PAGE_SIZE;
	st->dev = inode->i_sb->s_dev;
	st->rdev = inode->i_rdev;
	st->atime = inode->i_atime;
	st->mtime = inode->i_mtime;
	st->ctime = inode->i_ctime;
	st->mnt_id = path->mnt->mnt_id;
}
