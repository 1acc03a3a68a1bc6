/* SPDX-License-Identifier: MIT */
/*
 * Stack protector: an array that overflows meets a guard before it meets the
 * return address.
 *
 * Ideas
 *   In debug builds the compiler gives each function that has an array, or
 *   passes on the address of a local variable, a word above them: a copy of
 *   __stack_chk_guard. Before the function returns it compares.
 *
 *	higher	| return address  |
 *		| saved registers |
 *		| guard           |  <- an overflow of the array comes by here
 *		| array           |
 *	lower	| other locals    |
 *
 *   The guard differs from boot to boot, so that nobody can write it over
 *   with itself. Its lowest byte is 0: a string that is copied too far would
 *   have to contain its own end.
 *
 *   What is on the stack above the guard is not to be trusted any more, so the
 *   report names the function by the return address of the check alone.
 *
 * Sources  Cowan et al., StackGuard, USENIX Security 1998.
 */
#ifdef VELLUM_STACK_PROTECTOR
#include <asm/processor.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/random.h>
#include "setup.h"

#define NOT_PROTECTED	__attribute__((no_stack_protector))

/* The names are the compiler's. */
extern unsigned long __stack_chk_guard;
void __stack_chk_fail(void) __noreturn;

unsigned long __stack_chk_guard = 0x5a17b300;

/*
 * Choose the guard of this boot. seed: of the boot loader; the time since
 * power-on is added. Context: boot; no caller of this may return.
 */
void NOT_PROTECTED
setup_stack_guard(u64 seed)
{
	seed ^= (u64)machine_power_on_us() << 32;
	__stack_chk_guard = (unsigned long)(random_next(&seed) >> 32) & ~0xffUL;
}

void NOT_PROTECTED
__stack_chk_fail(void)
{
	char name[64];

	symbol_format((unsigned long)__builtin_return_address(0) - 4, name,
		      sizeof(name));
	panic("stack-protector: the stack is damaged in %s", name);
}
#endif
