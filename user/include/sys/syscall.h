/* SPDX-License-Identifier: MIT */
/*
 * System calls by number: Linux's table for ARM with the EABI.
 *
 *	r7 number, r0 to r5 arguments, svc #0, r0 result or -errno
 *
 * A 64-bit argument takes an even register and the next. Only what programs,
 * tests and benchmarks here use is listed.
 */
#ifndef _SYS_SYSCALL_H
#define _SYS_SYSCALL_H

#define SYS_exit		1
#define SYS_fork		2
#define SYS_read		3
#define SYS_write		4
#define SYS_open		5
#define SYS_close		6
#define SYS_creat		8
#define SYS_link		9
#define SYS_unlink		10
#define SYS_execve		11
#define SYS_chdir		12
#define SYS_mknod		14
#define SYS_chmod		15
#define SYS_lseek		19
#define SYS_getpid		20
#define SYS_mount		21
#define SYS_swapon		87
#define SYS_swapoff		115
#define SYS_pause		29
#define SYS_access		33
#define SYS_nice		34
#define SYS_sync		36
#define SYS_kill		37
#define SYS_rename		38
#define SYS_mkdir		39
#define SYS_rmdir		40
#define SYS_dup			41
#define SYS_pipe		42
#define SYS_times		43
#define SYS_brk			45
#define SYS_umount2		52
#define SYS_ioctl		54
#define SYS_setpgid		57
#define SYS_umask		60
#define SYS_chroot		61
#define SYS_dup2		63
#define SYS_getppid		64
#define SYS_getpgrp		65
#define SYS_setsid		66
#define SYS_setrlimit		75
#define SYS_getrusage		77
#define SYS_gettimeofday	78
#define SYS_symlink		83
#define SYS_readlink		85
#define SYS_reboot		88
#define SYS_munmap		91
#define SYS_truncate		92
#define SYS_ftruncate		93
#define SYS_fchmod		94
#define SYS_getpriority		96
#define SYS_setpriority		97
#define SYS_syslog		103
#define SYS_setitimer		104
#define SYS_getitimer		105
#define SYS_wait4		114
#define SYS_sysinfo		116
#define SYS_fsync		118
#define SYS_sigreturn		119
#define SYS_clone		120
#define SYS_uname		122
#define SYS_mprotect		125
#define SYS_getpgid		132
#define SYS_fchdir		133
#define SYS__llseek		140
#define SYS_flock		143
#define SYS_msync		144
#define SYS_readv		145
#define SYS_writev		146
#define SYS_getsid		147
#define SYS_mlock		150
#define SYS_munlock		151
#define SYS_mlockall		152
#define SYS_munlockall		153
#define SYS_sched_yield		158
#define SYS_nanosleep		162
#define SYS_mremap		163
#define SYS_poll		168
#define SYS_prctl		172
#define SYS_rt_sigreturn	173
#define SYS_rt_sigaction	174
#define SYS_rt_sigprocmask	175
#define SYS_rt_sigpending	176
#define SYS_rt_sigtimedwait	177
#define SYS_rt_sigsuspend	179
#define SYS_pread64		180
#define SYS_pwrite64		181
#define SYS_getcwd		183
#define SYS_capget		184
#define SYS_capset		185
#define SYS_sigaltstack		186
#define SYS_sendfile		187
#define SYS_vfork		190
#define SYS_ugetrlimit		191
#define SYS_mmap2		192
#define SYS_truncate64		193
#define SYS_ftruncate64		194
#define SYS_stat64		195
#define SYS_lstat64		196
#define SYS_fstat64		197
#define SYS_getuid32		199
#define SYS_getgid32		200
#define SYS_geteuid32		201
#define SYS_getegid32		202
#define SYS_setresuid32		208
#define SYS_getdents64		217
#define SYS_mincore		219
#define SYS_madvise		220
#define SYS_fcntl64		221
#define SYS_gettid		224
#define SYS_tkill		238
#define SYS_futex		240
#define SYS_sched_setaffinity	241
#define SYS_sched_getaffinity	242
#define SYS_exit_group		248
#define SYS_remap_file_pages	253
#define SYS_set_tid_address	256
#define SYS_clock_gettime	263
#define SYS_clock_getres	264
#define SYS_clock_nanosleep	265
#define SYS_statfs64		266
#define SYS_tgkill		268
#define SYS_waitid		280
#define SYS_connect		283
#define SYS_listen		284
#define SYS_accept		285
#define SYS_getsockname		286
#define SYS_getpeername		287
#define SYS_socketpair		288
#define SYS_send		289
#define SYS_sendto		290
#define SYS_recv		291
#define SYS_recvfrom		292
#define SYS_shutdown		293
#define SYS_setsockopt		294
#define SYS_getsockopt		295
#define SYS_sendmsg		296
#define SYS_recvmsg		297
#define SYS_semop		298
#define SYS_semget		299
#define SYS_semctl		300
#define SYS_msgsnd		301
#define SYS_msgrcv		302
#define SYS_msgget		303
#define SYS_msgctl		304
#define SYS_shmat		305
#define SYS_shmdt		306
#define SYS_shmget		307
#define SYS_shmctl		308
#define SYS_semtimedop		312
#define SYS_openat		322
#define SYS_mkdirat		323
#define SYS_fstatat64		327
#define SYS_unlinkat		328
#define SYS_renameat		329
#define SYS_symlinkat		331
#define SYS_readlinkat		332
#define SYS_pselect6		335
#define SYS_ppoll		336
#define SYS_splice		340
#define SYS_tee			342
#define SYS_vmsplice		343
#define SYS_getcpu		345
#define SYS_utimensat		348
#define SYS_fallocate		352
#define SYS_dup3		358
#define SYS_pipe2		359
#define SYS_prlimit64		369
#define SYS_process_vm_readv	376
#define SYS_process_vm_writev	377
#define SYS_getrandom		384
#define SYS_memfd_create	385
#define SYS_userfaultfd		388
#define SYS_mlock2		390
#define SYS_statx		397
#define SYS_clock_gettime64	403
#define SYS_pselect6_time64	413
#define SYS_ppoll_time64	414
#define SYS_semtimedop_time64	420
#define SYS_cacheflush		0x0f0002
#define SYS_set_tls		0x0f0005

/* The call as the kernel takes it: returns -errno. */
static inline long
syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	register long r7 __asm__("r7") = number;
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = d;
	register long r4 __asm__("r4") = e;
	register long r5 __asm__("r5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(r0)
			 : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5)
			 : "memory", "cc");
	return r0;
}

/* SYSCALL(number, up to six arguments of any kind): returns -errno. */
#define SYSCALL_PICK(n, a, b, c, d, e, f, ...) \
	syscall6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), \
		 (long)(f))
#define SYSCALL(...) SYSCALL_PICK(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

#endif
