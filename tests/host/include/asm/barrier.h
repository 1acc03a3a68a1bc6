/* SPDX-License-Identifier: MIT */
#ifndef ASM_BARRIER_H
#define ASM_BARRIER_H

#define dsb()	__sync_synchronize()
#define dmb()	__sync_synchronize()
#define isb()	__sync_synchronize()

#endif
