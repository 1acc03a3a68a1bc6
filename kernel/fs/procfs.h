/* SPDX-License-Identifier: MIT */
/* Inside procfs: the tree of names, and what an inode of it stands for. */
#ifndef FS_PROCFS_H
#define FS_PROCFS_H

#include <kernel/node.h>
#include <kernel/procfs.h>

struct proc_entry {
	const char *name;
	struct proc_entry *children, *next;
	const struct node *node;
	const struct sysctl *sysctl;
	const struct proc_binary *binary;
	bool is_folder;
};

extern struct proc_entry proc_root;

struct proc_entry *proc_child(struct proc_entry *dir, const char *name,
			      size_t len);
void sysctl_show(struct seq_buf *s, const struct sysctl *knob);
/* text without its newline. 0, -EINVAL, -EACCES. */
int sysctl_store(const struct sysctl *knob, const char *text);

enum proc_kind {
	PROC_FOLDER,		/* entry */
	PROC_TEXT,		/* entry: a node, a knob, or binary */
	PROC_NODE_FOLDER,	/* entry->node */
	PROC_NODE_ENTRY,	/* entry->node and name */
	PROC_PID,		/* pid: its folder */
	PROC_TASK_FOLDER,	/* pid: the folders of its threads */
	PROC_THREAD,		/* pid: a thread's, below task */
	PROC_PID_FILE,		/* pid, file */
	PROC_FD_FOLDER,		/* pid */
	PROC_FD,		/* pid, fd: a link */
	PROC_FDINFO_FOLDER,	/* pid */
	PROC_FDINFO,		/* pid, fd */
	PROC_SELF,		/* a link */
};

/* inode->i_private */
struct proc_info {
	enum proc_kind kind;
	struct proc_entry *entry;
	char *name;			/* ours */
	int pid;
	const struct pid_file *file;
	unsigned fd;
};

static inline struct proc_info *
proc_info(const struct inode *inode)
{
	return inode->i_private;
}

/* --- proc_pid.c: what is of a process --- */

#define FIRST_PID_POS	0x10000u	/* places of folders: behind fixed names */

/* The folder of a task, in /proc. Changes info. 0, -ENOENT. */
int find_task_folder(const struct qstr *name, struct proc_info *info);
/* name in the folder that info stands for. Changes info. 0, -ENOENT. */
int find_of_process(const struct qstr *name, struct proc_info *info);
void list_of_process(struct dir_context *ctx, const struct proc_info *info);
bool list_pids(struct dir_context *ctx);
/* ->jump of links below /proc/PID. -EACCES: another user's. */
int proc_jump(struct inode *inode, struct path *path);
/* Whose inode is it: the process's user's. */
void proc_owner(const struct proc_info *info, struct inode *inode);
int fdinfo_show(struct seq_buf *s, const struct proc_info *info);

/* --- procfs.c --- */

/* Show one name at place pos; false: no room. */
bool proc_emit(struct dir_context *ctx, const char *name, size_t len, u64 pos,
	       unsigned type);
/* A number without leading zeros, or -1. */
int proc_number(const struct qstr *name);

extern const struct file_operations proc_file_ops;	/* proc_file.c */
/* proc_file.c: the text of what info stands for. 0 or -Exxx. */
int proc_show(const struct proc_info *info, struct seq_buf *s);
/* All of it in memory for kvfree(); NULL: *err. */
char *proc_text(const struct proc_info *info, size_t *len, int *err);

#endif
