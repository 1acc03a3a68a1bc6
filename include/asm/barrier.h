/* SPDX-License-Identifier: MIT */
/* The three barrier instructions of ARMv7. */
#ifndef ASM_BARRIER_H
#define ASM_BARRIER_H

#define dsb()	__asm__ volatile("dsb" ::: "memory")
#define dmb()	__asm__ volatile("dmb" ::: "memory")
#define isb()	__asm__ volatile("isb" ::: "memory")

#endif
