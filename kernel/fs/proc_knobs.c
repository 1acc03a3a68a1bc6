/* SPDX-License-Identifier: MIT */
/*
 * Knobs of /proc/sys/vm that are more than a number to be stored: the reserve of
 * the zones, and giving caches back.
 */
#include <kernel/procfs.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <mm/zone.h>

#include "fs_private.h"

static void
min_free_show(struct seq_buf *s)
{
	seq_printf(s, "%lu\n", min_free_kbytes);
}

static int
min_free_store(const char *text)
{
	unsigned long kbytes;

	if (kstrtoul(text, 10, &kbytes))
		return -EINVAL;
	return set_min_free_kbytes(kbytes);
}
SYSCTL(vm_min_free_kbytes, .name = "vm/min_free_kbytes",
       .show = min_free_show, .store = min_free_store);

static void
scale_factor_show(struct seq_buf *s)
{
	seq_printf(s, "%u\n", watermark_scale_factor);
}

static int
scale_factor_store(const char *text)
{
	unsigned long factor;

	if (kstrtoul(text, 10, &factor))
		return -EINVAL;
	return set_watermark_scale_factor(factor);
}
SYSCTL(vm_watermark_scale_factor, .name = "vm/watermark_scale_factor",
       .show = scale_factor_show, .store = scale_factor_store);

/*
 * As in Linux: 1 clean pages of files, 2 objects that a shrinker can free
 * (names, inodes), 3 both. Pages that lie in memory only are never clean. With
 * the objects go the slabs that are empty then, and KASAN's quarantine.
 */
static int
drop_caches_store(const char *text)
{
	unsigned long what;

	if (kstrtoul(text, 10, &what) || what < 1 || what > 3)
		return -EINVAL;
	if (what & 1)
		drop_pagecache();
	if (what & 2) {
		shrink_slab(0);
		kmem_cache_shrink_all();
	}
	return 0;
}

static void
drop_caches_show(struct seq_buf *s)
{
	seq_puts(s, "0\n");
}
SYSCTL(vm_drop_caches, .name = "vm/drop_caches", .show = drop_caches_show,
       .store = drop_caches_store);

/*
 * How willingly names and inodes are given back, compared with pages: 100 as
 * often, 200 twice, 50 half as often, 0 never.
 */
static int vfs_cache_pressure = 100;
SYSCTL(vm_vfs_cache_pressure, .name = "vm/vfs_cache_pressure",
       .value = &vfs_cache_pressure, .min = 0, .max = 10000);

unsigned long
cache_pressure(unsigned long n)
{
	return (unsigned long)((u64)n * (u32)READ_ONCE(vfs_cache_pressure) /
			       100);
}
