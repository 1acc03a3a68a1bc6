/* SPDX-License-Identifier: MIT */
/* The calls that are defined in kernel/syscall; see kernel/syscalls.h. */
#ifndef KERNEL_SYSCALL_SYS_H
#define KERNEL_SYSCALL_SYS_H

#include <lib/types.h>

struct iovec;
struct rlimit;
struct rusage;

/* ids.c: who one is */
long sys_getpid(void);
long sys_gettid(void);
long sys_getppid(void);
long sys_getuid32(void);
long sys_geteuid32(void);
long sys_getgid32(void);
long sys_getegid32(void);
long sys_getresuid32(u32 *real, u32 *effective, u32 *saved);
long sys_getresgid32(u32 *real, u32 *effective, u32 *saved);
long sys_setuid32(u32 uid);
long sys_setgid32(u32 gid);
long sys_setreuid32(u32 real, u32 effective);
long sys_setregid32(u32 real, u32 effective);
long sys_setresuid32(u32 real, u32 effective, u32 saved);
long sys_setresgid32(u32 real, u32 effective, u32 saved);
long sys_getgroups32(int n, u32 *list);
long sys_setgroups32(int n, const u32 *list);
long sys_capget(void *header, void *data);
long sys_capset(void *header, const void *data);
long sys_getpgid(int pid);
long sys_getpgrp(void);
long sys_setpgid(int pid, int pgid);
long sys_getsid(int pid);
long sys_setsid(void);

/* tasks.c: starting, ending, limits, figures */
long sys_exit(int code);
long sys_exit_group(int code);
long sys_fork(void);
long sys_vfork(void);
long sys_clone(u32 flags, u32 stack, u32 ptid, u32 tls, u32 ctid);
long sys_clone3(const void *args, u32 size);	/* clone3.c */
long sys_set_tid_address(u32 addr);
long sys_get_robust_list(int tid, u32 *head, u32 *len);
long sys_getrlimit(unsigned which, struct rlimit *limit);
long sys_setrlimit(unsigned which, const struct rlimit *limit);
long sys_prlimit64(int pid, unsigned which, const u64 *new, u64 *old);
long sys_getrusage(int who, struct rusage *usage);
long sys_times(u32 *buf);
long sys_prctl(int option, u32 a, u32 b, u32 c, u32 d);
long sys_ptrace(void);
long sys_nice(int inc);
long sys_getpriority(int which, int who);
long sys_setpriority(int which, int who, int prio);
long sys_sched_yield(void);
long sys_sched_setparam(int pid, const s32 *param);
long sys_sched_getparam(int pid, s32 *param);
long sys_sched_setscheduler(int pid, int policy, const s32 *param);
long sys_sched_getscheduler(int pid);
long sys_sched_get_priority_max(int policy);
long sys_sched_get_priority_min(int policy);
long sys_sched_setaffinity(int pid, u32 size, const u32 *mask);
long sys_sched_getaffinity(int pid, u32 size, u32 *mask);
long sys_getcpu(u32 *cpu, u32 *node);

/* system.c: the machine */
long sys_uname(void *buf);
long sys_sysinfo(void *buf);
long sys_syslog(int type, char *buf, int len);
long sys_reboot(u32 magic1, u32 magic2, u32 cmd);
long sys_getrandom(void *buf, u32 n, u32 flags);
long sys_membarrier(int cmd, unsigned flags);
long sys_socket(void);
long sys_no_xattr(void);
long sys_setxattr(void);
long sys_lsetxattr(void);
long sys_fsetxattr(void);
long sys_getxattr(void);
long sys_lgetxattr(void);
long sys_fgetxattr(void);
long sys_listxattr(void);
long sys_llistxattr(void);
long sys_flistxattr(void);
long sys_removexattr(void);
long sys_lremovexattr(void);
long sys_fremovexattr(void);
long sys_arm_cacheflush(u32 start, u32 end, u32 flags);
long sys_arm_set_tls(u32 value);
long sys_arm_get_tls(void);

/* memory.c: the mmap family */
long sys_brk(unsigned long brk);
long sys_mmap2(unsigned long addr, unsigned long len, unsigned prot,
	       unsigned flags, int fd, unsigned long pgoff);
long sys_munmap(unsigned long addr, unsigned long len);
long sys_mprotect(unsigned long addr, unsigned long len, unsigned prot);
long sys_mremap(unsigned long addr, unsigned long old_len,
		unsigned long new_len, unsigned flags, unsigned long new_addr);
long sys_madvise(unsigned long addr, unsigned long len, int advice);
long sys_msync(unsigned long addr, unsigned long len, unsigned flags);
long sys_mlock(unsigned long addr, unsigned long len);
long sys_mlock2(unsigned long addr, unsigned long len, unsigned flags);
long sys_munlock(unsigned long addr, unsigned long len);
long sys_mlockall(unsigned flags);
long sys_munlockall(void);
long sys_mincore(unsigned long addr, unsigned long len, u8 *vec);
long sys_remap_file_pages(unsigned long addr, unsigned long size,
			  unsigned prot, unsigned long pgoff, unsigned flags);
long sys_process_vm_readv(int pid, const void *local, unsigned long nr_local,
			  const void *remote, unsigned long nr_remote,
			  unsigned long flags);
long sys_process_vm_writev(int pid, const void *local, unsigned long nr_local,
			   const void *remote, unsigned long nr_remote,
			   unsigned long flags);

/* --- remote.c --- */
long sys_process_madvise(int pidfd, const struct iovec *ranges,
			 unsigned long nr, int advice, unsigned flags);
long sys_process_mrelease(int pidfd, unsigned flags);

#endif
