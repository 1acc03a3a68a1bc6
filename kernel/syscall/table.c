/* SPDX-License-Identifier: MIT */
/* The table of system calls, made of calls.h. */
#include <kernel/syscall_table.h>
#include <kernel/syscalls_process.h>
#include <lib/compiler.h>
#include "calls.h"
#include "sys.h"

#define ENTRY(nr, name)	[nr] = (syscall_fn)(void *)sys_##name,
#define NAME(nr, name)	[nr] = #name,

const syscall_fn syscall_table[NR_SYSCALLS] = { SYSCALLS(ENTRY) };
const syscall_fn arm_syscall_table[7] = { ARM_SYSCALLS(ENTRY) };

static const char *const names[NR_SYSCALLS] = { SYSCALLS(NAME) };
static const char *const arm_names[7] = { ARM_SYSCALLS(NAME) };

const char *
syscall_name(u32 nr)
{
	if (nr < NR_SYSCALLS)
		return names[nr];
	if (nr >= 0x0f0000 && nr - 0x0f0000 < ARRAY_SIZE(arm_names))
		return arm_names[nr - 0x0f0000];
	return NULL;
}
