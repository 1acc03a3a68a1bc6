/* SPDX-License-Identifier: MIT */
/*
 * Where a process stands in the tree: root, working folder, umask, and the
 * user that files are judged by (process/ sets uid and gid when they change).
 *
 * Locks   fs->lock (rank FS): root and pwd, since threads share them.
 */
#include <kernel/init.h>
#include <mm/slab.h>

#include "fs_private.h"

/* Kernel threads', and what the first process begins with. */
struct fs_struct init_fs = {
	.count = ATOMIC_INIT(1),
	.lock = SPINLOCK_INIT(LOCK_FS),
	.umask = 022,
};

struct fs_struct *
fs_copy(struct fs_struct *old)
{
	struct fs_struct *fs = kmalloc(sizeof(*fs), GFP_KERNEL);

	if (!fs)
		return NULL;
	atomic_set(&fs->count, 1);
	spin_lock_init(&fs->lock, LOCK_FS);
	spin_lock(&old->lock);
	fs->umask = old->umask;
	fs->uid = old->uid;
	fs->gid = old->gid;
	fs->root = old->root;
	fs->pwd = old->pwd;
	path_get(&fs->root);
	path_get(&fs->pwd);
	spin_unlock(&old->lock);
	return fs;
}

void
fs_put(struct fs_struct *fs)
{
	if (!fs || !atomic_dec_and_test(&fs->count))
		return;
	path_put(&fs->root);
	path_put(&fs->pwd);
	kfree(fs);
}

/* Takes the path's references over. */
void
set_fs_pwd(struct fs_struct *fs, const struct path *path)
{
	struct path old;

	spin_lock(&fs->lock);
	old = fs->pwd;
	fs->pwd = *path;
	spin_unlock(&fs->lock);
	path_put(&old);
}

void
set_fs_root(struct fs_struct *fs, const struct path *path)
{
	struct path old;

	spin_lock(&fs->lock);
	old = fs->root;
	fs->root = *path;
	spin_unlock(&fs->lock);
	path_put(&old);
}
