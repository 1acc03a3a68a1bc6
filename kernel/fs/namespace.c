/* SPDX-License-Identifier: MIT */
/*
 * Mounts: file systems hung into one tree.
 *
 *	/	rootfs (tmpfs)
 *	/proc	proc	/dev	devtmpfs	/dev/shm, /tmp	tmpfs
 *
 * Ideas
 *   A mount says: at this folder of that mount begins the root of this file
 *   system. A walk that comes to a folder with d_mounted > 0 looks whether
 *   something hangs there in this mount, and goes on at its root.
 *   Some file systems hang nowhere: pipes, files of shared memory.
 *   mnt_count counts the paths that lie inside; a mount with any is busy.
 *
 * Locks   dcache_lock guards the list and mnt_parent; mount_mutex lets one
 *   mount or umount happen at a time.
 */
#include <kernel/init.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"

extern const struct file_system_type *const __file_systems_start[];
extern const struct file_system_type *const __file_systems_end[];

LIST_HEAD(mount_list);			/* dcache_lock */
struct path root_path;
static DEFINE_MUTEX(mount_mutex);
static atomic_t last_id;

const struct file_system_type *
get_fs_type(const char *name)
{
	const struct file_system_type *const *t;

	for (t = __file_systems_start; t < __file_systems_end; t++) {
		if (!strcmp((*t)->name, name))
			return *t;
	}
	return NULL;
}

static struct mount *
make_mount(const struct file_system_type *type, const char *devname,
	   const char *options, u32 flags, int *err)
{
	struct mount *m = kzalloc(sizeof(*m), GFP_KERNEL);

	*err = -ENOMEM;
	if (!m)
		return NULL;
	m->mnt_sb = super_make(type, devname, options, flags, err);
	if (!m->mnt_sb) {
		kfree(m);
		return NULL;
	}
	m->mnt_root = m->mnt_sb->s_root;
	m->mnt_parent = m;
	m->mnt_mountpoint = m->mnt_root;
	INIT_LIST_HEAD(&m->mnt_list);
	atomic_set(&m->mnt_count, 1);
	m->mnt_id = (int)atomic_add_return(&last_id, 1);
	strscpy(m->mnt_devname, devname, sizeof(m->mnt_devname));
	return m;
}

struct mount *
kern_mount(const struct file_system_type *type, const char *options)
{
	int err;

	return make_mount(type, type->name, options, 0, &err);
}

/* Hang m at the folder; takes the path's references over. */
static void
attach(struct mount *m, const struct path *at)
{
	spin_lock(&dcache_lock);
	m->mnt_parent = at->mnt;
	m->mnt_mountpoint = at->dentry;
	at->dentry->d_mounted++;
	list_add_tail(&m->mnt_list, &mount_list);
	spin_unlock(&dcache_lock);
}

/* m hangs at the folder to from now on; takes its references over. */
static void
move_mount(struct mount *m, const struct path *to)
{
	struct path old;

	spin_lock(&dcache_lock);
	old.mnt = m->mnt_parent;
	old.dentry = m->mnt_mountpoint;
	old.dentry->d_mounted--;
	m->mnt_parent = to->mnt;
	m->mnt_mountpoint = to->dentry;
	to->dentry->d_mounted++;
	spin_unlock(&dcache_lock);
	path_put(&old);
}

int
do_mount(const char *devname, const char *dir, const char *type_name,
	 const char *options, u32 flags)
{
	const struct file_system_type *type = get_fs_type(type_name);
	struct mount *m;
	struct path at;
	int err;

	if (!type)
		return -ENODEV;
	err = kern_path(dir, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &at);
	if (err)
		return err;
	mutex_lock(&mount_mutex);
	m = make_mount(type, devname, options, flags, &err);
	if (m) {
		follow_mount(&at);
		attach(m, &at);
	}
	mutex_unlock(&mount_mutex);
	if (!m)
		path_put(&at);
	return err;
}

int
do_remount(const char *dir, const char *options, u32 flags)
{
	struct path path;
	int err = kern_path(dir, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	mutex_lock(&mount_mutex);
	if (path.dentry != path.mnt->mnt_root)
		err = -EINVAL;
	else
		err = super_remount(path.mnt->mnt_sb, flags, options);
	mutex_unlock(&mount_mutex);
	path_put(&path);
	return err;
}

/*
 * Is anybody inside? Its own existence is one, the caller's path another; a
 * mount that hangs on one of its folders is one more.
 */
static bool
detach_if_idle(struct mount *m)
{
	bool idle;

	spin_lock(&dcache_lock);
	idle = atomic_read(&m->mnt_count) == 2;
	if (idle) {
		list_del_init(&m->mnt_list);
		m->mnt_mountpoint->d_mounted--;
	}
	spin_unlock(&dcache_lock);
	return idle;
}

int
do_umount(const char *dir)
{
	struct path path, at;
	struct mount *m;
	int err = kern_path(dir, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	mutex_lock(&mount_mutex);
	m = path.mnt;
	if (path.dentry != m->mnt_root)
		err = -EINVAL;
	else if (m->mnt_parent == m || !detach_if_idle(m))
		err = -EBUSY;
	mutex_unlock(&mount_mutex);
	path_put(&path);
	if (err)
		return err;
	at.mnt = m->mnt_parent;
	at.dentry = m->mnt_mountpoint;
	super_destroy(m->mnt_sb);
	kfree(m);
	path_put(&at);
	return 0;
}

/* --- at boot --------------------------------------------------------------------- */

static int __init
mount_at_boot(const char *dir, const char *type, umode_t mode)
{
	int err = vfs_mkdir_at(AT_FDCWD, dir, mode);

	if (!err || err == -EEXIST)
		err = do_mount(type, dir, type, mode & S_ISVTX ? "mode=1777" :
			       "", 0);
	return err;
}

/* The tree as every program finds it. */
static int __init
mount_root(void)
{
	struct mount *root = kern_mount(get_fs_type("rootfs"), "");

	if (!root)
		panic("fs: no memory for the root");
	list_add_tail(&root->mnt_list, &mount_list);
	root_path.mnt = root;
	root_path.dentry = root->mnt_root;
	init_fs.root = init_fs.pwd = root_path;
	path_get(&init_fs.root);
	path_get(&init_fs.pwd);
	if (mount_at_boot("/proc", "proc", 0555) ||
	    mount_at_boot("/dev", "devtmpfs", 0755) ||
	    mount_at_boot("/dev/shm", "tmpfs", 01777) ||
	    mount_at_boot("/tmp", "tmpfs", 01777))
		return -ENOMEM;
	return 0;
}
device_initcall(mount_root);

/* What is mounted at dir, by its name in the tree of before, goes to the folder of
 * that name in the new one; if there is none it stays, out of sight. */
static void
take_along(const struct path *before, const char *dir)
{
	struct path to;

	if (before->dentry != before->mnt->mnt_root ||
	    kern_path(dir, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &to))
		return;
	mutex_lock(&mount_mutex);
	if (to.mnt != before->mnt)
		move_mount(before->mnt, &to);
	else
		path_put(&to);
	mutex_unlock(&mount_mutex);
}

int
mount_over_root(const char *devname, const struct file_system_type *type,
		const char *options, u32 flags)
{
	static const char *const dirs[] = { "/dev", "/proc" };
	struct path along[ARRAY_SIZE(dirs)], at = root_path;
	unsigned n = 0, i;
	struct mount *m;
	int err = 0;

	m = make_mount(type, devname, options, flags, &err);
	if (!m)
		return err;
	while (n < ARRAY_SIZE(dirs) && !kern_path(dirs[n], LOOKUP_FOLLOW,
						  &along[n]))
		n++;
	path_get(&at);
	attach(m, &at);
	root_path = (struct path){ m, m->mnt_root };
	path_get(&root_path);
	path_get(&root_path);
	set_fs_root(&init_fs, &root_path);
	set_fs_pwd(&init_fs, &root_path);
	for (i = 0; i < n; i++) {
		take_along(&along[i], dirs[i]);
		path_put(&along[i]);
	}
	return 0;
}

/* --- looking ------------------------------------------------------------------------ */

static struct mount *
mount_after(struct mount *m)
{
	struct list_head *next;

	next = m ? m->mnt_list.next : mount_list.next;
	return next == &mount_list ? NULL :
	       list_entry(next, struct mount, mnt_list);
}

/* mount_mutex keeps the list still, and is no lock that d_path() takes. */
void
mount_for_each(void (*fn)(struct mount *m, void *arg), void *arg)
{
	struct mount *m;

	mutex_lock(&mount_mutex);
	for (m = mount_after(NULL); m; m = mount_after(m))
		fn(m, arg);
	mutex_unlock(&mount_mutex);
}

static void
filesystems_show(struct seq_buf *s)
{
	const struct file_system_type *const *t;

	for (t = __file_systems_start; t < __file_systems_end; t++)
		seq_printf(s, "%s\t%s\n", (*t)->nodev ? "nodev" : "",
			   (*t)->name);
}
NODE("filesystems", filesystems_show);
