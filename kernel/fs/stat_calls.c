/* SPDX-License-Identifier: MIT */
/*
 * System calls that tell of files: stat in its four layouts, statfs, links, the
 * working folder, and entries of folders.
 *
 * A structure is filled in the kernel, zeroed first, so that no padding carries
 * what was on the stack, and copied out at once.
 */
#include <asm/uaccess.h>
#include <kernel/panic.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"

/* --- finding ---------------------------------------------------------------------- */

static int
getattr_path(int dfd, const char *user, int flags, struct kstat *st)
{
	struct path path;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH |
		      AT_STATX_SYNC_TYPE))
		return -EINVAL;
	err = user_path(dfd, user, lookup_flags(flags), &path);
	if (err)
		return err;
	vfs_getattr(&path, st);
	path_put(&path);
	return 0;
}

static int
getattr_fd(unsigned fd, struct kstat *st)
{
	struct fd f = fdget_raw(fd);

	if (!f.file)
		return -EBADF;
	vfs_getattr(&f.file->f_path, st);
	fdput(f);
	return 0;
}

/* Linux's way to put a number of a device into 64 bits. */
static u64
encode_dev(dev_t dev)
{
	return (MINOR(dev) & 0xff) | MAJOR(dev) << 8 |
	       (u64)(MINOR(dev) & ~0xffu) << 12;
}

/* --- layouts ------------------------------------------------------------------------ */

static long
put_stat64(const struct kstat *k, struct stat64 *user)
{
	struct stat64 st;

	memset(&st, 0, sizeof(st));
	st.st_dev = encode_dev(k->dev);
	st.st_ino = k->ino;
	st.st_ino_low = (u32)k->ino;
	st.st_mode = k->mode;
	st.st_nlink = k->nlink;
	st.st_uid = k->uid;
	st.st_gid = k->gid;
	st.st_rdev = encode_dev(k->rdev);
	st.st_size = (s64)k->size;
	st.st_blksize = k->blksize;
	st.st_blocks = k->blocks;
	st.st_atime = (u32)k->atime.tv_sec;
	st.st_atime_nsec = (u32)k->atime.tv_nsec;
	st.st_mtime = (u32)k->mtime.tv_sec;
	st.st_mtime_nsec = (u32)k->mtime.tv_nsec;
	st.st_ctime = (u32)k->ctime.tv_sec;
	st.st_ctime_nsec = (u32)k->ctime.tv_nsec;
	return copy_to_user(user, &st, sizeof(st)) ? -EFAULT : 0;
}

static long
put_stat(const struct kstat *k, struct stat *user)
{
	struct stat st;

	if (k->size > 0x7fffffff)
		return -EOVERFLOW;
	memset(&st, 0, sizeof(st));
	st.st_dev = (u32)encode_dev(k->dev);
	st.st_ino = (u32)k->ino;
	st.st_mode = (u16)k->mode;
	st.st_nlink = (u16)k->nlink;
	st.st_uid = (u16)k->uid;
	st.st_gid = (u16)k->gid;
	st.st_rdev = (u32)encode_dev(k->rdev);
	st.st_size = (u32)k->size;
	st.st_blksize = k->blksize;
	st.st_blocks = (u32)k->blocks;
	st.st_atime = (u32)k->atime.tv_sec;
	st.st_atime_nsec = (u32)k->atime.tv_nsec;
	st.st_mtime = (u32)k->mtime.tv_sec;
	st.st_mtime_nsec = (u32)k->mtime.tv_nsec;
	st.st_ctime = (u32)k->ctime.tv_sec;
	st.st_ctime_nsec = (u32)k->ctime.tv_nsec;
	return copy_to_user(user, &st, sizeof(st)) ? -EFAULT : 0;
}

static void
put_statx_time(struct statx_timestamp *to, const struct timespec64 *from)
{
	to->tv_sec = from->tv_sec;
	to->tv_nsec = (u32)from->tv_nsec;
}

static long
put_statx(const struct kstat *k, struct statx *user)
{
	struct statx st;

	memset(&st, 0, sizeof(st));
	st.stx_mask = STATX_BASIC_STATS;
	st.stx_blksize = k->blksize;
	st.stx_nlink = k->nlink;
	st.stx_uid = k->uid;
	st.stx_gid = k->gid;
	st.stx_mode = (u16)k->mode;
	st.stx_ino = k->ino;
	st.stx_size = k->size;
	st.stx_blocks = k->blocks;
	put_statx_time(&st.stx_atime, &k->atime);
	put_statx_time(&st.stx_mtime, &k->mtime);
	put_statx_time(&st.stx_ctime, &k->ctime);
	st.stx_rdev_major = MAJOR(k->rdev);
	st.stx_rdev_minor = MINOR(k->rdev);
	st.stx_dev_major = MAJOR(k->dev);
	st.stx_dev_minor = MINOR(k->dev);
	st.stx_mnt_id = (u64)k->mnt_id;
	return copy_to_user(user, &st, sizeof(st)) ? -EFAULT : 0;
}

/* --- the stat family ------------------------------------------------------------------ */

long
sys_fstatat64(int dfd, const char *name, struct stat64 *st, int flags)
{
	struct kstat k;
	int err = getattr_path(dfd, name, flags, &k);

	return err ? err : put_stat64(&k, st);
}

long
sys_stat64(const char *name, struct stat64 *st)
{
	return sys_fstatat64(AT_FDCWD, name, st, 0);
}

long
sys_lstat64(const char *name, struct stat64 *st)
{
	return sys_fstatat64(AT_FDCWD, name, st, AT_SYMLINK_NOFOLLOW);
}

long
sys_fstat64(unsigned fd, struct stat64 *st)
{
	struct kstat k;
	int err = getattr_fd(fd, &k);

	return err ? err : put_stat64(&k, st);
}

long
sys_stat(const char *name, struct stat *st)
{
	struct kstat k;
	int err = getattr_path(AT_FDCWD, name, 0, &k);

	return err ? err : put_stat(&k, st);
}

long
sys_lstat(const char *name, struct stat *st)
{
	struct kstat k;
	int err = getattr_path(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, &k);

	return err ? err : put_stat(&k, st);
}

long
sys_fstat(unsigned fd, struct stat *st)
{
	struct kstat k;
	int err = getattr_fd(fd, &k);

	return err ? err : put_stat(&k, st);
}

long
sys_statx(int dfd, const char *name, unsigned flags, unsigned mask,
	  struct statx *st)
{
	struct kstat k;
	int err;

	if (mask & STATX_RESERVED ||
	    (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	err = getattr_path(dfd, name, (int)flags, &k);
	return err ? err : put_statx(&k, st);
}

/* --- statfs -------------------------------------------------------------------------- */

static void
get_statfs(const struct path *path, struct kstatfs *k)
{
	struct super_block *sb = path->dentry->d_sb;

	memset(k, 0, sizeof(*k));
	k->f_type = sb->s_type->magic;
	k->f_bsize = PAGE_SIZE;
	if (sb->s_op->statfs)
		sb->s_op->statfs(sb, k);
}

static int
statfs_path(const char *user, struct kstatfs *k)
{
	struct path path;
	int err = user_path(AT_FDCWD, user, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	get_statfs(&path, k);
	path_put(&path);
	return 0;
}

static int
statfs_fd(unsigned fd, struct kstatfs *k)
{
	struct fd f = fdget_raw(fd);

	if (!f.file)
		return -EBADF;
	get_statfs(&f.file->f_path, k);
	fdput(f);
	return 0;
}

static long
put_statfs64(const struct kstatfs *k, struct statfs64 *user)
{
	struct statfs64 st;

	memset(&st, 0, sizeof(st));
	st.f_type = k->f_type;
	st.f_bsize = st.f_frsize = k->f_bsize;
	st.f_blocks = k->f_blocks;
	st.f_bfree = k->f_bfree;
	st.f_bavail = k->f_bavail;
	st.f_files = k->f_files;
	st.f_ffree = k->f_ffree;
	st.f_namelen = NAME_MAX;
	return copy_to_user(user, &st, sizeof(st)) ? -EFAULT : 0;
}

static long
put_statfs(const struct kstatfs *k, struct statfs *user)
{
	struct statfs st;

	memset(&st, 0, sizeof(st));
	st.f_type = k->f_type;
	st.f_bsize = st.f_frsize = k->f_bsize;
	st.f_blocks = (u32)k->f_blocks;
	st.f_bfree = (u32)k->f_bfree;
	st.f_bavail = (u32)k->f_bavail;
	st.f_files = (u32)k->f_files;
	st.f_ffree = (u32)k->f_ffree;
	st.f_namelen = NAME_MAX;
	return copy_to_user(user, &st, sizeof(st)) ? -EFAULT : 0;
}

long
sys_statfs64(const char *name, size_t size, struct statfs64 *st)
{
	struct kstatfs k;
	int err = STATFS64_SIZES(size) ? statfs_path(name, &k) : -EINVAL;

	return err ? err : put_statfs64(&k, st);
}

long
sys_fstatfs64(unsigned fd, size_t size, struct statfs64 *st)
{
	struct kstatfs k;
	int err = STATFS64_SIZES(size) ? statfs_fd(fd, &k) : -EINVAL;

	return err ? err : put_statfs64(&k, st);
}

long
sys_statfs(const char *name, struct statfs *st)
{
	struct kstatfs k;
	int err = statfs_path(name, &k);

	return err ? err : put_statfs(&k, st);
}

long
sys_fstatfs(unsigned fd, struct statfs *st)
{
	struct kstatfs k;
	int err = statfs_fd(fd, &k);

	return err ? err : put_statfs(&k, st);
}

/* --- links and folders ------------------------------------------------------------------ */

long
sys_readlinkat(int dfd, const char *user, char *buf, int size)
{
	struct path path;
	char *name;
	int err;

	if (size <= 0)
		return -EINVAL;
	name = getname(user, &err);
	if (!name)
		return err;
	err = path_lookup(dfd, name, LOOKUP_EMPTY, &path);
	if (!err) {
		/* The name's buffer is long enough for any link. */
		err = vfs_readlink(&path, name, (size_t)min(size, PATH_MAX));
		path_put(&path);
	}
	if (err > 0 && copy_to_user(buf, name, (size_t)err))
		err = -EFAULT;
	putname(name);
	return err;
}

long
sys_readlink(const char *name, char *buf, int size)
{
	return sys_readlinkat(AT_FDCWD, name, buf, size);
}

long
sys_getcwd(char *buf, unsigned long size)
{
	static const char outside[] = "(unreachable)";	/* before a / */
	const size_t room = sizeof(outside) - 1;
	struct fs_struct *fs = current_fs();
	char *page = kmalloc(PATH_MAX, GFP_KERNEL), *text;
	struct path pwd;
	long result = 0;
	size_t n;
	int err;

	if (!page)
		return -ENOMEM;
	spin_lock(&fs->lock);
	pwd = fs->pwd;
	path_get(&pwd);
	spin_unlock(&fs->lock);
	text = d_path(&pwd, page + room, PATH_MAX - room, &err);
	if (err > 0) {
		text -= room;
		memcpy(text, outside, room);
	}
	if (!text) {
		result = err;
	} else if (pwd.dentry->d_inode->i_nlink == 0) {
		result = -ENOENT;
	} else {
		n = strlen(text) + 1;
		result = n > size ? -ERANGE :
			 copy_to_user(buf, text, n) ? -EFAULT : (long)n;
	}
	path_put(&pwd);
	kfree(page);
	return result;
}

struct getdents {
	struct dir_context ctx;
	char *buf;		/* the user's, what is left of it */
	size_t room, used;
	int err;
};

static bool
put_dirent(struct dir_context *ctx, const char *name, unsigned len, u64 pos,
	   u64 ino, unsigned type)
{
	struct getdents *g = container_of(ctx, struct getdents, ctx);
	char space[ALIGN_UP(sizeof(struct linux_dirent64) + NAME_MAX + 1, 8)]
		__aligned(8);
	struct linux_dirent64 *d = (struct linux_dirent64 *)space;
	size_t size = ALIGN_UP(offsetof(struct linux_dirent64, d_name) + len +
			       1, 8);

	if (size > g->room) {
		if (!g->used)
			g->err = -EINVAL;	/* no room even for one */
		return false;
	}
	memset(space, 0, size);
	d->d_ino = ino;
	d->d_off = (s64)pos + 1;
	d->d_reclen = (u16)size;
	d->d_type = (u8)type;
	memcpy(d->d_name, name, len);
	if (copy_to_user(g->buf, space, size)) {
		g->err = -EFAULT;
		return false;
	}
	g->buf += size;
	g->room -= size;
	g->used += size;
	return true;
}

long
sys_getdents64(unsigned fd, void *buf, unsigned size)
{
	struct getdents g = {
		.ctx.actor = put_dirent, .buf = buf, .room = size,
	};
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = iterate_dir(f.file, &g.ctx);
	fdput(f);
	if (err)
		return err;
	return g.used ? (long)g.used : g.err;
}
