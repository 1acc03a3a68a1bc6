/* SPDX-License-Identifier: MIT */
/*
 * procfs: the kernel's figures as files.
 *
 *	/proc/meminfo		a node: the very text of `cat meminfo`
 *	/proc/sys/vm/...	knobs, which can be written
 *	/proc/123/...		a process; its files are registered (PID_FILE)
 *	/proc/kpageflags	binary: proc_pages.c (PROC_BINARY)
 *	/proc/self		a link to the folder of who looks
 *
 * Ideas
 *   Nothing is stored. A name is looked up in tables and gets an inode that
 *   remembers what it stands for (proc_info). Names of processes are not kept
 *   by the dentry cache: the next search asks again whether it lives.
 *   A process that ends while its file is open: reading says ESRCH.
 *   What belongs to processes: proc_pid.c.
 */
#include <kernel/fs_struct.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"
#include "procfs.h"

static const struct inode_operations folder_ops, link_ops, jump_ops, file_ops;
static const struct file_operations folder_file_ops;

/* --- inodes ----------------------------------------------------------------------- */

static umode_t
mode_of(const struct proc_info *info)
{
	const struct sysctl *knob;

	switch (info->kind) {
	case PROC_FOLDER:
	case PROC_NODE_FOLDER:
	case PROC_PID:
	case PROC_THREAD:
	case PROC_TASK_FOLDER:
		return S_IFDIR | 0555;
	case PROC_FD_FOLDER:
	case PROC_FDINFO_FOLDER:
		return S_IFDIR | 0500;
	case PROC_SELF:
	case PROC_FD:
		return S_IFLNK | 0777;
	case PROC_FDINFO:
		return S_IFREG | 0400;
	case PROC_PID_FILE:
		return info->file->jump ? S_IFLNK | 0777 :
					  S_IFREG | info->file->mode;
	default:
		if (info->entry && info->entry->binary)
			return S_IFREG | info->entry->binary->mode;
		knob = info->entry ? info->entry->sysctl : NULL;
		return S_IFREG | (knob && (knob->store || knob->value) ?
				  0644 : 0444);
	}
}

static void
set_ops(struct inode *inode, const struct proc_info *info)
{
	inode->i_op = &file_ops;
	if (S_ISDIR(inode->i_mode)) {
		inode->i_op = &folder_ops;
		inode->i_fop = &folder_file_ops;
		inode->i_nlink = 2;
	} else if (info->kind == PROC_SELF) {
		inode->i_op = &link_ops;
	} else if (S_ISLNK(inode->i_mode)) {
		inode->i_op = &jump_ops;
	} else {
		inode->i_fop = &proc_file_ops;
	}
}

static const struct address_space_operations no_aops;

/* An inode for info, which is copied. NULL: no memory. */
static struct inode *
proc_inode(struct super_block *sb, const struct proc_info *info)
{
	struct proc_info *copy = kmalloc(sizeof(*copy), GFP_KERNEL);
	struct inode *inode;

	if (!copy)
		return NULL;
	*copy = *info;
	if (info->name) {
		copy->name = kstrdup(info->name, GFP_KERNEL);
		if (!copy->name)
			goto fail;
	}
	inode = new_inode(sb, mode_of(info));
	if (inode) {
		proc_owner(info, inode);
		inode->i_private = copy;
		address_space_init(&inode->i_data, inode, &no_aops, 0);
		set_ops(inode, info);
		return inode;
	}
	kfree(copy->name);
fail:
	kfree(copy);
	return NULL;
}

static void
proc_evict(struct inode *inode)
{
	struct proc_info *info = proc_info(inode);

	kfree(info->name);
	kfree(info);
}

/* --- finding names ------------------------------------------------------------------ */

int
proc_number(const struct qstr *name)
{
	u32 i, n = 0;

	if (!name->len || name->len > 9 ||
	    (name->name[0] == '0' && name->len > 1))
		return -1;
	for (i = 0; i < name->len; i++) {
		if (name->name[i] < '0' || name->name[i] > '9')
			return -1;
		n = n * 10 + (u32)(name->name[i] - '0');
	}
	return (int)n;
}

static void
entry_info(struct proc_entry *e, struct proc_info *info)
{
	info->entry = e;
	info->kind = !e->is_folder ? PROC_TEXT :
		     e->node && e->node->show_entry ? PROC_NODE_FOLDER :
						      PROC_FOLDER;
}

static int
find_in_root(const struct qstr *name, struct proc_info *info)
{
	if (name->len == 4 && !memcmp(name->name, "self", 4)) {
		info->kind = PROC_SELF;
		return 0;
	}
	return find_task_folder(name, info);
}

static int
find_node_entry(const struct dentry *d, struct proc_info *info)
{
	char text[16];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	if (!info->entry->node->show_entry(&s, d->d_name.name))
		return -ENOENT;
	info->kind = PROC_NODE_ENTRY;
	info->name = (char *)d->d_name.name;
	return 0;
}

/* What dentry stands for in the folder that *info stands for. */
static int
find_name(const struct dentry *d, struct proc_info *info)
{
	struct proc_entry *e;

	switch (info->kind) {
	case PROC_PID:
	case PROC_THREAD:
	case PROC_TASK_FOLDER:
	case PROC_FD_FOLDER:
	case PROC_FDINFO_FOLDER:
		return find_of_process(&d->d_name, info);
	case PROC_NODE_FOLDER:
		return find_node_entry(d, info);
	default:
		e = proc_child(info->entry, d->d_name.name, d->d_name.len);
		if (e) {
			entry_info(e, info);
			return 0;
		}
		return info->entry == &proc_root ?
		       find_in_root(&d->d_name, info) : -ENOENT;
	}
}

static int
proc_lookup(struct inode *dir, struct dentry *dentry)
{
	struct proc_info info = *proc_info(dir);
	struct inode *inode = NULL;
	int err;

	info.name = NULL;
	err = find_name(dentry, &info);
	if (!err) {
		inode = proc_inode(dir->i_sb, &info);
		if (!inode)
			return -ENOMEM;
	}
	if (err || (info.kind != PROC_FOLDER && info.kind != PROC_TEXT))
		dentry->d_flags |= DCACHE_DONTCACHE;
	d_add(dentry, inode);
	return 0;
}

/* Of what somebody holds: does the process, or descriptor, still exist? */
static bool
proc_revalidate(struct dentry *dentry)
{
	struct inode *inode = READ_ONCE(dentry->d_inode);
	struct task *task;

	if (!inode)
		return false;
	switch (proc_info(inode)->kind) {
	case PROC_PID:
	case PROC_THREAD:
		task = find_get_task(proc_info(inode)->pid);
		if (task)
			put_task(task);
		return task != NULL;
	case PROC_FD:
	case PROC_FDINFO:
		return false;
	default:
		return true;
	}
}

/* --- links ------------------------------------------------------------------------------ */

static int
self_readlink(struct inode *inode, char *buf, size_t size)
{
	char text[16];
	int n;

	(void)inode;
	n = snprintf(text, sizeof(text), "%d", current->process ?
		     current->process->pid : current->pid);
	n = (int)min((size_t)n, size);
	memcpy(buf, text, (size_t)n);
	return n;
}

/* --- listing ------------------------------------------------------------------------------ */

bool
proc_emit(struct dir_context *ctx, const char *name, size_t len, u64 pos,
     unsigned type)
{
	if (ctx->pos > pos)
		return true;
	if (!ctx->actor(ctx, name, (unsigned)len, pos, 1 + pos, type))
		return false;
	ctx->pos = pos + 1;
	return true;
}

static bool
list_entries(struct dir_context *ctx, const struct proc_entry *dir)
{
	const struct proc_entry *e;
	u64 pos = 2;

	for (e = dir->children; e; e = e->next, pos++) {
		if (!proc_emit(ctx, e->name, strlen(e->name), pos,
			  DT_OF(e->is_folder ? S_IFDIR : S_IFREG)))
			return false;
	}
	return dir != &proc_root ||
	       proc_emit(ctx, "self", 4, FIRST_PID_POS - 1, DT_OF(S_IFLNK));
}

/* The node's text has one name in each line. */
static bool
list_node(struct dir_context *ctx, const struct proc_info *info, int *err)
{
	size_t len, left, n;
	char *text = proc_text(info, &left, err), *at, *end;
	bool room = true;
	u64 pos = 2;

	if (!text)
		return true;
	for (at = text; left && room; pos++) {
		end = memchr(at, '\n', left);
		len = end ? (size_t)(end - at) : left;
		room = proc_emit(ctx, at, len, pos, DT_OF(S_IFREG));
		n = len + (end != NULL);
		at += n;
		left -= n;
	}
	kvfree(text);
	return room;
}

static int
proc_iterate(struct file *file, struct dir_context *ctx)
{
	const struct proc_info *info = proc_info(file->f_inode);
	int err = 0;

	if (!proc_emit(ctx, ".", 1, 0, DT_OF(S_IFDIR)) ||
	    !proc_emit(ctx, "..", 2, 1, DT_OF(S_IFDIR)))
		return 0;
	switch (info->kind) {
	case PROC_PID:
	case PROC_THREAD:
	case PROC_TASK_FOLDER:
	case PROC_FD_FOLDER:
	case PROC_FDINFO_FOLDER:
		list_of_process(ctx, info);
		break;
	case PROC_NODE_FOLDER:
		list_node(ctx, info, &err);
		break;
	default:
		if (list_entries(ctx, info->entry) &&
		    info->entry == &proc_root)
			list_pids(ctx);
		break;
	}
	return err;
}

/* --- the file system ------------------------------------------------------------------------ */

static const struct inode_operations folder_ops = {
	.lookup = proc_lookup,
	.revalidate = proc_revalidate,
};
static const struct inode_operations link_ops = { .readlink = self_readlink };
static const struct inode_operations jump_ops = { .jump = proc_jump };
static const struct inode_operations file_ops = { 0 };

static const struct file_operations folder_file_ops = {
	.llseek = generic_file_llseek,
	.iterate = proc_iterate,
};

static void
proc_statfs(struct super_block *sb, struct kstatfs *st)
{
	(void)sb;
	(void)st;
}

static const struct super_operations proc_super_ops = {
	.evict_inode = proc_evict,
	.statfs = proc_statfs,
};

static int
proc_fill_super(struct super_block *sb, const char *options)
{
	struct proc_info info = { .kind = PROC_FOLDER, .entry = &proc_root };
	struct inode *root;

	(void)options;
	sb->s_op = &proc_super_ops;
	root = proc_inode(sb, &info);
	if (!root)
		return -ENOMEM;
	sb->s_root = d_make_root(root);
	if (sb->s_root)
		return 0;
	iput(root);
	return -ENOMEM;
}

static const struct file_system_type proc_type = {
	.name = "proc", .magic = PROC_SUPER_MAGIC,
	.fill_super = proc_fill_super, .nodev = true,
};
FILE_SYSTEM(proc_type);
