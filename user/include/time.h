/* SPDX-License-Identifier: MIT */
/* newlib's <time.h>, and the clocks that it leaves to the system. */
#ifndef USER_TIME_H
#define USER_TIME_H

#include_next <time.h>

#ifndef CLOCK_REALTIME
#define CLOCK_REALTIME	0
#endif
#ifndef CLOCK_MONOTONIC
#define CLOCK_MONOTONIC	1
#endif
#define CLOCK_PROCESS_CPUTIME 2

int clock_gettime(clockid_t clock, struct timespec *ts);
int nanosleep(const struct timespec *want, struct timespec *left);

#endif
