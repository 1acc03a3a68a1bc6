/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID: the folder of a process, of its threads and its descriptors.
 *
 *	/proc/12/maps, status, ...	files that others registered (PID_FILE)
 *	/proc/12/cwd, root, exe		links, followed without a name (jump)
 *	/proc/12/fd/3			a link to what descriptor 3 has open
 *	/proc/12/fdinfo/3		where it stands, and how it was opened
 *	/proc/12/task/14/...		a thread: the same files again
 *
 * Ideas
 *   Another's table of descriptors may go at any moment. Its pointer is
 *	cleared under process_lock before the table is given up (exit, exec), so
 *	who holds that lock and finds a pointer finds a table; a file is taken
 *	out of it with a reference, and the lock let go again.
 *   Who may look	links and descriptors of another user's process tell what
 *	he works on: they are for root and himself alone (the rest is for all,
 *	as far as its mode says).
 *
 * Locks   process_lock, for one look at a table of another process.
 */
#include <kernel/fs_struct.h>
#include <kernel/procfs.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>

#include "fs_private.h"
#include "procfs.h"

#define FDS_AT_ONCE	64	/* looked at under process_lock */

extern const struct pid_file __pid_files_start[], __pid_files_end[];

/* --- another's things ---------------------------------------------------------------- */

/*
 * The first file from descriptor *fd on, of [*fd, *fd + nr), with a reference;
 * *fd is where. NULL: none, and *fd is end or larger than all there are.
 */
static struct file *
look_at(struct process *process, unsigned *fd, unsigned nr)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	struct files_struct *files = process->files;
	unsigned end = *fd + nr;
	struct file *file = NULL;

	if (!files || *fd >= READ_ONCE(files->fdt)->max_fds)
		*fd = NR_OPEN_MAX;
	for (; *fd < end && !file; ++*fd)
		file = files_get_file(files, *fd);
	*fd -= file != NULL;
	spin_unlock_irqrestore(&process_lock, flags);
	return file;
}

/* The next open descriptor from *fd on, with a reference; NULL: no more. */
static struct file *
next_file(struct process *process, unsigned *fd)
{
	struct file *file = NULL;

	while (*fd < NR_OPEN_MAX && !file) {
		file = look_at(process, fd, FDS_AT_ONCE);
		cond_resched();
	}
	return file;
}

/* Descriptor fd of the process with this task; NULL: none, or all have gone. */
static struct file *
file_of(int pid, unsigned fd)
{
	struct task *task = find_get_task(pid);
	struct file *file = NULL;

	if (task && task->process)
		file = look_at(task->process, &fd, 1);
	if (task)
		put_task(task);
	return file;
}

/* Its working folder or its root, with references. 0, -ENOENT: it has ended. */
static int
place_of(struct task *task, bool root, struct path *path)
{
	struct fs_struct *fs = NULL;
	unsigned long flags;

	if (task->process) {
		flags = spin_lock_irqsave(&process_lock);
		fs = task->process->fs;
		if (fs)
			fs_get(fs);
		spin_unlock_irqrestore(&process_lock, flags);
	}
	if (!fs)
		return -ENOENT;
	spin_lock(&fs->lock);
	*path = root ? fs->root : fs->pwd;
	path_get(path);
	spin_unlock(&fs->lock);
	fs_put(fs);
	return 0;
}

static int
cwd_jump(struct task *task, struct path *path)
{
	return place_of(task, false, path);
}
PROC_PID_FILE(cwd, .name = "cwd", .mode = 0777, .jump = cwd_jump);

static int
root_jump(struct task *task, struct path *path)
{
	return place_of(task, true, path);
}
PROC_PID_FILE(root, .name = "root", .mode = 0777, .jump = root_jump);

static int
comm_show(struct seq_buf *s, struct task *task)
{
	seq_printf(s, "%s\n", task->name);
	return 0;
}
PROC_PID_FILE(comm, .name = "comm", .mode = 0444, .show = comm_show);

/* --- who may look ------------------------------------------------------------------- */

void
proc_owner(const struct proc_info *info, struct inode *inode)
{
	struct task *task = info->pid ? find_get_task(info->pid) : NULL;

	inode->i_uid = inode->i_gid = 0;
	if (task && task->process) {
		inode->i_uid = task->process->euid;
		inode->i_gid = task->process->egid;
	}
	if (task)
		put_task(task);
}

static bool
may_look(const struct task *task)
{
	const struct process *process = task->process;
	u32 uid = current_fs()->uid;

	return !uid || process == current->process ||
	       (process && process->uid == uid && process->euid == uid &&
		process->suid == uid);
}

int
proc_jump(struct inode *inode, struct path *path)
{
	const struct proc_info *info = proc_info(inode);
	struct task *task = find_get_task(info->pid);
	struct file *file;
	int err = 0;

	if (!task)
		return info->kind == PROC_FD ? -ENOENT : -ESRCH;
	if (!may_look(task)) {
		err = -EACCES;
	} else if (info->kind == PROC_FD) {
		file = file_of(info->pid, info->fd);
		err = file ? 0 : -ENOENT;
		if (file) {
			*path = file->f_path;
			path_get(path);
			fput(file);
		}
	} else {
		err = info->file->jump(task, path);
	}
	put_task(task);
	return err;
}

int
fdinfo_show(struct seq_buf *s, const struct proc_info *info)
{
	struct file *file = file_of(info->pid, info->fd);

	if (!file)
		return -ENOENT;
	seq_printf(s, "pos:\t%llu\nflags:\t0%o\nmnt_id:\t%d\nino:\t%llu\n",
		   file->f_pos, file->f_flags, file->f_path.mnt->mnt_id,
		   file->f_inode->i_ino);
	fput(file);
	return 0;
}

/* --- finding names ------------------------------------------------------------------ */

int
find_task_folder(const struct qstr *name, struct proc_info *info)
{
	int pid = proc_number(name);
	struct task *task = pid > 0 ? find_get_task(pid) : NULL;

	if (!task)
		return -ENOENT;
	put_task(task);
	info->kind = PROC_PID;
	info->pid = pid;
	return 0;
}

/* A thread of the process (a thread of the kernel: itself alone). */
static int
find_thread(const struct qstr *name, struct proc_info *info)
{
	struct task *leader = find_get_task(info->pid), *task = NULL;
	int tid = proc_number(name), err = -ENOENT;

	if (leader && tid > 0)
		task = find_get_task(tid);
	if (task && (task == leader || (leader->process &&
					task->process == leader->process))) {
		info->kind = PROC_THREAD;
		info->pid = tid;
		err = 0;
	}
	if (task)
		put_task(task);
	if (leader)
		put_task(leader);
	return err;
}

static int
find_fd(const struct qstr *name, struct proc_info *info, enum proc_kind kind)
{
	int fd = proc_number(name);
	struct file *file = fd < 0 ? NULL : file_of(info->pid, (unsigned)fd);

	if (!file)
		return -ENOENT;
	fput(file);
	info->kind = kind;
	info->fd = (unsigned)fd;
	return 0;
}

/* Folders of a process; the last is not a thread's. */
static const struct {
	const char *name;
	enum proc_kind kind;
} folders[] = {
	{ "fd", PROC_FD_FOLDER },
	{ "fdinfo", PROC_FDINFO_FOLDER },
	{ "task", PROC_TASK_FOLDER },
};

static unsigned
nr_folders(enum proc_kind kind)
{
	return ARRAY_SIZE(folders) - (kind == PROC_THREAD);
}

static bool
is_name(const struct qstr *name, const char *text)
{
	return strlen(text) == name->len &&
	       !memcmp(text, name->name, name->len);
}

static int
find_pid_file(const struct qstr *name, struct proc_info *info)
{
	const struct pid_file *f;
	unsigned i;

	for (i = 0; i < nr_folders(info->kind); i++) {
		if (is_name(name, folders[i].name)) {
			info->kind = folders[i].kind;
			return 0;
		}
	}
	for (f = __pid_files_start; f < __pid_files_end; f++) {
		if (is_name(name, f->name)) {
			info->kind = PROC_PID_FILE;
			info->file = f;
			return 0;
		}
	}
	return -ENOENT;
}

int
find_of_process(const struct qstr *name, struct proc_info *info)
{
	switch (info->kind) {
	case PROC_TASK_FOLDER:
		return find_thread(name, info);
	case PROC_FD_FOLDER:
		return find_fd(name, info, PROC_FD);
	case PROC_FDINFO_FOLDER:
		return find_fd(name, info, PROC_FDINFO);
	default:
		return find_pid_file(name, info);
	}
}

/* --- listing ------------------------------------------------------------------------ */

/* Is it one of the process, or (NULL) a first thread, or one of the kernel? */
struct listed {
	const struct process *process;
	bool is;
};

static void
look_whose(struct task *task, void *arg)
{
	struct listed *l = arg;

	l->is = l->process ? task->process == l->process :
		!task->process || task->process->pid == task->pid;
}

static bool
list_tasks(struct dir_context *ctx, const struct process *process)
{
	struct listed listed = { .process = process };
	char name[16];
	int pid, n;

	pid = ctx->pos > FIRST_PID_POS ? (int)(ctx->pos - FIRST_PID_POS) - 1
				       : 0;
	while ((pid = task_next_pid(pid)) != 0) {
		if (!task_look_at(pid, look_whose, &listed) || !listed.is)
			continue;
		n = snprintf(name, sizeof(name), "%d", pid);
		if (!proc_emit(ctx, name, (size_t)n,
			       FIRST_PID_POS + (u64)pid, DT_OF(S_IFDIR)))
			return false;
	}
	return true;
}

bool
list_pids(struct dir_context *ctx)
{
	return list_tasks(ctx, NULL);
}

static void
list_threads(struct dir_context *ctx, struct task *task)
{
	char name[16];
	int n;

	if (task->process) {
		list_tasks(ctx, task->process);
		return;
	}
	n = snprintf(name, sizeof(name), "%d", task->pid);
	proc_emit(ctx, name, (size_t)n, FIRST_PID_POS + (u64)task->pid,
		  DT_OF(S_IFDIR));
}

static void
list_pid_files(struct dir_context *ctx, enum proc_kind kind)
{
	const struct pid_file *f;
	u64 pos = 2;
	unsigned i;

	for (f = __pid_files_start; f < __pid_files_end; f++, pos++) {
		if (!proc_emit(ctx, f->name, strlen(f->name), pos,
			       DT_OF(f->jump ? S_IFLNK : S_IFREG)))
			return;
	}
	for (i = 0; i < nr_folders(kind); i++, pos++) {
		if (!proc_emit(ctx, folders[i].name, strlen(folders[i].name),
			       pos, DT_OF(S_IFDIR)))
			return;
	}
}

static void
list_fds(struct dir_context *ctx, struct process *process, unsigned type)
{
	unsigned fd = ctx->pos > 2 ? (unsigned)ctx->pos - 2 : 0;
	struct file *file;
	char name[16];
	int n;

	while ((file = next_file(process, &fd))) {
		fput(file);
		n = snprintf(name, sizeof(name), "%u", fd);
		if (!proc_emit(ctx, name, (size_t)n, 2 + (u64)fd, type))
			return;
		fd++;
	}
}

void
list_of_process(struct dir_context *ctx, const struct proc_info *info)
{
	struct task *task = find_get_task(info->pid);

	if (!task)
		return;
	switch (info->kind) {
	case PROC_TASK_FOLDER:
		list_threads(ctx, task);
		break;
	case PROC_FD_FOLDER:
	case PROC_FDINFO_FOLDER:
		if (task->process)
			list_fds(ctx, task->process,
				 DT_OF(info->kind == PROC_FD_FOLDER ? S_IFLNK :
								      S_IFREG));
		break;
	default:
		list_pid_files(ctx, info->kind);
		break;
	}
	put_task(task);
}
