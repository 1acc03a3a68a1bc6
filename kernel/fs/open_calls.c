/* SPDX-License-Identifier: MIT */
/*
 * System calls that open files, change what is known of them, and say where a
 * process stands.
 */
#include <asm/uaccess.h>
#include <kernel/panic.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>

#include "fs_private.h"

#define OPEN_FLAGS	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | \
			 O_APPEND | O_NONBLOCK | O_DSYNC | O_DIRECTORY |    \
			 O_NOFOLLOW | O_SYNC | O_DIRECT | O_LARGEFILE | O_NOATIME |  \
			 O_CLOEXEC | O_PATH | O_TMPFILE)
#define UTIME_NOW	((1 << 30) - 1)
#define UTIME_OMIT	((1 << 30) - 2)
#define CLOSE_RANGE_CLOEXEC	4u

long
sys_openat(int dfd, const char *user, int flags, unsigned mode)
{
	struct file *file;
	char *name;
	int err;

	name = getname(user, &err);
	if (!name)
		return err;
	err = filp_open_at(dfd, name, (unsigned)flags & OPEN_FLAGS, mode,
			   &file);
	putname(name);
	return err ? err : fd_publish(file, (unsigned)flags);
}

long
sys_open(const char *name, int flags, unsigned mode)
{
	return sys_openat(AT_FDCWD, name, flags, mode);
}

long
sys_creat(const char *name, unsigned mode)
{
	return sys_openat(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

long
sys_close(unsigned fd)
{
	return close_fd(fd);
}

long
sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	struct files_struct *files = current_files();
	unsigned fd;

	if (first > last || flags & ~CLOSE_RANGE_CLOEXEC)
		return -EINVAL;
	last = min(last, files->fdt->max_fds - 1);
	for (fd = first; fd <= last; fd++) {
		if (flags & CLOSE_RANGE_CLOEXEC)
			fd_set_close_on_exec(fd, true);
		else
			close_fd(fd);
	}
	return 0;
}

/* --- by path: look up, do, put ------------------------------------------------------ */

static long
truncate_path(const char *user, s64 length)
{
	struct path path;
	struct inode *inode;
	int err;

	if (length < 0)
		return -EINVAL;
	err = user_path(AT_FDCWD, user, LOOKUP_FOLLOW, &path);
	if (err)
		return err;
	inode = path.dentry->d_inode;
	if (!S_ISDIR(inode->i_mode))
		err = inode_permission(inode, MAY_WRITE);
	if (!err)
		err = get_write_access(inode);
	if (!err) {
		err = vfs_truncate(inode, (u64)length);
		put_write_access(inode);
	}
	path_put(&path);
	return err;
}

long
sys_truncate(const char *name, long length)
{
	return truncate_path(name, length);
}

long
sys_truncate64(const char *name, u64 length)
{
	return truncate_path(name, (s64)length);
}

static long
truncate_fd(unsigned fd, s64 length)
{
	struct fd f;
	long err = -EINVAL;

	if (length < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	if (f.file->f_mode & FMODE_WRITE && S_ISREG(f.file->f_inode->i_mode))
		err = vfs_truncate(f.file->f_inode, (u64)length);
	fdput(f);
	return err;
}

long
sys_ftruncate(unsigned fd, long length)
{
	return truncate_fd(fd, length);
}

long
sys_ftruncate64(unsigned fd, u64 length)
{
	return truncate_fd(fd, (s64)length);
}

long
sys_fallocate(int fd, int mode, u64 offset, u64 len)
{
	struct fd f;
	long err;

	if ((s64)offset < 0 || (s64)len <= 0)
		return -EINVAL;
	if (offset > (u64)MAX_LFS_FILESIZE ||
	    len > (u64)MAX_LFS_FILESIZE - offset)
		return -EFBIG;
	f = fdget((unsigned)fd);
	if (!f.file)
		return -EBADF;
	if (!(f.file->f_mode & FMODE_WRITE))
		err = -EBADF;
	else if (S_ISFIFO(f.file->f_inode->i_mode))
		err = -ESPIPE;
	else if (!f.file->f_op->fallocate)
		err = S_ISREG(f.file->f_inode->i_mode) ? -EOPNOTSUPP : -ENODEV;
	else
		err = f.file->f_op->fallocate(f.file, mode, offset, len);
	fdput(f);
	return err;
}

long
sys_faccessat2(int dfd, const char *name, int mode, int flags)
{
	struct path path;
	int err;

	if (mode & ~(R_OK | W_OK | X_OK) ||
	    flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = user_path(dfd, name, lookup_flags(flags), &path);
	if (err)
		return err;
	/* R_OK, W_OK and X_OK are the bits of MAY_*. */
	if (mode)
		err = inode_permission(path.dentry->d_inode, (unsigned)mode);
	path_put(&path);
	return err;
}

long
sys_faccessat(int dfd, const char *name, int mode)
{
	return sys_faccessat2(dfd, name, mode, 0);
}

long
sys_access(const char *name, int mode)
{
	return sys_faccessat2(AT_FDCWD, name, mode, 0);
}

/* --- rights and owners ----------------------------------------------------------------- */

/* What is kept of inode beside its content changes: i_lock, until end_change(). */
static int
begin_change(struct inode *inode)
{
	if (!sb_start_write(inode->i_sb))
		return -EROFS;
	mutex_lock(&inode->i_lock);
	return 0;
}

static void
end_change(struct inode *inode, bool changed)
{
	if (changed) {
		inode->i_ctime = current_time();
		mark_inode_dirty(inode, I_DIRTY_SYNC);
	}
	mutex_unlock(&inode->i_lock);
	sb_end_write(inode->i_sb);
}

static int
change_mode(struct inode *inode, unsigned mode)
{
	u32 uid = current_fs()->uid;
	int err;

	if (uid && uid != inode->i_uid)
		return -EPERM;
	err = begin_change(inode);
	if (err)
		return err;
	inode->i_mode = (inode->i_mode & S_IFMT) | (mode & S_IALLUGO);
	end_change(inode, true);
	return 0;
}

long
sys_fchmodat(int dfd, const char *name, unsigned mode)
{
	struct path path;
	int err = user_path(dfd, name, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	err = change_mode(path.dentry->d_inode, mode);
	path_put(&path);
	return err;
}

long
sys_chmod(const char *name, unsigned mode)
{
	return sys_fchmodat(AT_FDCWD, name, mode);
}

long
sys_fchmod(unsigned fd, unsigned mode)
{
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = change_mode(f.file->f_inode, mode);
	fdput(f);
	return err;
}

static int
change_owner(struct inode *inode, u32 uid, u32 gid)
{
	u32 me = current_fs()->uid;
	int err;

	if (me && (me != inode->i_uid || (uid != ~0u && uid != me)))
		return -EPERM;
	err = begin_change(inode);
	if (err)
		return err;
	if (uid != ~0u)
		inode->i_uid = uid;
	if (gid != ~0u)
		inode->i_gid = gid;
	/* A program that runs as its owner is not given away as such. */
	if (S_ISREG(inode->i_mode))
		inode->i_mode &= ~(S_ISUID | S_ISGID);
	end_change(inode, true);
	return 0;
}

long
sys_fchownat(int dfd, const char *name, u32 uid, u32 gid, int flags)
{
	struct path path;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = user_path(dfd, name, lookup_flags(flags), &path);
	if (err)
		return err;
	err = change_owner(path.dentry->d_inode, uid, gid);
	path_put(&path);
	return err;
}

long
sys_chown32(const char *name, u32 uid, u32 gid)
{
	return sys_fchownat(AT_FDCWD, name, uid, gid, 0);
}

long
sys_lchown32(const char *name, u32 uid, u32 gid)
{
	return sys_fchownat(AT_FDCWD, name, uid, gid, AT_SYMLINK_NOFOLLOW);
}

long
sys_fchown32(unsigned fd, u32 uid, u32 gid)
{
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = change_owner(f.file->f_inode, uid, gid);
	fdput(f);
	return err;
}

/* --- times ------------------------------------------------------------------------------- */

static int
set_time(struct timespec64 *to, const struct kernel_timespec *t)
{
	if (t->tv_nsec == UTIME_OMIT)
		return 0;
	if (t->tv_nsec == UTIME_NOW) {
		*to = current_time();
		return 0;
	}
	if (t->tv_nsec < 0 || t->tv_nsec > 999999999)
		return -EINVAL;
	to->tv_sec = t->tv_sec;
	to->tv_nsec = (s32)t->tv_nsec;
	return 0;
}

static long
set_times(int dfd, const char *name, const struct kernel_timespec t[2],
	  int flags)
{
	struct timespec64 atime, mtime;
	struct inode *inode;
	struct path path;
	struct fd f;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (name) {
		err = user_path(dfd, name, lookup_flags(flags), &path);
	} else {
		f = fdget((unsigned)dfd);
		err = f.file ? 0 : -EBADF;
		if (f.file) {
			path = f.file->f_path;
			path_get(&path);
			fdput(f);
		}
	}
	if (err)
		return err;
	inode = path.dentry->d_inode;
	err = begin_change(inode);
	if (!err) {
		atime = inode->i_atime;
		mtime = inode->i_mtime;
		err = set_time(&atime, &t[0]);
		if (!err)
			err = set_time(&mtime, &t[1]);
		if (!err) {
			inode->i_atime = atime;
			inode->i_mtime = mtime;
		}
		end_change(inode, !err);
	}
	path_put(&path);
	return err;
}

static const struct kernel_timespec both_now[2] = {
	{ 0, UTIME_NOW }, { 0, UTIME_NOW },
};

long
sys_utimensat_time64(int dfd, const char *name,
		     const struct kernel_timespec *user, int flags)
{
	struct kernel_timespec t[2];

	if (!user)
		return set_times(dfd, name, both_now, flags);
	if (copy_from_user(t, user, sizeof(t)))
		return -EFAULT;
	return set_times(dfd, name, t, flags);
}

long
sys_utimensat(int dfd, const char *name, const struct old_timespec32 *user,
	      int flags)
{
	struct old_timespec32 old[2];
	struct kernel_timespec t[2];

	if (!user)
		return set_times(dfd, name, both_now, flags);
	if (copy_from_user(old, user, sizeof(old)))
		return -EFAULT;
	for (unsigned i = 0; i < 2; i++) {
		t[i].tv_sec = old[i].tv_sec;
		t[i].tv_nsec = old[i].tv_nsec;
	}
	return set_times(dfd, name, t, flags);
}

/* --- where a process stands ---------------------------------------------------------------- */

long
sys_chdir(const char *name)
{
	struct path path;
	int err = user_path(AT_FDCWD, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY,
			    &path);

	if (err)
		return err;
	err = inode_permission(path.dentry->d_inode, MAY_EXEC);
	if (err)
		path_put(&path);
	else
		set_fs_pwd(current_fs(), &path);
	return err;
}

long
sys_fchdir(unsigned fd)
{
	struct fd f = fdget_raw(fd);
	struct path path;
	int err = -ENOTDIR;

	if (!f.file)
		return -EBADF;
	if (S_ISDIR(f.file->f_inode->i_mode))
		err = inode_permission(f.file->f_inode, MAY_EXEC);
	if (!err) {
		path = f.file->f_path;
		path_get(&path);
		set_fs_pwd(current_fs(), &path);
	}
	fdput(f);
	return err;
}

long
sys_chroot(const char *name)
{
	struct path path;
	int err = user_path(AT_FDCWD, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY,
			    &path);

	if (err)
		return err;
	if (current_fs()->uid) {
		path_put(&path);
		return -EPERM;
	}
	set_fs_root(current_fs(), &path);
	return 0;
}

long
sys_umask(unsigned mask)
{
	struct fs_struct *fs = current_fs();
	u32 old = fs->umask;

	fs->umask = mask & S_IRWXUGO;
	return (long)old;
}
