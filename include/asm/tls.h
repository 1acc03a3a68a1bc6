/* SPDX-License-Identifier: MIT */
/*
 * The two registers that a thread's library keeps its own data by. TPIDRURO is
 * read by the program and written by the kernel (set_tls); TPIDRURW is the
 * program's altogether, and would carry a value from one process into another
 * if it were not changed at each switch. TPIDRPRW, the third, is the kernel's
 * (asm/percpu.h).
 */
#ifndef ASM_TLS_H
#define ASM_TLS_H

#include <lib/types.h>

static inline void
write_user_tls(u32 value)
{
	__asm__ volatile("mcr p15, 0, %0, c13, c0, 3" :: "r"(value));
}

static inline u32
read_user_tls_rw(void)
{
	u32 value;

	__asm__ volatile("mrc p15, 0, %0, c13, c0, 2" : "=r"(value));
	return value;
}

static inline void
write_user_tls_rw(u32 value)
{
	__asm__ volatile("mcr p15, 0, %0, c13, c0, 2" :: "r"(value));
}

#endif
