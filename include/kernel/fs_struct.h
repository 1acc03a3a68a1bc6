/* SPDX-License-Identifier: MIT */
/*
 * What a process has of files: a table of descriptors, and where it stands in
 * the tree. fork copies or shares each of the two (CLONE_FILES, CLONE_FS),
 * exec closes what is marked, exit puts them.
 */
#ifndef KERNEL_FS_STRUCT_H
#define KERNEL_FS_STRUCT_H

#include <kernel/fs.h>
#include <kernel/lock.h>
#include <kernel/process.h>
#include <kernel/task.h>
#include <lib/bitops.h>

#define NR_OPEN_DEFAULT	32	/* descriptors in the structure itself */
#define NR_OPEN_MAX	65536	/* no table is larger */

/* A table; a larger one replaces it, readers see one or the other (RCU). */
struct fdtable {
	unsigned max_fds;		/* a multiple of 32 */
	struct file **fd;
	unsigned long *open_fds;	/* bit n: in use, or reserved */
	unsigned long *close_on_exec;
	struct rcu_head rcu;
};

struct files_struct {
	atomic_t count;			/* processes that use it */
	struct fdtable *fdt;		/* file_lock; readers: RCU */
	spinlock_t file_lock;		/* rank FILES */
	unsigned next_fd;		/* none below is free */
	struct fdtable fdtab;
	unsigned long open_fds_init[1], close_on_exec_init[1];
	struct file *fd_array[NR_OPEN_DEFAULT];
};

struct fs_struct {
	atomic_t count;
	spinlock_t lock;		/* rank FS: root and pwd */
	u32 umask;
	u32 uid, gid;			/* that files are judged by */
	struct path root, pwd;
};

extern struct fs_struct init_fs;	/* kernel threads' */

/* --- for fork, exec and exit. Context: may sleep --- */

/* An empty table. NULL: no memory. */
struct files_struct *files_alloc(void);
/* fork: a copy, its files shared. 0, -ENOMEM. */
int files_copy(struct files_struct *old, struct files_struct **copy);
/* One more process uses it: clone(CLONE_FILES). */
static inline struct files_struct *
files_get(struct files_struct *files)
{
	atomic_inc(&files->count);
	return files;
}
/* The last one closes all. */
void files_put(struct files_struct *files);
/* exec: close what is marked close-on-exec. The table is not shared. */
void files_close_on_exec(struct files_struct *files);

struct fs_struct *fs_copy(struct fs_struct *old);	/* NULL: no memory */
static inline struct fs_struct *
fs_get(struct fs_struct *fs)
{
	atomic_inc(&fs->count);
	return fs;
}
void fs_put(struct fs_struct *fs);

/* The current task's. */
static inline struct fs_struct *
current_fs(void)
{
	return current->process ? current->process->fs : &init_fs;
}

static inline struct files_struct *
current_files(void)
{
	return current->process ? current->process->files : NULL;
}

/* --- descriptors of the current process --- */

/*
 * A file by descriptor, for the time of a call. No reference is taken where
 * nobody else can close it meanwhile (the table is ours alone).
 */
struct fd {
	struct file *file;	/* NULL: no such descriptor */
	bool put;
};

struct fd fdget(unsigned fd);		/* not for O_PATH files */
struct fd fdget_raw(unsigned fd);	/* for those too */
static inline void
fdput(struct fd f)
{
	if (f.put)
		fput(f.file);
}

/* A reference of its own, to keep. NULL: no such descriptor. */
struct file *fget(unsigned fd);
/* The same of another's table (procfs). Context: any. */
struct file *files_get_file(struct files_struct *files, unsigned fd);
/*
 * Reserve the lowest free descriptor >= start, then fill it, or give it back.
 * flags: O_CLOEXEC. -EMFILE, -ENOMEM.
 */
int get_unused_fd_from(unsigned start, unsigned flags);
#define get_unused_fd(flags)	get_unused_fd_from(0, flags)
void fd_install(unsigned fd, struct file *file);	/* takes the reference */
void put_unused_fd(unsigned fd);
/* Reserve and install: the descriptor, or -Exxx and file is put. */
int fd_publish(struct file *file, unsigned flags);
/* Is it to be closed by exec? false, too, where it is not open. */
bool fd_close_on_exec(unsigned fd);
int close_fd(unsigned fd);
/* For tests: are rules F1-F3 of fdtable.c kept? */
bool files_verify(struct files_struct *files);

#endif
