/* SPDX-License-Identifier: MIT */
/* Advisory locks on files: see kernel/fs/locks.c. Context of all: may sleep. */
#ifndef KERNEL_FILE_LOCKS_H
#define KERNEL_FILE_LOCKS_H

#include <kernel/fs.h>
#include <lib/list.h>

struct files_struct;

enum file_lock_kind { LOCK_FLOCK, LOCK_POSIX, LOCK_OFD };

/* One lock, or what is asked for. All fields: locks_mutex once it is set. */
struct file_lock {
	struct list_head node;		/* of its inode's list */
	struct list_head all_node;	/* of all */
	struct inode *inode;
	const void *owner;		/* struct file or files_struct */
	enum file_lock_kind kind;
	short type;			/* F_RDLCK, F_WRLCK, F_UNLCK */
	int pid;			/* that asked for it; OFD: -1 */
	s64 first, last;		/* bytes, both inside */
};

#define FILE_LOCK_END	0x7fffffffffffffffll	/* last of one without end */

/*
 * Set, change or take away what want says. wait: until it can be had. 0,
 * -EAGAIN, -EDEADLK, -ENOLCK (no memory: nothing is changed), -ERESTARTSYS.
 */
int file_lock_set(const struct file_lock *want, bool wait);
/* The nth lock of the inode in no order, for tests; NULL: there are fewer. */
struct file_lock *file_lock_nth(struct inode *inode, enum file_lock_kind kind,
				unsigned n);

/* fcntl(F_*LK*). fd is file's descriptor. 0 or -Exxx. */
long fcntl_lock(unsigned fd, struct file *file, unsigned cmd,
		unsigned long arg);
/* A descriptor of file in this table is closed: POSIX locks of it go. */
void locks_close(struct files_struct *files, struct file *file);
/* The last reference to the opening goes, and its locks. */
void locks_release(struct file *file);
/* The inode goes; it has no locks. */
void locks_free(struct inode *inode);

#endif
