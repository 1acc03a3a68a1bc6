/* SPDX-License-Identifier: MIT */
/* What host tests have beyond the kernel's kernel/test.h. */
#ifndef HOST_HARNESS_H
#define HOST_HARNESS_H

#include <kernel/test.h>
#include <lib/compiler.h>
#include <lib/random.h>
#include <lib/types.h>
#include <stdarg.h>

/* The C library's own, for comparison. */
int libc_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);

/* What was printed to the kernel's log since host_log_clear(). */
extern char host_log[8192];
void host_log_clear(void);

/* As the command line would: -ENOENT when nobody has that parameter. */
int host_boot_param(const char *name, const char *value);

/* A number from 0 to n-1 of the case's own row. */
static inline u32
test_below(struct test *t, u32 n)
{
	return random_below(&t->rng, n);
}

#endif
