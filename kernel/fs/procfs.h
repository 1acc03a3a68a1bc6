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
	PROC_TEXT,		/* entry: a node or a knob */
	PROC_NODE_FOLDER,	/* entry->node */
	PROC_NODE_ENTRY,	/* entry->node and name */
	PROC_PID,		/* pid: its folder */
	PROC_PID_FILE,		/* pid, file */
	PROC_FD_FOLDER,		/* pid */
	PROC_FD,		/* pid, fd: a link */
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

extern const struct file_operations proc_file_ops;	/* proc_file.c */
/* proc_file.c: the text of what info stands for. 0 or -Exxx. */
int proc_show(const struct proc_info *info, struct seq_buf *s);
/* All of it in memory for kvfree(); NULL: *err. */
char *proc_text(const struct proc_info *info, size_t *len, int *err);

#endif
