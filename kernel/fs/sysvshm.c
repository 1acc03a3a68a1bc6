/* SPDX-License-Identifier: MIT */
/*
 * System V shared memory: segments that are found by a key (ipc_ids.c).
 *
 * Ideas
 *   A segment is a file of shared memory (tmpfs.c) with a key, rights, and a
 *	count of the mappings of it. It lives until it is removed (IPC_RMID) and
 *	the last mapping has gone, whoever made it.
 *   nattch	is counted by the VMAs themselves: a split, a fork is one more.
 *
 *	shmget(key) -> id	shmat(id) -> VMA -> file -> pages
 *
 * Locks   shm_ids.lock: table and segments. Inside mmap_lock (VMAs come and go
 *   with it held); so nothing is mapped while it is held: a segment that is
 *   about to be mapped is counted as attached meanwhile.
 *
 * Sources  POSIX.1-2017, shmget() and its neighbours; layouts: Linux.
 */
#include <asm/uaccess.h>
#include <kernel/fs.h>
#include <kernel/fs_struct.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/process.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/mman.h>
#include <mm/slab.h>
#include <uapi/shm.h>

#include "ipc_ids.h"

#define SHM_ALIGN	(4 * PAGE_SIZE)		/* SHMLBA of ARM */

struct segment {
	struct ipc_perm perm;		/* mode: SHM_DEST, SHM_LOCKED too */
	u32 size;			/* bytes as asked for */
	struct file *file;
	int cpid, lpid;
	s64 atime, dtime;		/* s; 0: never */
	unsigned nattch;
};

static DEFINE_IPC_IDS(shm_ids);
static const struct vm_operations_struct shm_vm_ops;

/* --- segments: shm_ids.lock held ------------------------------------------ */

static struct segment *
segment_of(struct ipc_perm *perm)
{
	return perm ? container_of(perm, struct segment, perm) : NULL;
}

static void
destroy(struct segment *s)
{
	ipc_remove(&shm_ids, &s->perm);
	fput(s->file);
	kfree(s);
}

/* One mapping less. */
static void
detach(struct segment *s)
{
	s->nattch--;
	s->dtime = current_time().tv_sec;
	s->lpid = ipc_pid();
	if (!s->nattch && (s->perm.mode & SHM_DEST))
		destroy(s);
}

static long
make_segment(int key, size_t size, unsigned mode)
{
	struct segment *s;
	char name[16];
	int err;

	if (!size || size > SHMMAX)
		return -EINVAL;
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	snprintf(name, sizeof(name), "SYSV%08x", (unsigned)key);
	err = shmem_file_setup(name, size, &s->file);
	if (err) {
		kfree(s);
		return err;
	}
	s->file->private_data = s;
	s->size = (u32)size;
	s->cpid = ipc_pid();
	err = ipc_add(&shm_ids, &s->perm, key, mode);
	if (err < 0) {
		fput(s->file);
		kfree(s);
	}
	return err;
}

static int
is_large_enough(const struct ipc_perm *perm, size_t size)
{
	return size > container_of(perm, const struct segment, perm)->size ?
	       -EINVAL : 0;
}

long
sys_shmget(int key, size_t size, int flags)
{
	return ipc_get(&shm_ids, key, size, flags, make_segment,
		       is_large_enough);
}

/* --- mapping -------------------------------------------------------------- */

static void
shm_open(struct vm_area_struct *vma)
{
	struct segment *s = vma->vm_private_data;

	mutex_lock(&shm_ids.lock);
	get_file(vma->vm_file);
	s->nattch++;
	mutex_unlock(&shm_ids.lock);
}

static void
shm_close(struct vm_area_struct *vma)
{
	mutex_lock(&shm_ids.lock);
	fput(vma->vm_file);
	detach(vma->vm_private_data);
	mutex_unlock(&shm_ids.lock);
}

static const struct vm_operations_struct shm_vm_ops = {
	.open = shm_open,
	.close = shm_close,
	.fault = filemap_fault,
	.map_pages = filemap_map_pages,
};

/* For do_mmap(). Held: mmap_lock. */
static int
shm_map(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &shm_vm_ops;
	vma->vm_file = file;
	vma->vm_mapping = file->f_inode->i_mapping;
	vma->vm_private_data = file->private_data;
	shm_open(vma);
	return 0;
}

/* Where, as mmap's arguments. 0 or -EINVAL. */
static int
place_segment(struct mmap_args *args, unsigned long addr, int flags)
{
	if (addr & (SHM_ALIGN - 1)) {
		if (!(flags & SHM_RND))
			return -EINVAL;
		addr &= ~(SHM_ALIGN - 1);
	}
	if ((flags & SHM_REMAP) && !addr)
		return -EINVAL;
	args->addr = addr;
	args->flags = MAP_SHARED;
	if (addr)
		args->flags |= flags & SHM_REMAP ? MAP_FIXED :
						   MAP_FIXED_NOREPLACE;
	args->prot = PROT_READ;
	if (!(flags & SHM_RDONLY))
		args->prot |= PROT_WRITE;
	if (flags & SHM_EXEC)
		args->prot |= PROT_EXEC;
	args->may = VM_MAYREAD | VM_MAYEXEC |
		    (flags & SHM_RDONLY ? 0 : VM_MAYWRITE);
	args->map = shm_map;
	return 0;
}

/* The segment, counted as attached once more. */
static struct segment *
hold_segment(int id, int flags, int *err)
{
	struct segment *s;

	mutex_lock(&shm_ids.lock);
	s = segment_of(ipc_find(&shm_ids, id));
	*err = s ? ipc_rights(&s->perm, flags & SHM_RDONLY ? MAY_READ :
			      MAY_READ | MAY_WRITE) : -EINVAL;
	if (!*err) {
		s->nattch++;
		s->atime = current_time().tv_sec;
		s->lpid = ipc_pid();
	}
	mutex_unlock(&shm_ids.lock);
	return *err ? NULL : s;
}

static void
let_go(struct segment *s)
{
	mutex_lock(&shm_ids.lock);
	s->nattch--;
	if (!s->nattch && (s->perm.mode & SHM_DEST))
		destroy(s);
	mutex_unlock(&shm_ids.lock);
}

long
sys_shmat(int id, unsigned long addr, int flags)
{
	struct mmap_args args = { .pgoff = 0 };
	struct segment *s;
	unsigned long at;
	int err = place_segment(&args, addr, flags);

	if (err)
		return err;
	s = hold_segment(id, flags, &err);
	if (!s)
		return err;
	args.file = s->file;
	args.len = ALIGN_UP((unsigned long)s->size, PAGE_SIZE);
	err = do_mmap(current->mm, &args, &at);
	let_go(s);
	if (err)
		return err == -EEXIST ? -EINVAL : err;
	return (long)at;
}

/* The next piece of a mapping that begins (or began) at addr. */
static bool
find_piece(unsigned long addr, unsigned long from, unsigned long *start,
	   unsigned long *end)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	bool found = false;

	down_read(&mm->mmap_lock);
	for (vma = find_vma(mm, from); vma && !found; vma = vma_next(vma)) {
		found = vma->vm_ops == &shm_vm_ops &&
			vma->vm_start - (vma->vm_pgoff << PAGE_SHIFT) == addr;
		*start = vma->vm_start;
		*end = vma->vm_end;
	}
	up_read(&mm->mmap_lock);
	return found;
}

long
sys_shmdt(unsigned long addr)
{
	unsigned long start = 0, end = 0, from = addr;
	long result = -EINVAL;

	if (addr & (PAGE_SIZE - 1))
		return -EINVAL;
	while (find_piece(addr, from, &start, &end)) {
		result = do_munmap(current->mm, start, end - start);
		if (result)
			break;
		from = end;
	}
	return result;
}

/* --- control -------------------------------------------------------------- */

static void
fill_ds(const struct segment *s, struct shmid64_ds *ds)
{
	memset(ds, 0, sizeof(*ds));
	ipc_fill(&s->perm, &ds->shm_perm);
	ds->shm_segsz = s->size;
	ds->shm_atime = (u32)s->atime;
	ds->shm_dtime = (u32)s->dtime;
	ds->shm_ctime = (u32)s->perm.ctime;
	ds->shm_cpid = s->cpid;
	ds->shm_lpid = s->lpid;
	ds->shm_nattch = s->nattch;
}

/* By id; or by place for SHM_STAT, whose value is the id. */
static long
stat_segment(int id, int cmd, void *user)
{
	struct shmid64_ds ds;
	struct segment *s;
	int result;

	mutex_lock(&shm_ids.lock);
	s = segment_of(ipc_find_stat(&shm_ids, id, cmd != IPC_STAT,
				     cmd == SHM_STAT_ANY, &result));
	if (s) {
		fill_ds(s, &ds);
		result = cmd == IPC_STAT ? 0 : s->perm.id;
	}
	mutex_unlock(&shm_ids.lock);
	if (result >= 0 && copy_to_user(user, &ds, sizeof(ds)))
		return -EFAULT;
	return result;
}

static long
change_segment(int id, int cmd, const struct shmid64_ds *ds)
{
	struct segment *s;
	int result;

	mutex_lock(&shm_ids.lock);
	s = segment_of(ipc_find_owned(&shm_ids, id, &result));
	if (!s) {
		;
	} else if (cmd == IPC_SET) {
		result = ipc_set(&s->perm, &ds->shm_perm);
	} else if (cmd == IPC_RMID) {
		s->perm.mode |= SHM_DEST;
		s->perm.key = IPC_PRIVATE;
		if (!s->nattch)
			destroy(s);
	} else {		/* reclaim leaves locked ones in memory */
		s->file->f_inode->i_data.unevictable = cmd == SHM_LOCK;
		s->perm.mode = cmd == SHM_LOCK ? s->perm.mode | SHM_LOCKED :
					    s->perm.mode & ~SHM_LOCKED;
	}
	mutex_unlock(&shm_ids.lock);
	return result;
}

/* The highest place in use; -1: none. With totals. */
static int
count_segments(struct shm_info *info)
{
	const struct segment *s;
	int i, highest;

	memset(info, 0, sizeof(*info));
	mutex_lock(&shm_ids.lock);
	highest = ipc_highest(&shm_ids);
	for (i = 0; i <= highest; i++) {
		s = segment_of(shm_ids.place[i]);
		if (!s)
			continue;
		info->used_ids++;
		info->shm_tot += DIV_ROUND_UP(s->size, PAGE_SIZE);
		info->shm_rss += s->file->f_inode->i_data.nr_pages;
		info->shm_swp += s->file->f_inode->i_data.nr_swapped;
	}
	mutex_unlock(&shm_ids.lock);
	return highest;
}

static long
tell_limits(int cmd, void *user)
{
	struct shminfo64 limits = {
		.shmmax = SHMMAX, .shmmin = 1, .shmmni = IPC_MAX,
		.shmseg = IPC_MAX, .shmall = SHMMAX / PAGE_SIZE,
	};
	struct shm_info info;
	int highest = count_segments(&info);
	bool bad = cmd == IPC_INFO ?
		   copy_to_user(user, &limits, sizeof(limits)) != 0 :
		   copy_to_user(user, &info, sizeof(info)) != 0;

	return bad ? -EFAULT : max(highest, 0);
}

long
sys_shmctl(int id, int cmd, void *buf)
{
	struct shmid64_ds ds;

	cmd &= ~IPC_64;
	switch (cmd) {
	case IPC_INFO:
	case SHM_INFO:
		return tell_limits(cmd, buf);
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY:
		return stat_segment(id, cmd, buf);
	case IPC_SET:
		if (copy_from_user(&ds, buf, sizeof(ds)))
			return -EFAULT;
		return change_segment(id, cmd, &ds);
	case IPC_RMID:
	case SHM_LOCK:
	case SHM_UNLOCK:
		return change_segment(id, cmd, NULL);
	default:
		return -EINVAL;
	}
}

static void
shm_show(struct seq_buf *s)
{
	const struct segment *g;
	unsigned i;

	seq_puts(s, "       key      shmid perms       size  cpid  lpid nattch "
		 "  uid   gid  cuid  cgid      atime      dtime      ctime "
		 "       rss       swap\n");
	mutex_lock(&shm_ids.lock);
	for (i = 0; i < IPC_MAX; i++) {
		g = segment_of(shm_ids.place[i]);
		if (!g)
			continue;
		seq_printf(s, "%10d %10d  %4o %10u %5d %5d %6u %5u %5u %5u %5u "
			   "%10lld %10lld %10lld %10lu %10lu\n", g->perm.key,
			   g->perm.id, g->perm.mode, g->size, g->cpid, g->lpid,
			   g->nattch, g->perm.uid, g->perm.gid, g->perm.cuid,
			   g->perm.cgid, g->atime, g->dtime, g->perm.ctime,
			   g->file->f_inode->i_data.nr_pages * PAGE_SIZE,
			   g->file->f_inode->i_data.nr_swapped * PAGE_SIZE);
	}
	mutex_unlock(&shm_ids.lock);
}
NODE("sysvipc/shm", shm_show);
