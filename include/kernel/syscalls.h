/* SPDX-License-Identifier: MIT */
/*
 * The system calls as functions. Arguments are those of Linux on ARM (EABI);
 * pointers are the user's. A 64-bit argument lies in an even and odd register,
 * as the compiler passes it, so that a call with r0 to r5 as six words reaches
 * these functions as they are declared.
 *
 * Context of all: a process's own thread, interrupts on. Returns >= 0 or -Exxx.
 */
#ifndef KERNEL_SYSCALLS_H
#define KERNEL_SYSCALLS_H

#include <lib/types.h>

struct iovec;
struct pollfd;
struct stat;
struct stat64;
struct statfs;
struct statfs64;
struct statx;

/* A user's time: 32 bits (old calls), 64 bits (the _time64 calls). */
struct old_timespec32 {
	s32 tv_sec, tv_nsec;
};
struct old_timeval32 {
	s32 tv_sec, tv_usec;
};
struct kernel_timespec {
	s64 tv_sec, tv_nsec;
};

/* --- open and close: kernel/fs/open_calls.c --- */
long sys_open(const char *name, int flags, unsigned mode);
long sys_openat(int dfd, const char *name, int flags, unsigned mode);
long sys_creat(const char *name, unsigned mode);
long sys_close(unsigned fd);
long sys_close_range(unsigned first, unsigned last, unsigned flags);
long sys_truncate(const char *name, long length);
long sys_truncate64(const char *name, u64 length);
long sys_ftruncate(unsigned fd, long length);
long sys_ftruncate64(unsigned fd, u64 length);
long sys_fallocate(int fd, int mode, u64 offset, u64 len);
long sys_access(const char *name, int mode);
long sys_faccessat(int dfd, const char *name, int mode);
long sys_faccessat2(int dfd, const char *name, int mode, int flags);
long sys_chmod(const char *name, unsigned mode);
long sys_fchmod(unsigned fd, unsigned mode);
long sys_fchmodat(int dfd, const char *name, unsigned mode);
long sys_chown32(const char *name, u32 uid, u32 gid);
long sys_lchown32(const char *name, u32 uid, u32 gid);
long sys_fchown32(unsigned fd, u32 uid, u32 gid);
long sys_fchownat(int dfd, const char *name, u32 uid, u32 gid, int flags);
long sys_chdir(const char *name);
long sys_fchdir(unsigned fd);
long sys_chroot(const char *name);
long sys_umask(unsigned mask);
long sys_utimensat(int dfd, const char *name, const struct old_timespec32 *t,
		   int flags);
long sys_utimensat_time64(int dfd, const char *name,
			  const struct kernel_timespec *t, int flags);

/* --- reading and writing: kernel/fs/rw_calls.c --- */
long sys_read(unsigned fd, void *buf, size_t n);
long sys_write(unsigned fd, const void *buf, size_t n);
long sys_readv(unsigned fd, const struct iovec *iov, unsigned long nr);
long sys_writev(unsigned fd, const struct iovec *iov, unsigned long nr);
long sys_pread64(unsigned fd, void *buf, size_t n, s64 pos);
long sys_pwrite64(unsigned fd, const void *buf, size_t n, s64 pos);
long sys_lseek(unsigned fd, long offset, unsigned whence);
long sys__llseek(unsigned fd, unsigned long high, unsigned long low,
		 s64 *result, unsigned whence);
long sys_sendfile(int out, int in, s32 *offset, size_t count);
long sys_sendfile64(int out, int in, s64 *offset, size_t count);
long sys_splice(int in, s64 *in_pos, int out, s64 *out_pos, size_t len,
		unsigned flags);
long sys_tee(int in, int out, size_t len, unsigned flags);
long sys_vmsplice(int fd, const struct iovec *iov, unsigned long nr,
		  unsigned flags);
long sys_copy_file_range(int in, s64 *in_pos, int out, s64 *out_pos, size_t n,
			 unsigned flags);
long sys_fsync(unsigned fd);
long sys_fdatasync(unsigned fd);
long sys_sync(void);
long sys_syncfs(int fd);
long sys_sync_file_range2(int fd, unsigned flags, s64 offset, s64 nbytes);
long sys_readahead(int fd, s64 offset, size_t count);
long sys_fadvise64_64(int fd, int advice, s64 offset, s64 len);

/* --- figures: kernel/fs/stat_calls.c --- */
long sys_stat(const char *name, struct stat *st);
long sys_lstat(const char *name, struct stat *st);
long sys_fstat(unsigned fd, struct stat *st);
long sys_stat64(const char *name, struct stat64 *st);
long sys_lstat64(const char *name, struct stat64 *st);
long sys_fstat64(unsigned fd, struct stat64 *st);
long sys_fstatat64(int dfd, const char *name, struct stat64 *st, int flags);
long sys_statx(int dfd, const char *name, unsigned flags, unsigned mask,
	       struct statx *st);
long sys_statfs(const char *name, struct statfs *st);
long sys_fstatfs(unsigned fd, struct statfs *st);
long sys_statfs64(const char *name, size_t size, struct statfs64 *st);
long sys_fstatfs64(unsigned fd, size_t size, struct statfs64 *st);
long sys_readlink(const char *name, char *buf, int size);
long sys_readlinkat(int dfd, const char *name, char *buf, int size);
long sys_getcwd(char *buf, unsigned long size);
long sys_getdents64(unsigned fd, void *buf, unsigned size);

/* --- names: kernel/fs/names_calls.c --- */
long sys_mknod(const char *name, unsigned mode, unsigned dev);
long sys_mknodat(int dfd, const char *name, unsigned mode, unsigned dev);
long sys_mkdir(const char *name, unsigned mode);
long sys_mkdirat(int dfd, const char *name, unsigned mode);
long sys_rmdir(const char *name);
long sys_unlink(const char *name);
long sys_unlinkat(int dfd, const char *name, int flags);
long sys_link(const char *old, const char *name);
long sys_linkat(int old_dfd, const char *old, int dfd, const char *name,
		int flags);
long sys_symlink(const char *target, const char *name);
long sys_symlinkat(const char *target, int dfd, const char *name);
long sys_rename(const char *old, const char *name);
long sys_renameat(int old_dfd, const char *old, int dfd, const char *name);
long sys_renameat2(int old_dfd, const char *old, int dfd, const char *name,
		   unsigned flags);
long sys_swapon(const char *path, int flags);
long sys_swapoff(const char *path);
long sys_mount(const char *dev, const char *dir, const char *type,
	       unsigned long flags, const void *data);
long sys_umount2(const char *dir, int flags);

/* --- descriptors: kernel/fs/fcntl.c --- */
long sys_dup(unsigned fd);
long sys_dup2(unsigned fd, unsigned to);
long sys_dup3(unsigned fd, unsigned to, int flags);
long sys_fcntl64(unsigned fd, unsigned cmd, unsigned long arg);
long sys_ioctl(unsigned fd, unsigned cmd, unsigned long arg);
long sys_flock(unsigned fd, unsigned cmd);

/* --- pipes, memfd, eventfd --- */
long sys_pipe(int *fds);
long sys_pipe2(int *fds, int flags);
long sys_memfd_create(const char *name, unsigned flags);
long sys_eventfd(unsigned count);
long sys_eventfd2(unsigned count, int flags);
long sys_userfaultfd(unsigned flags);

/* --- kernel/fs/socketpair.c, socket_calls.c --- */
struct user_msghdr;
long sys_socketpair(int family, int type, int protocol, int *fds);
long sys_connect(int fd, const void *name, int len);
long sys_listen(int fd, int backlog);
long sys_accept(int fd, void *name, int *len);
long sys_accept4(int fd, void *name, int *len, unsigned flags);
long sys_getsockname(int fd, void *name, int *len);
long sys_getpeername(int fd, void *name, int *len);
long sys_send(int fd, const void *buf, size_t n, unsigned flags);
long sys_sendto(int fd, const void *buf, size_t n, unsigned flags,
		const void *name, int len);
long sys_recv(int fd, void *buf, size_t n, unsigned flags);
long sys_recvfrom(int fd, void *buf, size_t n, unsigned flags, void *name,
		  int *len);
long sys_shutdown(int fd, int how);
long sys_setsockopt(int fd, int level, int option, const void *value,
		    int len);
long sys_getsockopt(int fd, int level, int option, void *value, int *len);
long sys_sendmsg(int fd, const struct user_msghdr *msg, unsigned flags);
long sys_recvmsg(int fd, struct user_msghdr *msg, unsigned flags);

/* --- waiting for files: kernel/fs/select.c --- */
long sys_poll(struct pollfd *fds, unsigned nr, int timeout_ms);
long sys_ppoll(struct pollfd *fds, unsigned nr, struct old_timespec32 *t,
	       const void *mask, size_t size);
long sys_ppoll_time64(struct pollfd *fds, unsigned nr,
		      struct kernel_timespec *t, const void *mask,
		      size_t size);
long sys_select(int n, u32 *in, u32 *out, u32 *ex, struct old_timeval32 *t);
long sys_pselect6(int n, u32 *in, u32 *out, u32 *ex, struct old_timespec32 *t,
		  const void *mask_and_size);
long sys_pselect6_time64(int n, u32 *in, u32 *out, u32 *ex,
			 struct kernel_timespec *t, const void *mask_and_size);

/* --- epoll: kernel/fs/eventpoll.c; timerfd.c, signalfd.c --- */
struct epoll_event;
long sys_epoll_create(int size);
long sys_epoll_create1(int flags);
long sys_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);
long sys_epoll_wait(int epfd, struct epoll_event *events, int max,
		    int timeout_ms);
long sys_epoll_pwait(int epfd, struct epoll_event *events, int max,
		     int timeout_ms, const void *mask, size_t size);
long sys_timerfd_create(int clock, int flags);
long sys_timerfd_settime(int fd, int flags, const void *new, void *old);
long sys_timerfd_settime64(int fd, int flags, const void *new, void *old);
long sys_timerfd_gettime(int fd, void *now);
long sys_timerfd_gettime64(int fd, void *now);
long sys_signalfd(int fd, const u64 *mask, size_t size);
long sys_signalfd4(int fd, const u64 *mask, size_t size, int flags);

/* --- System V shared memory: kernel/fs/sysvshm.c --- */
long sys_shmget(int key, size_t size, int flags);
long sys_shmat(int id, unsigned long addr, int flags);
long sys_shmdt(unsigned long addr);
long sys_shmctl(int id, int cmd, void *buf);

/* --- System V semaphores: kernel/fs/sysvsem.c --- */
long sys_semget(int key, int nsems, int flags);
long sys_semop(int id, const void *ops, unsigned n);
long sys_semtimedop(int id, const void *ops, unsigned n,
		    const struct old_timespec32 *timeout);
long sys_semtimedop_time64(int id, const void *ops, unsigned n,
			   const struct kernel_timespec *timeout);
long sys_semctl(int id, int num, int cmd, unsigned long arg);

/* --- System V message queues: kernel/fs/sysvmsg.c --- */
long sys_msgget(int key, int flags);
long sys_msgsnd(int id, const void *msg, size_t size, int flags);
long sys_msgrcv(int id, void *msg, size_t size, long type, int flags);
long sys_msgctl(int id, int cmd, void *buf);

#endif
