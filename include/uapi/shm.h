/* SPDX-License-Identifier: MIT */
/* System V shared memory: Linux on ARM (EABI). */
#ifndef UAPI_SHM_H
#define UAPI_SHM_H

#include <uapi/ipc.h>

#define SHM_LOCK	11
#define SHM_UNLOCK	12
#define SHM_STAT	13
#define SHM_INFO	14
#define SHM_STAT_ANY	15
#define SHM_RDONLY	010000
#define SHM_RND		020000
#define SHM_REMAP	040000
#define SHM_EXEC	0100000
#define SHM_DEST	01000	/* in mode: goes with its last mapping */
#define SHM_LOCKED	02000
#define SHMMAX		0x7ffff000u

struct shmid64_ds {
	struct ipc64_perm shm_perm;
	u32 shm_segsz;
	u32 shm_atime, shm_atime_high, shm_dtime, shm_dtime_high;
	u32 shm_ctime, shm_ctime_high;
	s32 shm_cpid, shm_lpid;
	u32 shm_nattch, unused[2];
};
static_assert(sizeof(struct shmid64_ds) == 84, "EABI");

struct shminfo64 {
	u32 shmmax, shmmin, shmmni, shmseg, shmall, unused[4];
};

struct shm_info {
	s32 used_ids;
	u32 shm_tot, shm_rss, shm_swp, swap_attempts, swap_successes;
};

#endif
