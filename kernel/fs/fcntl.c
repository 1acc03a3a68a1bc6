/* SPDX-License-Identifier: MIT */
/*
 * System calls on descriptors: dup, fcntl, ioctl; and those that make
 * files without a name: pipe, memfd_create.
 */
#include <asm/uaccess.h>
#include <kernel/file_locks.h>
#include <kernel/panic.h>
#include <kernel/rlimit.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <uapi/termios.h>

#include "fs_private.h"
#include "pipe.h"

#define SETFL_MASK	(O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)
#define ALL_SEALS	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | \
			 F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

/* --- dup ---------------------------------------------------------------------------- */

/* With a reference of its own; O_PATH files too. */
static struct file *
fget_raw(unsigned fd)
{
	struct fd f = fdget_raw(fd);

	if (f.file && !f.put)
		get_file(f.file);
	return f.file;
}

static long
dup_from(unsigned fd, unsigned start, unsigned flags)
{
	struct file *file = fget_raw(fd);
	int to;

	if (!file)
		return -EBADF;
	to = get_unused_fd_from(start, flags);
	if (to < 0)
		fput(file);
	else
		fd_install((unsigned)to, file);
	return to;
}

long
sys_dup(unsigned fd)
{
	return dup_from(fd, 0, 0);
}

long
sys_dup3(unsigned fd, unsigned to, int flags)
{
	struct file *file;

	if (flags & ~O_CLOEXEC || fd == to)
		return -EINVAL;
	file = fget_raw(fd);
	return file ? fd_replace(to, file, (unsigned)flags) : -EBADF;
}

long
sys_dup2(unsigned fd, unsigned to)
{
	struct fd f;

	if (fd != to)
		return sys_dup3(fd, to, 0);
	f = fdget_raw(fd);
	if (!f.file)
		return -EBADF;
	fdput(f);
	return (long)fd;
}

/* --- seals --------------------------------------------------------------------------- */

/* May somebody still write to it through a mapping? */
static bool
mapped_writable(struct address_space *mapping)
{
	struct vm_area_struct *vma;
	bool writable = false;

	down_read(&mapping->i_mmap_lock);
	list_for_each_entry(vma, &mapping->i_mmap, mapping_node)
		writable |= (vma->vm_flags & VM_SHARED) &&
			    (vma->vm_flags & VM_MAYWRITE);
	up_read(&mapping->i_mmap_lock);
	return writable;
}

/*
 * Forbid what seals say, for ever. Context: may sleep.
 * 0, -EINVAL, -EPERM (sealed against it, or not open for writing), -EBUSY.
 */
int
file_add_seals(struct file *file, u32 seals)
{
	struct inode *inode = file->f_inode;
	int err = 0;

	if (!(file->f_mode & FMODE_WRITE))
		return -EPERM;
	if (seals & ~(u32)ALL_SEALS)
		return -EINVAL;
	mutex_lock(&inode->i_lock);
	if (inode->i_seals & F_SEAL_SEAL)
		err = -EPERM;
	else if ((seals & F_SEAL_WRITE) && !(inode->i_seals & F_SEAL_WRITE) &&
		 mapped_writable(inode->i_mapping))
		err = -EBUSY;
	else
		inode->i_seals |= seals;
	mutex_unlock(&inode->i_lock);
	return err;
}

static bool
can_be_sealed(const struct file *file)
{
	return S_ISREG(file->f_inode->i_mode) &&
	       file->f_inode->i_mapping->ops->swap_backed;
}

/* --- fcntl ------------------------------------------------------------------------------ */

/* O_DIRECT of a pipe is a promise about packets, which costs nothing to make. */
static long
set_flags(struct file *file, unsigned flags)
{
	if (flags & O_DIRECT && !S_ISFIFO(file->f_inode->i_mode) &&
	    !file_can_direct(file))
		return -EINVAL;
	WRITE_ONCE(file->f_flags, (file->f_flags & ~(unsigned)SETFL_MASK) |
				  (flags & SETFL_MASK));
	return 0;
}

static long
fcntl_file(unsigned fd, struct file *file, unsigned cmd, unsigned long arg)
{
	switch (cmd) {
	case F_GETFL:
		return (long)(file->f_flags | O_LARGEFILE);
	case F_SETFL:
		return set_flags(file, (unsigned)arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_GETLK64:
	case F_SETLK64:
	case F_SETLKW64:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return fcntl_lock(fd, file, cmd, arg);
	case F_SETOWN:
	case F_GETOWN:
		return 0;
	case F_GETPIPE_SZ:
		return pipe_get_size(file);
	case F_SETPIPE_SZ:
		return pipe_set_size(file, arg);
	case F_ADD_SEALS:
		return can_be_sealed(file) ? file_add_seals(file, (u32)arg) :
					     -EINVAL;
	case F_GET_SEALS:
		return can_be_sealed(file) ? (long)file->f_inode->i_seals :
					     -EINVAL;
	default:
		return -EINVAL;
	}
}

static long
fcntl_fd(unsigned fd, unsigned cmd, unsigned long arg)
{
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (arg >= min(rlimit(RLIMIT_NOFILE),
			       (unsigned long)NR_OPEN_MAX))
			return -EINVAL;
		return dup_from(fd, (unsigned)arg,
				cmd == F_DUPFD ? 0 : O_CLOEXEC);
	case F_GETFD:
		return fd_close_on_exec(fd) ? FD_CLOEXEC : 0;
	default:
		fd_set_close_on_exec(fd, arg & FD_CLOEXEC);
		return 0;
	}
}

long
sys_fcntl64(unsigned fd, unsigned cmd, unsigned long arg)
{
	struct fd f = fdget_raw(fd);
	long result;

	if (!f.file)
		return -EBADF;
	if (cmd <= F_SETFD || cmd == F_DUPFD_CLOEXEC)
		result = fcntl_fd(fd, cmd, arg);
	else if ((f.file->f_mode & FMODE_PATH) && cmd != F_GETFL)
		result = -EBADF;
	else
		result = fcntl_file(fd, f.file, cmd, arg);
	fdput(f);
	return result;
}

static long
set_nonblock(struct file *file, unsigned long arg)
{
	int on;

	if (get_user(on, (const int *)arg))
		return -EFAULT;
	return set_flags(file, on ? file->f_flags | O_NONBLOCK :
				    file->f_flags & ~(unsigned)O_NONBLOCK);
}

long
sys_ioctl(unsigned fd, unsigned cmd, unsigned long arg)
{
	struct fd f = fdget(fd);
	long result = -ENOTTY;

	if (!f.file)
		return -EBADF;
	if (cmd == FIONBIO)
		result = set_nonblock(f.file, arg);
	else if (f.file->f_op->ioctl)
		result = f.file->f_op->ioctl(f.file, cmd, arg);
	else if (cmd == FIONREAD && S_ISREG(f.file->f_inode->i_mode))
		result = put_user_int((int)(i_size_read(f.file->f_inode) -
					    f.file->f_pos), arg);
	fdput(f);
	return result;
}

/* --- files without a name ------------------------------------------------------------------ */

/* Both descriptors, or none; takes the references. */
long
publish_two(struct file *files[2], int *user, unsigned flags)
{
	int fds[2];

	fds[0] = get_unused_fd(flags);
	fds[1] = fds[0] < 0 ? fds[0] : get_unused_fd(flags);
	if (fds[1] >= 0 && !copy_to_user(user, fds, sizeof(fds))) {
		fd_install((unsigned)fds[0], files[0]);
		fd_install((unsigned)fds[1], files[1]);
		return 0;
	}
	if (fds[0] >= 0)
		put_unused_fd((unsigned)fds[0]);
	fput(files[0]);
	fput(files[1]);
	if (fds[1] < 0)
		return fds[1];
	put_unused_fd((unsigned)fds[1]);
	return -EFAULT;
}

long
sys_pipe2(int *fds, int flags)
{
	struct file *files[2];
	int err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	err = create_pipe_files(files, (unsigned)flags);
	return err ? err : publish_two(files, fds, (unsigned)flags);
}

long
sys_pipe(int *fds)
{
	return sys_pipe2(fds, 0);
}

#define MEMFD_PREFIX	"memfd:"
#define MEMFD_NAME_MAX	(NAME_MAX - (long)sizeof(MEMFD_PREFIX) + 1)

long
sys_memfd_create(const char *user, unsigned flags)
{
	char name[NAME_MAX + 1] = MEMFD_PREFIX;
	struct file *file;
	long n;
	int err;

	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	n = strncpy_from_user(name + sizeof(MEMFD_PREFIX) - 1, user,
			      MEMFD_NAME_MAX);
	if (n < 0 || n == MEMFD_NAME_MAX)
		return n < 0 ? -EFAULT : -EINVAL;
	err = shmem_file_setup(name, 0, &file);
	if (err)
		return err;
	if (flags & MFD_ALLOW_SEALING)
		file->f_inode->i_seals = 0;
	return fd_publish(file, flags & MFD_CLOEXEC ? O_CLOEXEC : 0);
}
