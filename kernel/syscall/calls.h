/* SPDX-License-Identifier: MIT */
/*
 * Every system call that is served: X(number, name), for sys_name(). The numbers
 * are Linux's for ARM EABI. Included by table.c alone.
 */
#define SYSCALLS(X)							\
	X(1, exit) X(2, fork) X(3, read) X(4, write) X(5, open)		\
	X(6, close) X(8, creat) X(9, link) X(10, unlink) X(11, execve)	\
	X(12, chdir) X(14, mknod) X(15, chmod) X(19, lseek)		\
	X(20, getpid) X(21, mount) X(26, ptrace) X(29, pause)		\
	X(33, access) X(34, nice) X(36, sync) X(37, kill) X(38, rename)	\
	X(39, mkdir) X(40, rmdir) X(41, dup) X(42, pipe) X(43, times)	\
	X(45, brk) X(52, umount2) X(54, ioctl) X(57, setpgid)		\
	X(60, umask) X(61, chroot) X(63, dup2) X(64, getppid)		\
	X(65, getpgrp) X(66, setsid) X(75, setrlimit) X(77, getrusage)	\
	X(78, gettimeofday) X(83, symlink) X(85, readlink)		\
	X(87, swapon) X(88, reboot) X(91, munmap) X(92, truncate) X(93, ftruncate)	\
	X(94, fchmod) X(96, getpriority) X(97, setpriority)		\
	X(99, statfs) X(100, fstatfs) X(103, syslog) X(104, setitimer)	\
	X(105, getitimer) X(106, stat) X(107, lstat) X(108, fstat)	\
	X(114, wait4) X(115, swapoff) X(116, sysinfo) X(118, fsync) X(119, sigreturn)	\
	X(120, clone) X(122, uname) X(125, mprotect) X(132, getpgid)	\
	X(133, fchdir) X(140, _llseek) X(142, select) X(143, flock)	\
	X(144, msync) X(145, readv) X(146, writev) X(147, getsid)	\
	X(148, fdatasync) X(150, mlock) X(151, munlock)			\
	X(152, mlockall) X(153, munlockall) X(154, sched_setparam)	\
	X(155, sched_getparam) X(156, sched_setscheduler)		\
	X(157, sched_getscheduler) X(158, sched_yield)			\
	X(159, sched_get_priority_max) X(160, sched_get_priority_min)	\
	X(162, nanosleep) X(163, mremap) X(168, poll) X(172, prctl)	\
	X(173, rt_sigreturn) X(174, rt_sigaction)			\
	X(175, rt_sigprocmask) X(176, rt_sigpending)			\
	X(177, rt_sigtimedwait) X(178, rt_sigqueueinfo)			\
	X(179, rt_sigsuspend) X(180, pread64) X(181, pwrite64)		\
	X(183, getcwd) X(184, capget) X(185, capset)			\
	X(186, sigaltstack) X(187, sendfile) X(190, vfork)		\
	X(191, getrlimit) X(192, mmap2) X(193, truncate64)		\
	X(194, ftruncate64) X(195, stat64) X(196, lstat64)		\
	X(197, fstat64) X(198, lchown32) X(199, getuid32)		\
	X(200, getgid32) X(201, geteuid32) X(202, getegid32)		\
	X(203, setreuid32) X(204, setregid32) X(205, getgroups32)	\
	X(206, setgroups32) X(207, fchown32) X(208, setresuid32)	\
	X(209, getresuid32) X(210, setresgid32) X(211, getresgid32)	\
	X(212, chown32) X(213, setuid32) X(214, setgid32)		\
	X(217, getdents64) X(219, mincore) X(220, madvise)		\
	X(221, fcntl64) X(224, gettid) X(225, readahead)		\
	X(226, setxattr) X(227, lsetxattr) X(228, fsetxattr)		\
	X(229, getxattr) X(230, lgetxattr) X(231, fgetxattr)		\
	X(232, listxattr) X(233, llistxattr) X(234, flistxattr)		\
	X(235, removexattr) X(236, lremovexattr) X(237, fremovexattr)	\
	X(238, tkill)							\
	X(239, sendfile64) X(240, futex) X(241, sched_setaffinity)	\
	X(242, sched_getaffinity) X(248, exit_group)			\
	X(250, epoll_create) X(251, epoll_ctl) X(252, epoll_wait)	\
	X(253, remap_file_pages) X(256, set_tid_address)		\
	X(257, timer_create) X(258, timer_settime)			\
	X(259, timer_gettime) X(260, timer_getoverrun)			\
	X(261, timer_delete)						\
	X(262, clock_settime) X(263, clock_gettime)			\
	X(264, clock_getres) X(265, clock_nanosleep) X(266, statfs64)	\
	X(267, fstatfs64) X(268, tgkill) X(270, fadvise64_64)		\
	X(280, waitid) X(281, socket) X(283, connect) X(284, listen)	\
	X(285, accept) X(286, getsockname) X(287, getpeername)		\
	X(288, socketpair) X(289, send) X(290, sendto) X(291, recv)	\
	X(292, recvfrom) X(293, shutdown) X(294, setsockopt)		\
	X(295, getsockopt) X(296, sendmsg) X(297, recvmsg)		\
	X(298, semop) X(299, semget) X(300, semctl) X(301, msgsnd)	\
	X(302, msgrcv) X(303, msgget) X(304, msgctl)			\
	X(305, shmat) X(306, shmdt) X(307, shmget) X(308, shmctl)	\
	X(312, semtimedop) X(322, openat) X(323, mkdirat)		\
	X(324, mknodat) X(325, fchownat) X(327, fstatat64)		\
	X(328, unlinkat) X(329, renameat) X(330, linkat)		\
	X(331, symlinkat) X(332, readlinkat) X(333, fchmodat)		\
	X(334, faccessat) X(335, pselect6) X(336, ppoll)		\
	X(338, set_robust_list) X(339, get_robust_list)			\
	X(340, splice) X(341, sync_file_range2) X(342, tee)		\
	X(343, vmsplice) X(345, getcpu)					\
	X(346, epoll_pwait)						\
	X(348, utimensat) X(349, signalfd) X(350, timerfd_create) X(351, eventfd)	\
	X(352, fallocate) X(353, timerfd_settime)			\
	X(354, timerfd_gettime) X(355, signalfd4) X(356, eventfd2)	\
	X(357, epoll_create1) X(358, dup3) X(359, pipe2)		\
	X(363, rt_tgsigqueueinfo) X(366, accept4) X(369, prlimit64)	\
	X(373, syncfs) X(376, process_vm_readv)				\
	X(377, process_vm_writev) X(382, renameat2) X(384, getrandom)	\
	X(385, memfd_create) X(387, execveat) X(388, userfaultfd)	\
	X(389, membarrier)						\
	X(390, mlock2) X(391, copy_file_range)				\
	X(397, statx) X(403, clock_gettime64) X(404, clock_settime64)	\
	X(406, clock_getres_time64) X(407, clock_nanosleep_time64)	\
	X(408, timer_gettime64) X(409, timer_settime64)			\
	X(410, timerfd_gettime64) X(411, timerfd_settime64)		\
	X(412, utimensat_time64) X(413, pselect6_time64)		\
	X(414, ppoll_time64) X(420, semtimedop_time64)			\
	X(422, futex_time64)						\
	X(424, pidfd_send_signal) X(434, pidfd_open) X(435, clone3)	\
	X(436, close_range) X(438, pidfd_getfd) X(439, faccessat2)	\
	X(440, process_madvise) X(448, process_mrelease)

/* ARM's own, from 0x0f0000 on. */
#define ARM_SYSCALLS(X)							\
	X(2, arm_cacheflush) X(5, arm_set_tls) X(6, arm_get_tls)
