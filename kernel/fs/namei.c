/* SPDX-License-Identifier: MIT */
/*
 * Paths: from "/tmp/../dev/null" to a mount and a dentry.
 *
 * Ideas
 *   Walk	one name after the other, each looked for in the folder where we
 *	are, first among the dentries, then by asking the file system.
 *   ..		up; out of a mounted file system onto the folder it hangs on;
 *	never above the process's root.
 *   Symbolic link	what it says is put in front of what is still to walk,
 *	in a buffer of its own: no recursion, so that no chain of links can use
 *	up the stack. Forty links are enough for anybody (ELOOP).
 *
 *	rest "lib/libc.so"  at /usr, lib -> "../usr32/lib":
 *	rest "../usr32/lib/libc.so" at /usr
 *
 *   Jump	some links lead to a place that has no name, or whose name may lie
 *	(/proc/self/exe, /proc/self/fd/1): they are followed by reference.
 *   Last name	who makes or removes a name needs the folder, locked, and looks
 *	for the name itself: walk_parent() stops before it.
 *
 * Context  may sleep.
 * Locks   dcache_lock for each look into the cache; a folder's i_lock while its
 *   file system is asked, so that two who look for the same new name make one
 *   dentry.
 * Cost    for each name: its hash, one lock pair, two atomic operations.
 */
#include <kernel/panic.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"

#define MAX_LINKS	40u

void
path_get(const struct path *path)
{
	atomic_inc(&path->mnt->mnt_count);
	dget(path->dentry);
}

void
path_put(const struct path *path)
{
	dput(path->dentry);
	atomic_dec(&path->mnt->mnt_count);
}

/* What is mounted on the folder, if anything. Held: dcache_lock. */
static struct mount *
mount_on(const struct path *path)
{
	struct mount *m;

	list_for_each_entry(m, &mount_list, mnt_list) {
		if (m->mnt_mountpoint == path->dentry &&
		    m->mnt_parent == path->mnt && m->mnt_parent != m)
			return m;
	}
	return NULL;
}

void
follow_mount(struct path *path)
{
	struct path old;
	struct mount *m;

	while (READ_ONCE(path->dentry->d_mounted)) {
		old = *path;
		spin_lock(&dcache_lock);
		m = mount_on(path);
		if (m) {
			path->mnt = m;
			path->dentry = m->mnt_root;
			path_get(path);
		}
		spin_unlock(&dcache_lock);
		if (!m)
			return;
		path_put(&old);
	}
}

static bool
same_path(const struct path *a, const struct path *b)
{
	return a->mnt == b->mnt && a->dentry == b->dentry;
}

/* One folder up. */
static void
follow_dotdot(struct walk *w)
{
	struct path old = w->path;
	struct path *p = &w->path;

	spin_lock(&dcache_lock);
	while (!same_path(p, &w->root) && p->dentry == p->mnt->mnt_root &&
	       p->mnt->mnt_parent != p->mnt) {
		p->dentry = p->mnt->mnt_mountpoint;
		p->mnt = p->mnt->mnt_parent;
	}
	if (!same_path(p, &w->root))
		p->dentry = p->dentry->d_parent;
	path_get(p);
	spin_unlock(&dcache_lock);
	path_put(&old);
	follow_mount(p);
}

int
lookup_one(struct dentry *dir, const struct qstr *name, struct dentry **found)
{
	struct inode *inode = dir->d_inode;
	struct dentry *d = d_lookup(dir, name);
	int err = 0;

	if (d && inode->i_op->revalidate && !inode->i_op->revalidate(d)) {
		d_drop(d);
		dput(d);
		d = NULL;
	}
	if (!d) {
		d = d_alloc(dir, name);
		if (!d)
			return -ENOMEM;
		if (inode->i_op->lookup)
			err = inode->i_op->lookup(inode, d);
		else
			d_add(d, NULL);
	}
	if (err) {
		dput(d);
		return err;
	}
	*found = d;
	return 0;
}

/* The name in the folder where w is: *found, positive, with a reference. */
static int
walk_find(struct walk *w, const struct qstr *name, struct dentry **found)
{
	struct dentry *dir = w->path.dentry, *d;
	struct inode *inode = dir->d_inode;
	int err = 0;

	d = d_lookup(dir, name);
	if (!d || (inode->i_op->revalidate && !inode->i_op->revalidate(d))) {
		dput(d);
		mutex_lock(&inode->i_lock);
		/* A folder that was removed has no names any more. */
		if (inode->i_nlink == 0)
			err = -ENOENT;
		else
			err = lookup_one(dir, name, &d);
		mutex_unlock(&inode->i_lock);
		if (err)
			return err;
	}
	if (!READ_ONCE(d->d_inode)) {
		dput(d);
		return -ENOENT;
	}
	*found = d;
	return 0;
}

/* Step onto child, whose reference is taken over, and what is mounted there. */
static void
walk_enter(struct walk *w, struct dentry *child)
{
	struct dentry *old = w->path.dentry;

	w->path.dentry = child;
	dput(old);
	follow_mount(&w->path);
}

static void
walk_to_root(struct walk *w)
{
	path_get(&w->root);
	path_put(&w->path);
	w->path = w->root;
}

/* Put the link's text in front of the rest. */
static int
walk_splice(struct walk *w, struct inode *link)
{
	char *buf = kmalloc(PATH_MAX, GFP_KERNEL);
	int n;

	if (!buf)
		return -ENOMEM;
	n = link->i_op->readlink(link, buf, PATH_MAX);
	if (n == 0)
		n = -ENOENT;
	if (n > 0 && (size_t)n + strlen(w->rest) + 2 > PATH_MAX)
		n = -ENAMETOOLONG;
	if (n < 0) {
		kfree(buf);
		return n;
	}
	if (*w->rest || w->slash)
		buf[n++] = '/';
	strscpy(buf + n, w->rest, PATH_MAX - (size_t)n);
	kfree(w->buf);
	w->buf = buf;
	w->rest = buf;
	return 0;
}

/*
 * Go where the link leads; takes its reference over. w is in its folder.
 */
int
walk_link(struct walk *w, struct dentry *link)
{
	struct inode *inode = link->d_inode;
	struct path path;
	int err;

	if (++w->links > MAX_LINKS) {
		err = -ELOOP;
	} else if (inode->i_op->jump) {
		err = inode->i_op->jump(inode, &path);
		if (!err) {
			path_put(&w->path);
			w->path = path;
		}
	} else {
		err = walk_splice(w, inode);
		if (!err && *w->rest == '/')
			walk_to_root(w);
	}
	dput(link);
	return err;
}

/* Cut the next name off rest: its length, with w->last set; 0 at the end. */
static int
next_name(struct walk *w)
{
	const char *p = w->rest, *start;
	size_t len;

	while (*p == '/')
		p++;
	start = p;
	while (*p && *p != '/')
		p++;
	len = (size_t)(p - start);
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	w->slash = *p == '/';
	while (*p == '/')
		p++;
	w->rest = p;
	w->last = (struct qstr){ start, (u32)len, 0 };
	if (!len)
		w->last_type = LAST_ROOT;
	else if (len <= 2 && start[0] == '.' && (len == 1 || start[1] == '.'))
		w->last_type = len == 1 ? LAST_DOT : LAST_DOTDOT;
	else
		w->last_type = LAST_NORM;
	if (w->last_type == LAST_NORM)
		w->last.hash = name_hash(start, len);
	return (int)len;
}

/* May we look for a name here? */
static int
walk_check_dir(const struct walk *w)
{
	struct inode *inode = w->path.dentry->d_inode;

	if (!S_ISDIR(inode->i_mode))
		return -ENOTDIR;
	return inode_permission(inode, MAY_EXEC);
}

/* One name, not the last; a link is followed. */
static int
walk_middle(struct walk *w)
{
	struct dentry *d;
	int err;

	if (w->last_type == LAST_DOTDOT)
		follow_dotdot(w);
	if (w->last_type != LAST_NORM)
		return 0;
	err = walk_find(w, &w->last, &d);
	if (err)
		return err;
	if (S_ISLNK(d->d_inode->i_mode))
		return walk_link(w, d);
	walk_enter(w, d);
	return 0;
}

int
walk_parent(struct walk *w)
{
	int err;

	for (;;) {
		err = next_name(w);
		if (err <= 0)
			return err;
		err = walk_check_dir(w);
		if (err)
			return err;
		if (!*w->rest)
			return 0;
		err = walk_middle(w);
		if (err)
			return err;
	}
}

static int
walk_start_at(struct walk *w, int dfd)
{
	struct fs_struct *fs = current_fs();
	struct fd f;

	if (dfd == AT_FDCWD) {
		spin_lock(&fs->lock);
		w->path = fs->pwd;
		path_get(&w->path);
		spin_unlock(&fs->lock);
		return 0;
	}
	f = fdget_raw((unsigned)dfd);
	if (!f.file)
		return -EBADF;
	w->path = f.file->f_path;
	path_get(&w->path);
	fdput(f);
	return 0;
}

int
walk_start(struct walk *w, int dfd, const char *name, unsigned flags)
{
	struct fs_struct *fs = current_fs();
	int err;

	memset(w, 0, sizeof(*w));
	w->rest = name;
	w->flags = flags;
	if (!*name && !(flags & LOOKUP_EMPTY))
		return -ENOENT;
	if (strnlen(name, PATH_MAX) == PATH_MAX)
		return -ENAMETOOLONG;
	spin_lock(&fs->lock);
	w->root = fs->root;
	path_get(&w->root);
	spin_unlock(&fs->lock);
	if (*name == '/') {
		w->path = w->root;
		path_get(&w->path);
		return 0;
	}
	err = walk_start_at(w, dfd);
	if (err)
		path_put(&w->root);
	return err;
}

void
walk_end(struct walk *w)
{
	path_put(&w->path);
	path_put(&w->root);
	kfree(w->buf);
}

/* The last name, not followed by others unless it is a link. */
static int
walk_last(struct walk *w)
{
	struct dentry *d;
	int err;

	if (w->last_type == LAST_DOTDOT)
		follow_dotdot(w);
	if (w->last_type != LAST_NORM)
		return 0;
	err = walk_find(w, &w->last, &d);
	if (err)
		return err;
	if (S_ISLNK(d->d_inode->i_mode) &&
	    ((w->flags & (LOOKUP_FOLLOW | LOOKUP_DIRECTORY)) || w->slash)) {
		bool jump = d->d_inode->i_op->jump != NULL;

		err = walk_link(w, d);
		return err ? err : !jump;
	}
	walk_enter(w, d);
	return 0;
}

int
path_lookup(int dfd, const char *name, unsigned flags, struct path *path)
{
	struct walk w;
	bool slash;
	int err = walk_start(&w, dfd, name, flags);

	if (err)
		return err;
	do {
		err = walk_parent(&w);
		if (!err)
			err = walk_last(&w);
	} while (err > 0);
	slash = w.slash || (flags & LOOKUP_DIRECTORY);
	if (!err && slash && !S_ISDIR(w.path.dentry->d_inode->i_mode))
		err = -ENOTDIR;
	if (!err) {
		*path = w.path;
		path_get(path);
	}
	walk_end(&w);
	return err;
}

/* --- from a path to its text ------------------------------------------------------- */

/* Put name and a slash in front of *at, if there is room. */
static bool
prepend(char *buf, char **at, const char *name, size_t len)
{
	if ((size_t)(*at - buf) < len + 1)
		return false;
	*at -= len;
	memcpy(*at, name, len);
	*--*at = '/';
	return true;
}

/* Up from p to root, from the end of buf to its beginning. 0; 1: root is not above
 * p; -ENAMETOOLONG. */
static int
build_path(char *buf, char **at, struct path p, const struct path *root)
{
	while (!same_path(&p, root)) {
		if (p.dentry == p.mnt->mnt_root) {
			if (p.mnt->mnt_parent == p.mnt)
				return 1;
			p.dentry = p.mnt->mnt_mountpoint;
			p.mnt = p.mnt->mnt_parent;
			continue;
		}
		if (!prepend(buf, at, p.dentry->d_name.name,
			     p.dentry->d_name.len))
			return -ENAMETOOLONG;
		p.dentry = p.dentry->d_parent;
	}
	return 0;
}

char *
d_path(const struct path *path, char *buf, size_t size, int *err)
{
	static const char deleted[] = " (deleted)";
	struct dentry *d = path->dentry;
	struct fs_struct *fs = current_fs();
	char *at = buf + size - 1;
	struct path root;

	if (size < sizeof(deleted) + 1) {
		*err = -ENAMETOOLONG;
		return NULL;
	}
	spin_lock(&fs->lock);
	root = fs->root;
	path_get(&root);
	spin_unlock(&fs->lock);
	spin_lock(&dcache_lock);
	*at = '\0';
	if (list_empty(&d->d_hash) && d->d_parent != d) {
		at -= sizeof(deleted) - 1;
		memcpy(at, deleted, sizeof(deleted) - 1);
	}
	if (list_empty(&path->mnt->mnt_list)) {
		/* In no folder of the tree: a memfd, a pipe. */
		*err = prepend(buf, &at, d->d_name.name, d->d_name.len) ?
			0 : -ENAMETOOLONG;
	} else {
		*err = build_path(buf, &at, *path, &root);
		if (*err >= 0 && (!*at || *at == ' ') && at > buf)
			*--at = '/';
	}
	spin_unlock(&dcache_lock);
	path_put(&root);
	return *err < 0 ? NULL : at;
}

int
vfs_readlink(const struct path *path, char *buf, size_t size)
{
	struct inode *inode = path->dentry->d_inode;
	struct path target;
	char *text, *page;
	int err;

	if (!S_ISLNK(inode->i_mode))
		return -EINVAL;
	if (!inode->i_op->jump)
		return inode->i_op->readlink(inode, buf, size);
	page = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	err = inode->i_op->jump(inode, &target);
	if (!err) {
		text = d_path(&target, page, PATH_MAX, &err);
		if (text)
			err = (int)min(strlen(text), size);
		if (text)
			memcpy(buf, text, (size_t)err);
		path_put(&target);
	}
	kfree(page);
	return err;
}
