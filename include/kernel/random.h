/* SPDX-License-Identifier: MIT */
/*
 * Numbers that a program cannot guess easily: where mappings lie, AT_RANDOM,
 * /dev/random. Seeded by the boot loader's seed and the clock: on an emulator
 * with a counted clock two runs see the same numbers, which is meant.
 */
#ifndef KERNEL_RANDOM_H
#define KERNEL_RANDOM_H

#include <lib/types.h>

/* Stir something in. Context: any. */
void random_add(u64 entropy);
/* Context: any. */
u32 get_random_u32(void);
void get_random_bytes(void *buf, size_t n);

#endif
