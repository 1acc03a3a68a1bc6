/* SPDX-License-Identifier: MIT */
/*
 * Virtual file system: what all file systems have in common.
 *
 * Ideas
 *   inode	a file: its kind, size, rights, and its pages (i_data).
 *   dentry	a name in a folder. A file may have several (hard links); a name
 *		that was looked for and is not there has one too, without an
 *		inode (negative), so that the next search ends at once.
 *   super_block one file system in use; mount: where it hangs in the tree.
 *   file	an open file: a position, the way it was opened. Several
 *		descriptors, also of several processes, may share one.
 *
 *	fd 3 --> file --> path = { mount, dentry } --> inode --> pages
 *	fd 4 -------^				^
 *			  another dentry ------/	(hard link)
 *
 * Which file does what: kernel/fs/dcache.c (names), inode.c, namei.c (paths),
 * namespace.c (mounts), file_table.c (struct file), fdtable.c (descriptors),
 * open.c, read_write.c, stat.c, readdir.c, fcntl.c, select.c (the calls),
 * tmpfs.c, procfs.c, devfs.c, pipe.c, tty.c (what files there are).
 *
 * Locks, in this order
 *	s_rename_mutex		of a super_block: one rename at a time
 *	inode->i_lock		mutex: a folder's entries; a file's size. Two
 *				folders: the one nearer the root first
 *	(mm's mmap_lock, the page lock)
 *	dcache_lock		spinlock: names, mounts, counts of dentries
 *
 * Fields: who guards them
 *	i	inode->i_lock		d	dcache_lock
 *	a	atomic
 *	-	constant once it can be found
 */
#ifndef KERNEL_FS_H
#define KERNEL_FS_H

#include <kernel/iov_iter.h>
#include <kernel/mutex.h>
#include <kernel/rcu.h>
#include <lib/atomic.h>
#include <lib/list.h>
#include <lib/types.h>
#include <mm/pagecache.h>
#include <mm/readahead.h>
#include <mm/writeback.h>
#include <uapi/fcntl.h>
#include <uapi/stat.h>

struct block_device;
struct dentry;
struct file;
struct file_system_type;
struct inode;
struct kstatfs;
struct mount;
struct path;
struct poll_table;
struct super_block;
struct vm_area_struct;

typedef u32 umode_t;
typedef u32 dev_t;

#define NAME_MAX	255
#define PATH_MAX	4096
#define MAX_LFS_FILESIZE 0x7ffffffffffll	/* 2^31 pages */

#define MKDEV(major, minor)	((dev_t)(major) << 20 | (minor))
#define MAJOR(dev)		((dev) >> 20)
#define MINOR(dev)		((dev) & 0xfffff)

/* Nanoseconds are 0 to 999 999 999. */
struct timespec64 {
	s64 tv_sec;
	s32 tv_nsec;
};

struct path {
	struct mount *mnt;
	struct dentry *dentry;
};

/* --- super blocks ------------------------------------------------------------ */

struct super_operations {
	/*
	 * The inode leaves memory; its pages have. If it has no name left
	 * (i_nlink 0) what it has in the store goes too. Context: may sleep.
	 */
	void (*evict_inode)(struct inode *inode);
	void (*statfs)(struct super_block *sb, struct kstatfs *st);
	/*
	 * Put what is kept of inode beside its pages into the page of the disk
	 * that holds it (bread(), set_page_dirty()). NULL: nothing is kept, and
	 * no inode is ever dirty but by its pages. 0 or -Exxx. May sleep.
	 */
	int (*write_inode)(struct inode *inode, bool wait);
	/* The same for what is kept of the whole; the disk's dirty pages are
	 * written afterwards. Optional. */
	int (*sync_fs)(struct super_block *sb, bool wait);
	/* The super_block goes; its inodes are gone. s_bdev is still open. */
	void (*put_super)(struct super_block *sb);
	/*
	 * To be only read (flags: SB_RDONLY), or written, from now on, with
	 * these options. s_flags are as they were; nobody is changing
	 * anything. 0 or -Exxx: all is as before. Optional.
	 */
	int (*remount)(struct super_block *sb, u32 flags, const char *options);
	/* For /proc/mounts: ",size=16m", or NULL. */
	void (*show_options)(struct seq_buf *s, struct super_block *sb);
};

struct kstatfs {
	u32 f_type, f_bsize;
	u64 f_blocks, f_bfree, f_bavail, f_files, f_ffree;
};

struct super_block {
	const struct file_system_type *s_type;	/* -  */
	const struct super_operations *s_op;	/* -  */
	struct dentry *s_root;			/* -  */
	struct mutex s_rename_mutex;
	dev_t s_dev;				/* -  */
	atomic_t s_last_ino;			/* a  the last number given out */
	atomic_t s_nr_inodes;			/* a  */
	void *s_fs_info;			/* -  the file system's */
	struct block_device *s_bdev;		/* -  or NULL: no disk */
	u32 s_flags;				/*    SB_*; one word */
	bool s_frozen;				/*    super.c: being remounted */
	atomic_t s_writers;			/* a  sb_start_write()s */
	bool s_dying;				/*    set once, by umount */
	u32 s_nr_syncing;			/*    inode_lock */
	struct list_head s_dirty;		/*    inode_lock: i_dirty, oldest first */
	struct list_head s_list;		/*    super_mutex: all of them */
};

/* What a mount may be asked for, by the numbers of MS_*. */
#define SB_RDONLY	1u		/* nothing is changed: EROFS */
#define SB_NOSUID	2u		/* no program changes its user (none does) */
#define SB_NODEV	4u		/* devices cannot be opened: EACCES */
#define SB_NOEXEC	8u		/* no program is run from it: EACCES */
#define SB_KEPT		(SB_RDONLY | SB_NOSUID | SB_NODEV | SB_NOEXEC)

static inline bool
sb_rdonly(const struct super_block *sb)
{
	return READ_ONCE(sb->s_flags) & SB_RDONLY;
}

/*
 * It will be changed, until sb_end_write(): an open file that may be written, a
 * name that is made. False: it is only read. Context: any.
 */
static inline bool
sb_start_write(struct super_block *sb)
{
	atomic_inc(&sb->s_writers);
	smp_mb();	/* counted, before the look; super_remount() too */
	if (likely(!READ_ONCE(sb->s_frozen) && !sb_rdonly(sb)))
		return true;
	atomic_dec(&sb->s_writers);
	return false;
}

static inline void
sb_end_write(struct super_block *sb)
{
	atomic_dec(&sb->s_writers);
}

struct file_system_type {
	const char *name;
	u32 magic;
	/*
	 * Make a super_block's root and set s_op, s_root; options as mount(2)'s
	 * data, or "". s_bdev and s_flags are set. 0 or -Exxx, nothing kept.
	 */
	int (*fill_super)(struct super_block *sb, const char *options);
	bool nodev;			/* needs no disk */
};

/* Registered by the linker: FILE_SYSTEM(tmpfs_type) */
#define FILE_SYSTEM(type) \
	static const struct file_system_type *const file_system_##type \
	__used __section(".file_systems") __aligned(4) = &type

/* --- inodes --------------------------------------------------------------------- */

struct inode_operations {
	/*
	 * dentry, hashed nowhere yet, is dir's: d_add() it, with its inode or
	 * NULL; 0 or -Exxx. Held: dir->i_lock. NULL: nothing but what the
	 * dentry cache knows is there (tmpfs).
	 */
	int (*lookup)(struct inode *dir, struct dentry *dentry);
	/* The next six: held dir->i_lock (both); dentry negative / positive. */
	int (*create)(struct inode *dir, struct dentry *dentry, umode_t mode,
		      dev_t rdev);
	int (*symlink)(struct inode *dir, struct dentry *dentry,
		       const char *target);
	int (*link)(struct dentry *old, struct inode *dir,
		    struct dentry *dentry);
	int (*unlink)(struct inode *dir, struct dentry *dentry);
	int (*rmdir)(struct inode *dir, struct dentry *dentry);
	/* to may be positive: it is replaced. flags: RENAME_EXCHANGE. */
	int (*rename)(struct inode *from_dir, struct dentry *from,
		      struct inode *to_dir, struct dentry *to, unsigned flags);
	/* i_lock held; size is checked. */
	int (*truncate)(struct inode *inode, u64 size);
	/*
	 * Where a symbolic link leads: its text into buf, at most size bytes,
	 * without a NUL: how many, or -Exxx.
	 */
	int (*readlink)(struct inode *inode, char *buf, size_t size);
	/* A link that leads to a place, not to a name (/proc/self/exe):
	 * references to *path. */
	int (*jump)(struct inode *inode, struct path *path);
	/* Is the dentry still true? NULL: yes. */
	bool (*revalidate)(struct dentry *dentry);
	/* Bring figures up to date before they are shown. */
	void (*getattr)(struct inode *inode);
};

/* i_state; inode_lock */
#define I_DIRTY_SYNC	 0x01u	/* figures (times, rights) are newer than stored */
#define I_DIRTY_DATASYNC 0x02u	/* so is what its pages are found by (size) */
#define I_DIRTY_PAGES	 0x04u	/* pages may be dirty */
#define I_DIRTY		 0x07u
#define I_NEW		 0x08u	/* being read in: iget_locked() */
#define I_SYNC		 0x10u	/* being written */
#define I_FREEING	 0x20u	/* on its way out */
#define I_BAD		 0x40u	/* could not be read in */

struct file_locks;

struct inode {
	umode_t i_mode;			/* i  */
	u32 i_uid, i_gid;		/* i  */
	u32 i_nlink;			/* i  */
	u64 i_size;			/* i  atomic to readers: i_size_read() */
	u64 i_ino;			/* -  */
	struct mutex i_lock;
	atomic_t i_count;		/* a  */
	dev_t i_rdev;			/* -  */
	u32 i_generation;		/* i  grows when entries change */
	u32 i_blocks;			/*    of 512 bytes; the file system's */
	struct timespec64 i_atime, i_mtime, i_ctime;	/* i, roughly */
	struct super_block *i_sb;	/* -  */
	const struct inode_operations *i_op;	/* -  */
	const struct file_operations *i_fop;	/* -  */
	struct address_space *i_mapping;	/* -  usually &i_data */
	struct address_space i_data;
	u32 i_seals;			/* i  F_SEAL_* */
	atomic_t i_writecount;		/* a  open for writing; < 0: denied */
	u8 i_blkbits;			/* -  its blocks: 1 << i_blkbits bytes */
	u32 i_state;			/*    inode_lock: I_* */
	struct list_head i_hash;	/*    inode_lock: icache.c; empty: not in it */
	struct list_head i_lru;		/*    inode_lock: unused ones */
	struct list_head i_dirty;	/*    inode_lock: sb->s_dirty */
	u64 i_dirtied_when;		/*    inode_lock: ktime */
	struct rcu_head i_rcu;		/*    on its way out */
	struct file_locks *i_locks;	/*    locks.c; NULL: it never had one */
	void *i_private;		/* -  symlink: its text; pipe; proc entry */
};

/* 64 bits in one access (LDREXD), so that no half of a size is seen. */
static inline u64
i_size_read(const struct inode *inode)
{
	return __atomic_load_n(&inode->i_size, __ATOMIC_RELAXED);
}

/* Are its blocks in use as swap?  Then nobody writes, shortens or removes it.
 * Changes under i_lock. */
static inline bool
is_swapfile(const struct inode *inode)
{
	return READ_ONCE(inode->i_mapping->swapfile);
}

/* Held: i_lock. Faults look at size_pages. */
void i_size_write(struct inode *inode, u64 size);

/*
 * A new inode of sb with one reference, a number, times of now, i_mapping of
 * its own, and nlink 1. Context: may sleep. NULL: no memory.
 */
struct inode *new_inode(struct super_block *sb, umode_t mode);
void ihold(struct inode *inode);
/* The same of one that may have none: false, it is being freed. Context: the
 * inode's memory stays (a lock that its end takes); any but interrupts. */
bool igrab(struct inode *inode);
/* The last one evicts, or keeps it in the cache. Context: may sleep. */
void iput(struct inode *inode);

/*
 * The inode of sb with a number, for file systems that keep them elsewhere. If
 * it is not in memory it is made: I_NEW is set, and the caller fills it and
 * says unlock_new_inode(), or iget_failed(), which puts it; who waits tries
 * anew then. Context: may sleep. NULL: no memory.
 */
struct inode *iget_locked(struct super_block *sb, u64 ino);
void unlock_new_inode(struct inode *inode);
static inline bool
inode_is_new(const struct inode *inode)
{
	return READ_ONCE(inode->i_state) & I_NEW;
}
void iget_failed(struct inode *inode);
/* A new_inode() whose i_ino is set can be found, and stays in the cache. */
void insert_inode_hash(struct inode *inode);
void remove_inode_hash(struct inode *inode);

/* It is newer than stored: I_DIRTY_*. Context: as set_page_dirty(). */
void mark_inode_dirty(struct inode *inode, u32 how);
/* Write its pages, then the inode. Context: may sleep. 0 or -Exxx. */
int sync_inode(struct inode *inode, enum writeback_sync_mode mode);
/* All of a file system, and it is on the disk. Context: may sleep, nothing
 * held. 0 or the first error. */
int sync_filesystem(struct super_block *sb);
void sync_all(void);			/* sync(2) */
/* Let the flusher have a look now. Context: any. */
void wake_flusher(void);
/*
 * Write what of sb became dirty by `before` (ktime), the oldest first, at most
 * *nr_pages pages, which counts down. 0 or the first error.
 */
int writeback_sb_inodes(struct super_block *sb, enum writeback_sync_mode mode,
			u64 before, long *nr_pages);
/* Call fn for each super_block; none is unmounted meanwhile. May sleep. */
void for_each_super(void (*fn)(struct super_block *sb, void *arg), void *arg);
/* The same for rules of verify, which do not wait: not if one is being mounted. */
void try_for_each_super(void (*fn)(struct super_block *sb, void *arg),
			void *arg);

/* May the current process do mask (MAY_*) to inode? 0, -EACCES, -EROFS. */
#define MAY_EXEC	1
#define MAY_WRITE	2
#define MAY_READ	4
int inode_permission(struct inode *inode, unsigned mask);
struct timespec64 current_time(void);
void inode_touch(struct inode *inode);		/* mtime and ctime: now */

/* Nobody may write to it from now on (exec), and the other way: 0, -ETXTBSY. */
int deny_write_access(struct inode *inode);
void allow_write_access(struct inode *inode);

/* vfs_cache_pressure: what of n unused names or inodes the shrinkers may see. */
unsigned long cache_pressure(unsigned long n);

/* --- names ------------------------------------------------------------------------ */

#define DNAME_INLINE	24

struct qstr {
	const char *name;
	u32 len, hash;
};

struct dentry {
	atomic_t d_count;		/* a  0 only under dcache_lock */
	u32 d_flags;			/* d  DCACHE_* */
	struct inode *d_inode;		/* d  NULL: negative */
	struct dentry *d_parent;	/* d  itself: a root */
	struct super_block *d_sb;	/* -  */
	struct qstr d_name;		/* d  */
	struct list_head d_hash;	/* d  in its bucket; empty: unhashed */
	struct list_head d_child;	/* d  in d_parent->d_children */
	struct list_head d_children;	/* d  in order of d_off */
	struct list_head d_lru;		/* d  unused, oldest first */
	u32 d_off;			/* d  its place in the folder */
	u32 d_next_off;			/* d  a folder: the next place */
	u32 d_mounted;			/* d  mounts on it */
	void *d_fsdata;			/* -  the file system's */
	char d_iname[DNAME_INLINE];
};

#define DCACHE_PINNED	0x01u	/* is the only record of a name: holds a
				 * reference on itself (tmpfs) */
#define DCACHE_DONTCACHE 0x02u	/* goes with its last user */

/* An unhashed child of parent, negative. NULL: no memory. May sleep. */
struct dentry *d_alloc(struct dentry *parent, const struct qstr *name);
/* The root of a new file system; takes the inode over. NULL: no memory. */
struct dentry *d_make_root(struct inode *inode);
/* Give it inode (takes the reference over; NULL: negative) and hash it. */
void d_add(struct dentry *dentry, struct inode *inode);
/* The same for one that is hashed and negative. */
void d_instantiate(struct dentry *dentry, struct inode *inode);
/* Take the name away; those who hold the dentry keep it. Loses its pin. */
void d_drop(struct dentry *dentry);
/* dentry becomes negative if nobody else holds it, else it is dropped. */
void d_delete(struct dentry *dentry);
/* Hold it for as long as the name exists. */
void d_pin(struct dentry *dentry);
/* from takes the place of to, which is dropped; or they change places. */
void d_move(struct dentry *from, struct dentry *to, bool exchange);
bool d_has_children(struct dentry *dentry);	/* positive ones */
/* Is a the folder d or above it? */
bool d_is_ancestor(struct dentry *a, struct dentry *d);
void dget(struct dentry *dentry);
void dput(struct dentry *dentry);		/* may sleep */
/* The name is there in the cache: with a reference; or NULL. */
struct dentry *d_lookup(struct dentry *parent, const struct qstr *name);
u32 name_hash(const char *name, size_t len);
/* Forget all unused names of sb (of all: NULL); how many went. */
unsigned long shrink_dcache_sb(struct super_block *sb);
/* All of a file system's names, pinned ones too: it is going. */
void d_genocide(struct dentry *root);

void path_get(const struct path *path);
void path_put(const struct path *path);

/* --- paths -------------------------------------------------------------------------- */

#define LOOKUP_FOLLOW	 0x1u	/* a symbolic link at the end too */
#define LOOKUP_DIRECTORY 0x2u	/* it must be a folder */
#define LOOKUP_EMPTY	 0x4u	/* "" is dfd itself */
#define LOOKUP_CREATE	 0x8u	/* of the last name only the folder must be */

/*
 * What name (kernel memory) leads to, from dfd (AT_FDCWD: the working folder),
 * with references. Context: may sleep.
 * Returns 0, -ENOENT, -ENOTDIR, -EACCES, -ELOOP, -ENAMETOOLONG, -EBADF,
 * -ENOMEM.
 */
int path_lookup(int dfd, const char *name, unsigned flags, struct path *path);

/* From where kernel threads (and boot) look: path_lookup(AT_FDCWD, ...). */
#define kern_path(name, flags, path)	path_lookup(AT_FDCWD, name, flags, path)

/*
 * The path's name from the process's root into buf, with " (deleted)" as in Linux:
 * its start, and *err 0, or 1 if it does not lie below that root (its name is then
 * that from the first root); or NULL, and *err -ENAMETOOLONG.
 */
char *d_path(const struct path *path, char *buf, size_t size, int *err);

/* The calls that change names, with kernel memory. 0 or -Exxx. */
int vfs_mknod_at(int dfd, const char *name, umode_t mode, dev_t rdev);
int vfs_mkdir_at(int dfd, const char *name, umode_t mode);
int vfs_unlink_at(int dfd, const char *name);
int vfs_rmdir_at(int dfd, const char *name);
int vfs_symlink_at(const char *target, int dfd, const char *name);
int vfs_link_at(int old_dfd, const char *old, int dfd, const char *name,
		int flags);
int vfs_rename_at(int old_dfd, const char *old, int dfd, const char *name,
		  unsigned flags);
int vfs_truncate(struct inode *inode, u64 size);
int vfs_readlink(const struct path *path, char *buf, size_t size);

/* --- mounts ------------------------------------------------------------------------- */

struct mount {
	struct super_block *mnt_sb;	/* -  */
	struct dentry *mnt_root;	/* -  */
	struct mount *mnt_parent;	/* -  itself: the root */
	struct dentry *mnt_mountpoint;	/* -  in mnt_parent */
	struct list_head mnt_list;	/* d  in order of mounting */
	atomic_t mnt_count;		/* a  paths in use, 1 for being mounted */
	int mnt_id;			/* -  */
	char mnt_devname[24];		/* -  */
};

/* Mount type at the folder that dir names. 0 or -Exxx. May sleep. */
int do_mount(const char *devname, const char *dir, const char *type,
	     const char *options, u32 flags);
/* The file system that is mounted at dir: flags and options anew. 0, -EINVAL
 * (nothing is mounted there), -EBUSY (is written to), what ->remount says. */
int do_remount(const char *dir, const char *options, u32 flags);
/* -EBUSY while somebody is in it. */
int do_umount(const char *dir);
/* A file system that hangs nowhere (shmem files, pipes). */
struct mount *kern_mount(const struct file_system_type *type,
			 const char *options);
/* What is mounted on path, at last: moves path there. */
void follow_mount(struct path *path);
const struct file_system_type *get_fs_type(const char *name);
extern struct path root_path;		/* of the whole tree */

/* --- open files ---------------------------------------------------------------------- */

#define FMODE_READ	0x1u
#define FMODE_WRITE	0x2u
#define FMODE_LSEEK	0x4u
#define FMODE_PATH	0x8u	/* O_PATH */
#define FMODE_WRITER	0x10u	/* counted in i_writecount */
#define FMODE_EPOLL	0x20u	/* some epoll watches it, or has: f_ep */
#define FMODE_DENIES	0x40u	/* it is run: nobody may write */

struct dir_context;
/* Show an entry; false: no more room, stop before this one. */
typedef bool (*filldir_t)(struct dir_context *ctx, const char *name,
			  unsigned len, u64 pos, u64 ino, unsigned type);
struct dir_context {
	filldir_t actor;
	u64 pos;		/* of the next entry */
};

struct file_operations {
	/* *pos advances. Bytes, 0 at the end, or -Exxx (-ERESTARTSYS). */
	ssize_t (*read)(struct file *file, struct iov_iter *to, u64 *pos);
	ssize_t (*write)(struct file *file, struct iov_iter *from, u64 *pos);
	s64 (*llseek)(struct file *file, s64 offset, int whence);
	long (*ioctl)(struct file *file, unsigned cmd, unsigned long arg);
	/*
	 * Sets vma->vm_ops, vm_file (get_file()), vm_mapping. Held: mmap_lock.
	 */
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	/* POLL* that hold now; poll_wait() on each queue that changes them. */
	unsigned (*poll)(struct file *file, struct poll_table *wait);
	/* Bytes [start, end) are in the store, and what finds them. datasync:
	 * times and the like may wait. */
	int (*fsync)(struct file *file, u64 start, u64 end, bool datasync);
	int (*iterate)(struct file *file, struct dir_context *ctx);
	int (*open)(struct inode *inode, struct file *file);
	/* The last reference is gone. */
	void (*release)(struct inode *inode, struct file *file);
	long (*fallocate)(struct file *file, int mode, u64 offset, u64 len);
};

struct file {
	atomic_t f_count;		/* a  */
	u32 f_mode;			/* -  FMODE_* */
	u32 f_flags;			/* O_*: F_SETFL, one word */
	struct inode *f_inode;		/* -  f_path.dentry's */
	struct file_ra_state f_ra;	/* -  a hint */
	errseq_t f_wb_err;		/* f_pos_lock: the error it knows of */
	u64 f_pos;			/* f_pos_lock, when shared */
	struct mutex f_pos_lock;
	struct path f_path;		/* -  */
	const struct file_operations *f_op;	/* -  */
	void *private_data;		/*    of f_op */
	struct list_head f_ep;		/*    epoll_mutex: who watches it */
};

static inline struct file *
get_file(struct file *file)
{
	atomic_inc(&file->f_count);
	return file;
}

/* The last one closes. Context: may sleep. NULL is ignored. */
void fput(struct file *file);

/* Has it a store that O_DIRECT can reach? */
bool file_can_direct(const struct file *file);
/*
 * Nobody may write to what file, which is nobody else's yet, is open on, as long
 * as it is open; or from now on again. 0, -ETXTBSY: somebody writes.
 */
int file_deny_write(struct file *file);
void file_allow_write(struct file *file);
/*
 * An open file on path (whose references it takes, also when it fails), not
 * in any table. ->open is called. *file, or -Exxx.
 */
int file_open_path(const struct path *path, unsigned flags,
		   struct file **file);
/* Open by name (kernel memory), as open(2). 0 or -Exxx. */
int filp_open_at(int dfd, const char *name, unsigned flags, umode_t mode,
		 struct file **file);
#define filp_open(name, flags, mode, file) \
	filp_open_at(AT_FDCWD, name, flags, mode, file)
/* Read and write with kernel memory. */
ssize_t kernel_read(struct file *file, void *buf, size_t n, u64 *pos);
ssize_t kernel_write(struct file *file, const void *buf, size_t n, u64 *pos);
/* With rights, limits and O_APPEND looked after. */
ssize_t vfs_read(struct file *file, struct iov_iter *to, u64 *pos);
ssize_t vfs_write(struct file *file, struct iov_iter *from, u64 *pos);
s64 vfs_llseek(struct file *file, s64 offset, int whence);
int iterate_dir(struct file *file, struct dir_context *ctx);

struct kstat {
	u64 ino, size, blocks;
	umode_t mode;
	u32 nlink, uid, gid, blksize;
	dev_t dev, rdev;
	struct timespec64 atime, mtime, ctime;
	int mnt_id;
};
void vfs_getattr(const struct path *path, struct kstat *stat);

/* Pieces for file systems. */
s64 generic_file_llseek(struct file *file, s64 offset, int whence);
s64 noop_llseek(struct file *file, s64 offset, int whence);
ssize_t generic_file_read(struct file *file, struct iov_iter *to, u64 *pos);
ssize_t generic_file_write(struct file *file, struct iov_iter *from, u64 *pos);
int generic_file_mmap(struct file *file, struct vm_area_struct *vma);
/* ->open and ->close of VMAs whose vm_file holds a reference. */
void file_vm_open(struct vm_area_struct *vma);
void file_vm_close(struct vm_area_struct *vma);
/* ->llseek of a device that has size bytes. The new place, or -EINVAL. */
s64 fixed_size_llseek(struct file *file, s64 offset, int whence, u64 size);
/*
 * ->read and ->write of one whose bytes are size bytes of kernel memory at base.
 * How many; reading behind the end 0, writing there -ENOSPC; -EFAULT. *pos
 * advances. Context: may sleep.
 */
ssize_t memory_read(const void *base, u64 size, struct iov_iter *to, u64 *pos);
ssize_t memory_write(void *base, u64 size, struct iov_iter *from, u64 *pos);
/*
 * fsync of a file: its pages and its inode, alone. 0, an error of beginning, or,
 * once for each opening, one of the store.
 */
int generic_file_fsync(struct file *file, u64 start, u64 end, bool datasync);
int vfs_fsync_range(struct file *file, u64 start, u64 end, bool datasync);
/* O_SYNC, O_DSYNC: after a write of n bytes at pos. 0 or -Exxx. */
int generic_write_sync(struct file *file, u64 pos, size_t n);
/* An error of the store that file was not told yet; 0: none. May sleep. */
int file_check_and_advance_wb_err(struct file *file);
/*
 * The size of a file with a store changes: zeroes what lies behind the end in the
 * last page, takes translations and pages away. Held: i_lock. The file system
 * gives blocks back afterwards. 0, or -Exxx: the size is as before.
 */
int truncate_setsize(struct inode *inode, u64 size);
/* A folder whose entries are its dentries. */
int dcache_iterate(struct file *file, struct dir_context *ctx);

/* --- files without a name ------------------------------------------------------------ */

/*
 * A file of size bytes of shared memory, of no folder; name is what maps
 * shows. Context: may sleep. *file or -Exxx.
 */
int shmem_file_setup(const char *name, u64 size, struct file **file);
/* F_ADD_SEALS: fcntl.c */
int file_add_seals(struct file *file, u32 seals);
/* Both ends of a pipe; flags: O_NONBLOCK, O_CLOEXEC is the table's. */
int create_pipe_files(struct file *files[2], unsigned flags);

/* --- character devices ----------------------------------------------------------------- */

struct char_device {
	const char *name;		/* in /dev */
	dev_t dev;
	umode_t mode;			/* rights */
	const struct file_operations *fops;
};

/* Registered by the linker: a table of devices; its name is for the linker. */
struct char_device_table {
	const struct char_device *devices;
	unsigned nr;
};
#define CHAR_DEVICES(id, table) \
	static const struct char_device_table char_devices_##id \
	__used __section(".char_devices") __aligned(4) = \
		{ table, ARRAY_SIZE(table) }

#endif
