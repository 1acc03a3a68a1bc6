/* SPDX-License-Identifier: MIT */
/* Numbers of address spaces: what the files of arch/arm/mm share. */
#ifndef ARM_MM_ASID_H
#define ARM_MM_ASID_H

#include <asm/mmu.h>

#define ASID_BITS	8
#define NR_ASIDS	(1u << ASID_BITS)
#define ASID_MASK	(NR_ASIDS - 1)
#define ALL_CPUS	((1u << NR_CPUS) - 1)	/* a bit a core */

#endif
