/* SPDX-License-Identifier: MIT */
/* Linux's set of 64 signals, in place of newlib's of 32. */
#ifndef _SYS__SIGSET_H_
#define _SYS__SIGSET_H_

typedef unsigned long long __sigset_t;

#endif
