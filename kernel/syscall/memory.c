/* SPDX-License-Identifier: MIT */
/*
 * The mmap family as system calls: what of it is a matter of files and user
 * memory. The rest is mm/as.
 */
#include <asm/uaccess.h>
#include <kernel/fs_struct.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <mm/gfp.h>
#include <mm/mman.h>
#include <mm/mm.h>
#include <mm/shmem.h>
#include <mm/slab.h>
#include "sys.h"

long
sys_brk(unsigned long brk)
{
	return (long)do_brk(current->mm, brk);
}

/* --- mmap2 --- */

/* Flags that MAP_SHARED_VALIDATE lets pass. */
#define KNOWN_FLAGS	(MAP_SHARED_VALIDATE | MAP_FIXED | MAP_ANONYMOUS | \
			 MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE | \
			 MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | \
			 MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | \
			 MAP_FIXED_NOREPLACE)

/* What a mapping of file may do, by the way it was opened. 0 or -Exxx. */
static int
rights_of(struct file *file, struct mmap_args *args)
{
	bool shared = (args->flags & MAP_TYPE) != MAP_PRIVATE;

	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
	if (!file->f_op->mmap)
		return -ENODEV;
	args->may = VM_MAYREAD | VM_MAYEXEC;
	if (!shared || file->f_mode & FMODE_WRITE)
		args->may |= VM_MAYWRITE;
	else if (args->prot & PROT_WRITE)
		return -EACCES;
	if (file->f_inode->i_sb->s_flags & SB_NOEXEC) {
		if (args->prot & PROT_EXEC)
			return -EPERM;
		args->may &= ~VM_MAYEXEC;
	}
	args->map = file->f_op->mmap;
	return 0;
}

/* Memory shared with children is a file without a name. */
static int
anonymous_file(struct mmap_args *args, struct file **file)
{
	bool shared = (args->flags & MAP_TYPE) != MAP_PRIVATE;

	args->pgoff = 0;
	if (!shared)
		return 0;
	if (!args->len)
		return -EINVAL;
	return shmem_file_setup("dev/zero", ALIGN_UP(args->len, PAGE_SIZE),
				file);
}

static long
map(struct mmap_args *args, struct file *file)
{
	unsigned long at;
	int err = file ? rights_of(file, args) : 0;

	args->file = file;
	if (!err)
		err = do_mmap(current->mm, args, &at);
	return err ? err : (long)at;
}

long
sys_mmap2(unsigned long addr, unsigned long len, unsigned prot, unsigned flags,
	  int fd, unsigned long pgoff)
{
	struct mmap_args args = {
		.addr = addr, .len = len, .prot = prot, .flags = flags,
		.pgoff = pgoff,
	};
	struct file *file = NULL;
	long result;
	int err = 0;

	if ((flags & MAP_TYPE) == MAP_SHARED_VALIDATE &&
	    flags & ~(unsigned)KNOWN_FLAGS)
		return -EOPNOTSUPP;
	if (flags & MAP_ANONYMOUS) {
		err = anonymous_file(&args, &file);
	} else {
		file = fget((unsigned)fd);
		err = file ? 0 : -EBADF;
	}
	if (err)
		return err;
	result = map(&args, file);
	if (file)
		fput(file);
	return result;
}

long
sys_munmap(unsigned long addr, unsigned long len)
{
	return do_munmap(current->mm, addr, len);
}

long
sys_mprotect(unsigned long addr, unsigned long len, unsigned prot)
{
	return do_mprotect(current->mm, addr, len, prot);
}

long
sys_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len,
	   unsigned flags, unsigned long new_addr)
{
	unsigned long at;
	int err = do_mremap(current->mm, addr, old_len, new_len, flags,
			    new_addr, &at);

	return err ? err : (long)at;
}

/* A hole in the file that is mapped there. */
static long
madvise_remove(unsigned long addr, unsigned long len)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	struct file *file = NULL;
	u64 offset = 0;
	long err;

	down_read(&mm->mmap_lock);
	vma = vma_lookup(mm, addr);
	if (!vma || addr + len > vma->vm_end)
		err = -ENOMEM;
	else if (vma->vm_flags & VM_LOCKED || !vma->vm_file)
		err = -EINVAL;
	else if ((vma->vm_flags & (VM_SHARED | VM_WRITE)) !=
		 (VM_SHARED | VM_WRITE))
		err = -EACCES;
	else
		err = 0;
	if (!err) {
		file = get_file(vma->vm_file);
		offset = ((u64)vma->vm_pgoff << PAGE_SHIFT) +
			 (addr - vma->vm_start);
	}
	up_read(&mm->mmap_lock);
	if (err)
		return err;
	err = file->f_op->fallocate ?
	      file->f_op->fallocate(file, 3 /* PUNCH_HOLE | KEEP_SIZE */,
				    offset, len) : -EOPNOTSUPP;
	fput(file);
	return err;
}

long
sys_madvise(unsigned long addr, unsigned long len, int advice)
{
	if (advice != MADV_REMOVE)
		return do_madvise(current->mm, addr, len, advice);
	if (addr & ~PAGE_MASK || len > TASK_SIZE)
		return -EINVAL;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (addr + len < addr)
		return -EINVAL;
	return len ? madvise_remove(addr, len) : 0;
}

long
sys_msync(unsigned long addr, unsigned long len, unsigned flags)
{
	return do_msync(current->mm, addr, len, flags);
}

long
sys_mlock(unsigned long addr, unsigned long len)
{
	return do_mlock(current->mm, addr, len, 0);
}

long
sys_mlock2(unsigned long addr, unsigned long len, unsigned flags)
{
	return do_mlock(current->mm, addr, len, flags);
}

long
sys_munlock(unsigned long addr, unsigned long len)
{
	return do_munlock(current->mm, addr, len);
}

long
sys_mlockall(unsigned flags)
{
	return do_mlockall(current->mm, flags);
}

long
sys_munlockall(void)
{
	return do_munlockall(current->mm);
}

#define MINCORE_CHUNK	512

long
sys_mincore(unsigned long addr, unsigned long len, u8 *vec)
{
	unsigned long pages = ALIGN_UP(len, PAGE_SIZE) >> PAGE_SHIFT;
	u8 *buf;
	long err = 0;

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	if (len > TASK_SIZE || addr > TASK_SIZE - len)
		return -ENOMEM;
	if (!access_ok(vec, pages))
		return -EFAULT;
	buf = kmalloc(MINCORE_CHUNK, GFP_KERNEL);
	if (!buf)
		return -EAGAIN;
	while (pages && !err) {
		unsigned long n = min(pages, (unsigned long)MINCORE_CHUNK);

		err = do_mincore(current->mm, addr, n, buf);
		if (!err && copy_to_user(vec, buf, n))
			err = -EFAULT;
		addr += n << PAGE_SHIFT;
		vec += n;
		pages -= n;
	}
	kfree(buf);
	return err;
}

/* Linux emulates it by mmap since 4.0. */
long
sys_remap_file_pages(unsigned long addr, unsigned long size, unsigned prot,
		     unsigned long pgoff, unsigned flags)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	struct mmap_args args = { .addr = addr & PAGE_MASK, .pgoff = pgoff };
	struct file *file = NULL;
	long result;

	(void)flags;
	args.len = size & PAGE_MASK;
	if (prot || !args.len || args.addr + args.len < args.addr)
		return -EINVAL;
	down_read(&mm->mmap_lock);
	vma = vma_lookup(mm, args.addr);
	if (vma && vma->vm_flags & VM_SHARED && vma->vm_file &&
	    args.addr + args.len <= vma->vm_end) {
		file = get_file(vma->vm_file);
		args.prot = vma->vm_flags & VM_ACCESS_FLAGS;
	}
	up_read(&mm->mmap_lock);
	if (!file)
		return -EINVAL;
	args.flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;
	result = map(&args, file);
	fput(file);
	return result < 0 ? result : 0;
}

/* --- Another's memory --- */

struct uvec {
	u32 base, len;
};

#define UIO_MAXIOV	1024

/* Copy n bytes between ours and theirs; how many were. */
static u32
transfer(struct mm_struct *mm, u32 ours, u32 theirs, u32 n, bool write,
	 char *page)
{
	u32 done = 0;

	while (done < n) {
		u32 part = min(n - done, (u32)PAGE_SIZE), got;

		if (write && copy_from_user(page, (void *)(ours + done), part))
			break;
		got = (u32)access_remote_vm(mm, theirs + done, page, part,
					    write ? FOLL_WRITE : 0);
		if (!write && got &&
		    copy_to_user((void *)(ours + done), page, got))
			break;
		done += got;
		if (got < part)
			break;
	}
	return done;
}

struct vectors {
	const struct uvec *local, *remote;
	u32 nr_local, nr_remote;
};

/* Go through both lists together. Bytes, or -EFAULT if there were none. */
static long
transfer_all(struct mm_struct *mm, const struct vectors *v, bool write,
	     char *page)
{
	u32 l = 0, r = 0, l_at = 0, r_at = 0;
	long sum = 0;

	while (l < v->nr_local && r < v->nr_remote) {
		u32 n = min(v->local[l].len - l_at, v->remote[r].len - r_at);
		u32 done = transfer(mm, v->local[l].base + l_at,
				    v->remote[r].base + r_at, n, write, page);

		sum += (long)done;
		if (done < n)
			return sum ? sum : -EFAULT;
		l_at += n;
		r_at += n;
		if (l_at == v->local[l].len)
			l++, l_at = 0;
		if (r < v->nr_remote && r_at == v->remote[r].len)
			r++, r_at = 0;
	}
	return sum;
}

/* The address space of pid with a reference. 0 or -Exxx. */
static int
mm_of(int pid, struct mm_struct **mm)
{
	struct task *task = find_get_task(pid);
	int err = -ESRCH;

	if (!task)
		return -ESRCH;
	*mm = task_get_mm(task);
	if (*mm) {
		err = 0;
		if (current->process->euid &&
		    current->process->euid != task->process->uid) {
			mmput(*mm);
			err = -EPERM;
		}
	}
	put_task(task);
	return err;
}

static long
process_vm_rw(int pid, const void *local, unsigned long nr_local,
	      const void *remote, unsigned long nr_remote, bool write)
{
	struct mm_struct *mm = NULL;
	struct uvec *vec;
	char *page = NULL;
	long result = -ENOMEM;

	if (nr_local > UIO_MAXIOV || nr_remote > UIO_MAXIOV)
		return -EINVAL;
	vec = kmalloc_array(nr_local + nr_remote + 1, sizeof(*vec),
			    GFP_KERNEL);
	if (vec)
		page = get_free_page(GFP_KERNEL);
	if (!page)
		goto out;
	result = -EFAULT;
	if (copy_from_user(vec, local, nr_local * sizeof(*vec)) ||
	    copy_from_user(vec + nr_local, remote, nr_remote * sizeof(*vec)))
		goto out;
	result = mm_of(pid, &mm);
	if (!result) {
		struct vectors v = { vec, vec + nr_local, (u32)nr_local,
				     (u32)nr_remote };

		result = transfer_all(mm, &v, write, page);
		mmput(mm);
	}
out:
	free_page(page);
	kfree(vec);
	return result;
}

long
sys_process_vm_readv(int pid, const void *local, unsigned long nr_local,
		     const void *remote, unsigned long nr_remote,
		     unsigned long flags)
{
	if (flags)
		return -EINVAL;
	return process_vm_rw(pid, local, nr_local, remote, nr_remote, false);
}

long
sys_process_vm_writev(int pid, const void *local, unsigned long nr_local,
		      const void *remote, unsigned long nr_remote,
		      unsigned long flags)
{
	if (flags)
		return -EINVAL;
	return process_vm_rw(pid, local, nr_local, remote, nr_remote, true);
}
