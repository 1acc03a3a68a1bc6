/* SPDX-License-Identifier: MIT */
/*
 * A disk in memory: drivers/ramdisk.c. ram0 is one (ramdisk=SIZE at boot); tests
 * make their own, which can be held, and lose their power.
 */
#ifndef DRIVERS_RAMDISK_H
#define DRIVERS_RAMDISK_H

#include <kernel/blk.h>

/*
 * A disk of that name and size, zeroed. cache: it has a cache that forgets:
 * what was written is safe only after a flush. Context: may sleep. 0, -EEXIST,
 * -ENOMEM.
 */
int ramdisk_create(const char *name, u64 sectors, bool cache,
		   struct block_device **disk);
/* 0, or -EBUSY as blk_unregister(). */
int ramdisk_destroy(struct block_device *disk);

/* Requests wait inside the disk from now on / the oldest n of them are done
 * (all: ~0u). Context: may sleep. Released: how many there were. */
void ramdisk_hold(struct block_device *disk, bool hold);
unsigned ramdisk_release(struct block_device *disk, unsigned n);
/* Requests inside it now. */
unsigned ramdisk_nr_held(struct block_device *disk);

/*
 * The power fails before request number n from now on (0: the next one): what
 * was not flushed has reached the disk in part, sector by sector, as seed
 * decides; every request fails with -EIO until the power is back.
 */
void ramdisk_cut_power(struct block_device *disk, u32 n, u32 seed);
void ramdisk_power_on(struct block_device *disk);
/* Requests that it was given, ever. */
u32 ramdisk_nr_requests(struct block_device *disk);

/* What is on the disk for good, and what it holds in its cache is not: one
 * sector of SECTOR_SIZE bytes. For tests. */
const u8 *ramdisk_media(struct block_device *disk, u64 sector);

#endif
