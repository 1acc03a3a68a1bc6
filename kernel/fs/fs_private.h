/* SPDX-License-Identifier: MIT */
/* Inside the file system: what its files tell each other. */
#ifndef FS_PRIVATE_H
#define FS_PRIVATE_H

#include <kernel/fs.h>
#include <kernel/fs_struct.h>
#include <kernel/lock.h>
#include <kernel/signal.h>

extern spinlock_t dcache_lock;		/* rank DCACHE */
extern struct list_head mount_list;	/* dcache_lock */

/* d_lookup() for one who holds dcache_lock. */
struct dentry *d_lookup_locked(struct dentry *parent, const struct qstr *name);
/* Forget the unused names below parent. Context: may sleep. */
void shrink_dcache_parent(struct dentry *parent);

/* --- inode.c, icache.c, writeback.c --- */

extern spinlock_t inode_lock;		/* rank INODE */
extern struct wait_queue_head inode_wait;	/* i_state of some inode changed */

/* One more reference, unless it is on its way out. Held: inode_lock. */
bool inode_grab_locked(struct inode *inode);
/* Of one that is going: no list has it any more. Context: may sleep. */
void inode_forget_dirty(struct inode *inode);
void free_inode(struct inode *inode);
/* All unused inodes of sb, which is going, and wait until none is left. */
void evict_inodes(struct super_block *sb);
/* Has any? A hint. flusher.c asks; writeback.c tells it of the first. */
bool any_inode_dirty(void);
void flusher_first_dirty(void);
/* Dirty pages above which the flusher begins / writers wait. */
void dirty_limits(unsigned long *background, unsigned long *limit);
/* Clean pages of all files with a store; how many went. May sleep. */
unsigned long drop_pagecache(void);

/* --- super.c --- */

/* devname: of the disk's node, for types that need one. */
struct super_block *super_make(const struct file_system_type *type,
			       const char *devname, const char *options,
			       u32 flags, int *err);
void super_destroy(struct super_block *sb);
int super_remount(struct super_block *sb, u32 flags, const char *options);

/* --- namei.c: a path on its way --- */

enum last_type { LAST_NORM, LAST_DOT, LAST_DOTDOT, LAST_ROOT };

struct walk {
	struct path path;	/* where we are; references held */
	struct path root;	/* "/" ; references held */
	const char *rest;	/* what is still to walk */
	char *buf;		/* holds rest once a link was followed */
	unsigned flags;		/* LOOKUP_* */
	unsigned links;		/* followed so far */
	struct qstr last;	/* after walk_parent(): the last name */
	enum last_type last_type;
	bool slash;		/* a slash behind it: it must be a folder */
};

int walk_start(struct walk *w, int dfd, const char *name, unsigned flags);
/* All but the last name; path is the folder it lies in. */
int walk_parent(struct walk *w);
/* path is a symbolic link: go where it leads (path becomes the link's folder
 * first). More is to be walked if rest is not empty. */
int walk_link(struct walk *w, struct dentry *link);
void walk_end(struct walk *w);
/* The name in the folder dir, positive or negative, with a reference. Held:
 * dir's i_lock. 0 or -Exxx. */
int lookup_one(struct dentry *dir, const struct qstr *name,
	       struct dentry **found);

/* --- namespace.c --- */

/* Call fn for each mount, oldest first. No mount comes or goes meanwhile.
 * Context: may sleep. */
void mount_for_each(void (*fn)(struct mount *m, void *arg), void *arg);
/*
 * A new file system becomes the root of everybody who starts from now on; /dev
 * and /proc go along where it has such folders. Context: boot. 0 or -Exxx.
 */
int mount_over_root(const char *devname, const struct file_system_type *type,
		    const char *options, u32 flags);

/* --- file_table.c --- */

/* An empty file with one reference. NULL: no memory. */
struct file *file_alloc(void);
/* A file on a new inode of a file system that hangs nowhere; takes the
 * inode's reference in any case. */
int file_of_inode(struct mount *mnt, struct inode *inode, const char *name,
		  unsigned flags, struct file **file);

/* pipe.c: an open file of ops that has no folder. 0, -ENOMEM. */
int anon_file(const char *name, const struct file_operations *ops,
	      void *private_data, unsigned flags, struct file **file);
/* fcntl.c: two descriptors to the user's array, or none. flags: O_CLOEXEC. */
long publish_two(struct file *files[2], int *user, unsigned flags);
/* socketpair.c */
int create_socket_pair(struct file *ends[2], unsigned flags);
/* eventpoll.c: the file's last reference is gone; nobody watches it now. */
void eventpoll_release(struct file *file);
/* select.c: the mask of ppoll(), epoll_pwait(); *set: restore_wait_sigmask()
 * is due. 0, -EINVAL, -EFAULT. */
int sigmask_begin(const void *user, size_t size, bool *set);
/* eventfd.c */
int eventfd_file(u64 count, bool semaphore, unsigned flags,
		 struct file **file);

int get_write_access(struct inode *inode);
void put_write_access(struct inode *inode);

/* --- fdtable.c, fs_struct.c --- */

int fd_replace(unsigned fd, struct file *file, unsigned flags);
void fd_set_close_on_exec(unsigned fd, bool set);
void set_fs_pwd(struct fs_struct *fs, const struct path *path);
void set_fs_root(struct fs_struct *fs, const struct path *path);

/* --- the user's memory: usercopy.c --- */

/* A path from the user: a buffer for putname(), or NULL with *err. */
char *getname(const char *user, int *err);
void putname(char *name);
/* The path that a user's name leads to; flags are LOOKUP_*. 0 or -Exxx. */
int user_path(int dfd, const char *user, unsigned flags, struct path *path);
/* AT_* as LOOKUP_*. */
unsigned lookup_flags(int at);
/* An int to the user's address arg, for ioctls. 0 or -EFAULT. */
long put_user_int(int value, unsigned long arg);
/* An array of pieces; *iov is kmalloc'ed if it is not fast (8 pieces). */
#define UIO_FASTIOV 8
ssize_t import_iovec(const struct iovec *user, unsigned long nr,
		     struct iovec *fast, struct iovec **iov);

#endif
