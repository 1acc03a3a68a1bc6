/* SPDX-License-Identifier: MIT */
/*
 * System V shared memory: segments that are found by a key.
 *
 * Ideas
 *   A segment is a file of shared memory (tmpfs.c) with a key, rights, and a
 *	count of the mappings of it. It lives until it is removed (IPC_RMID) and
 *	the last mapping has gone, whoever made it.
 *   id		place in the table, and how often the place has been used, so that
 *	an old id does not name a new segment.
 *   nattch	is counted by the VMAs themselves: a split or a fork is one more.
 *
 *	shmget(key) -> id	shmat(id) -> VMA -> file -> pages
 *
 * Locks   shm_mutex: table and segments. Inside mmap_lock (VMAs come and go
 *   with it held); so nothing is mapped while it is held: a segment that is
 *   about to be mapped is counted as attached meanwhile.
 *
 * Sources  POSIX.1-2017, shmget() and its neighbours; layouts: Linux, asm-generic.
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

#define SHM_MAX_SEGMENTS	256
#define SHM_ALIGN	(4 * PAGE_SIZE)		/* SHMLBA of ARM */
#define MAX_SEQ		0x7fff

struct segment {
	int id, key;
	u32 size;			/* bytes as asked for */
	struct file *file;
	u32 mode;			/* rights; SHM_DEST, SHM_LOCKED */
	u32 uid, gid, cuid, cgid;
	int cpid, lpid;
	s64 atime, dtime, ctime;	/* s; 0: never */
	unsigned nattch;
};

static DEFINE_MUTEX(shm_mutex);
static struct segment *segments[SHM_MAX_SEGMENTS];
static unsigned next_seq;
static const struct vm_operations_struct shm_vm_ops;

/* --- segments: shm_mutex held ----------------------------------------------------- */

static struct segment *
find_id(int id)
{
	struct segment *s;

	if (id < 0)
		return NULL;
	s = segments[id % SHM_MAX_SEGMENTS];
	return s && s->id == id ? s : NULL;
}

static struct segment *
find_key(int key)
{
	unsigned i;

	for (i = 0; i < SHM_MAX_SEGMENTS; i++) {
		if (segments[i] && segments[i]->key == key &&
		    !(segments[i]->mode & SHM_DEST))
			return segments[i];
	}
	return NULL;
}

static int
current_pid(void)
{
	return current->process ? current->process->pid : current->pid;
}

/* May the caller do mask (MAY_*) to it? */
static int
check_rights(const struct segment *s, unsigned mask)
{
	const struct fs_struct *fs = current_fs();
	u32 mode = s->mode;

	if (fs->uid == 0)
		return 0;
	if (fs->uid == s->uid || fs->uid == s->cuid)
		mode >>= 6;
	else if (fs->gid == s->gid || fs->gid == s->cgid)
		mode >>= 3;
	return mask & ~mode & 7 ? -EACCES : 0;
}

static bool
owns(const struct segment *s)
{
	u32 uid = current_fs()->uid;

	return !uid || uid == s->uid || uid == s->cuid;
}

static void
destroy(struct segment *s)
{
	segments[s->id % SHM_MAX_SEGMENTS] = NULL;
	fput(s->file);
	kfree(s);
}

/* One mapping less. */
static void
detach(struct segment *s)
{
	s->nattch--;
	s->dtime = current_time().tv_sec;
	s->lpid = current_pid();
	if (!s->nattch && (s->mode & SHM_DEST))
		destroy(s);
}

static int
free_place(void)
{
	int i;

	for (i = 0; i < SHM_MAX_SEGMENTS; i++) {
		if (!segments[i])
			return i;
	}
	return -ENOSPC;
}

static int
make_segment(int key, size_t size, unsigned mode)
{
	struct segment *s;
	char name[16];
	int place = free_place(), err;

	if (!size || size > SHMMAX)
		return -EINVAL;
	if (place < 0)
		return place;
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
	s->key = key;
	s->size = (u32)size;
	s->mode = mode & S_IRWXUGO;
	s->uid = s->cuid = current_fs()->uid;
	s->gid = s->cgid = current_fs()->gid;
	s->cpid = current_pid();
	s->ctime = current_time().tv_sec;
	s->id = place + (int)(next_seq++ & MAX_SEQ) * SHM_MAX_SEGMENTS;
	segments[place] = s;
	return s->id;
}

long
sys_shmget(int key, size_t size, int flags)
{
	struct segment *s = NULL;
	long result;

	mutex_lock(&shm_mutex);
	if (key != IPC_PRIVATE)
		s = find_key(key);
	if (!s)
		result = key == IPC_PRIVATE || (flags & IPC_CREAT) ?
			 make_segment(key, size, (unsigned)flags) : -ENOENT;
	else if ((flags & IPC_CREAT) && (flags & IPC_EXCL))
		result = -EEXIST;
	else if (size > s->size)
		result = -EINVAL;
	else
		result = check_rights(s, (unsigned)flags >> 6 & 7) ?
			 -EACCES : s->id;
	mutex_unlock(&shm_mutex);
	return result;
}

/* --- mapping ------------------------------------------------------------------------- */

static void
shm_open(struct vm_area_struct *vma)
{
	struct segment *s = vma->vm_private_data;

	mutex_lock(&shm_mutex);
	get_file(vma->vm_file);
	s->nattch++;
	mutex_unlock(&shm_mutex);
}

static void
shm_close(struct vm_area_struct *vma)
{
	mutex_lock(&shm_mutex);
	fput(vma->vm_file);
	detach(vma->vm_private_data);
	mutex_unlock(&shm_mutex);
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

	mutex_lock(&shm_mutex);
	s = find_id(id);
	*err = s ? check_rights(s, flags & SHM_RDONLY ? MAY_READ :
				   MAY_READ | MAY_WRITE) : -EINVAL;
	if (!*err) {
		s->nattch++;
		s->atime = current_time().tv_sec;
		s->lpid = current_pid();
	}
	mutex_unlock(&shm_mutex);
	return *err ? NULL : s;
}

static void
let_go(struct segment *s)
{
	mutex_lock(&shm_mutex);
	s->nattch--;
	if (!s->nattch && (s->mode & SHM_DEST))
		destroy(s);
	mutex_unlock(&shm_mutex);
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
	unsigned long start, end, from = addr;
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

/* --- control ------------------------------------------------------------------------------ */

static void
fill_ds(const struct segment *s, struct shmid64_ds *ds)
{
	memset(ds, 0, sizeof(*ds));
	ds->shm_perm.key = s->key;
	ds->shm_perm.uid = s->uid;
	ds->shm_perm.gid = s->gid;
	ds->shm_perm.cuid = s->cuid;
	ds->shm_perm.cgid = s->cgid;
	ds->shm_perm.mode = (u16)s->mode;
	ds->shm_perm.seq = (u16)(s->id / SHM_MAX_SEGMENTS);
	ds->shm_segsz = s->size;
	ds->shm_atime = (u32)s->atime;
	ds->shm_dtime = (u32)s->dtime;
	ds->shm_ctime = (u32)s->ctime;
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
	long result;

	mutex_lock(&shm_mutex);
	if (cmd == IPC_STAT)
		s = find_id(id);
	else
		s = id >= 0 && id < SHM_MAX_SEGMENTS ? segments[id] : NULL;
	result = s ? 0 : -EINVAL;
	if (s && cmd != SHM_STAT_ANY)
		result = check_rights(s, MAY_READ);
	if (!result) {
		fill_ds(s, &ds);
		result = cmd == IPC_STAT ? 0 : s->id;
	}
	mutex_unlock(&shm_mutex);
	if (result >= 0 && copy_to_user(user, &ds, sizeof(ds)))
		return -EFAULT;
	return result;
}

static long
change_segment(int id, int cmd, const struct shmid64_ds *ds)
{
	struct segment *s;
	long result = 0;

	mutex_lock(&shm_mutex);
	s = find_id(id);
	if (!s) {
		result = -EINVAL;
	} else if (!owns(s)) {
		result = -EPERM;
	} else if (cmd == IPC_SET) {
		s->uid = ds->shm_perm.uid;
		s->gid = ds->shm_perm.gid;
		s->mode = (s->mode & ~S_IRWXUGO) |
			  (ds->shm_perm.mode & S_IRWXUGO);
		s->ctime = current_time().tv_sec;
	} else if (cmd == IPC_RMID) {
		s->mode |= SHM_DEST;
		s->key = IPC_PRIVATE;
		if (!s->nattch)
			destroy(s);
	} else {		/* reclaim leaves locked ones in memory */
		s->file->f_inode->i_data.unevictable = cmd == SHM_LOCK;
		s->mode = cmd == SHM_LOCK ? s->mode | SHM_LOCKED :
					    s->mode & ~SHM_LOCKED;
	}
	mutex_unlock(&shm_mutex);
	return result;
}

/* The highest place in use; -1: none. With totals. */
static int
count_segments(struct shm_info *info)
{
	int i, highest = -1;

	memset(info, 0, sizeof(*info));
	mutex_lock(&shm_mutex);
	for (i = 0; i < SHM_MAX_SEGMENTS; i++) {
		if (!segments[i])
			continue;
		highest = i;
		info->used_ids++;
		info->shm_tot += DIV_ROUND_UP(segments[i]->size, PAGE_SIZE);
		info->shm_rss += segments[i]->file->f_inode->i_data.nr_pages;
		info->shm_swp += segments[i]->file->f_inode->i_data.nr_swapped;
	}
	mutex_unlock(&shm_mutex);
	return highest;
}

static long
tell_limits(int cmd, void *user)
{
	struct shminfo64 limits = {
		.shmmax = SHMMAX, .shmmin = 1, .shmmni = SHM_MAX_SEGMENTS,
		.shmseg = SHM_MAX_SEGMENTS, .shmall = SHMMAX / PAGE_SIZE,
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
	unsigned i;

	seq_puts(s, "       key      shmid perms       size  cpid  lpid nattch "
		 "  uid   gid        rss\n");
	mutex_lock(&shm_mutex);
	for (i = 0; i < SHM_MAX_SEGMENTS; i++) {
		const struct segment *g = segments[i];

		if (g)
			seq_printf(s, "%10d %10d  %4o %10u %5d %5d %6u %5u "
				   "%5u %10lu\n", g->key, g->id, g->mode,
				   g->size, g->cpid, g->lpid, g->nattch,
				   g->uid, g->gid, g->file->f_inode->i_data.
				   nr_pages * PAGE_SIZE);
	}
	mutex_unlock(&shm_mutex);
}
NODE("sysvipc/shm", shm_show);
