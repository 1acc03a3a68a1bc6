/* SPDX-License-Identifier: MIT */
/* System V semaphores: Linux on ARM (EABI). */
#ifndef UAPI_SEM_H
#define UAPI_SEM_H

#include <uapi/ipc.h>

#define GETPID		11
#define GETVAL		12
#define GETALL		13
#define GETNCNT		14
#define GETZCNT		15
#define SETVAL		16
#define SETALL		17
#define SEM_STAT	18
#define SEM_INFO	19
#define SEM_STAT_ANY	20
#define SEM_UNDO	0x1000	/* in sem_flg */

#define SEMMSL		250	/* semaphores of a set */
#define SEMMNS		32000	/* of all sets */
#define SEMOPM		500	/* operations of a call */
#define SEMVMX		32767	/* the highest value */
#define SEMAEM		SEMVMX	/* the most that exit takes back */

struct sembuf {
	u16 sem_num;
	s16 sem_op, sem_flg;
};
static_assert(sizeof(struct sembuf) == 6, "EABI");

struct semid64_ds {
	struct ipc64_perm sem_perm;
	u32 sem_otime, sem_otime_high, sem_ctime, sem_ctime_high;
	u32 sem_nsems, unused[2];
};
static_assert(sizeof(struct semid64_ds) == 64, "EABI");

struct seminfo {
	s32 semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz;
	s32 semvmx, semaem;
};

#endif
