/* SPDX-License-Identifier: MIT */
/*
 * What the object caches need of the machine, on the host: no vmalloc, RCU
 * whose readers are all gone at once, reports that are only counted.
 */
#include <asm/unwind.h>
#include <kernel/mutex.h>
#include <kernel/panic.h>
#include <kernel/rcu.h>
#include <kernel/time.h>
#include <lib/compiler.h>
#include <mm/vmalloc.h>

bool
mutex_trylock(struct mutex *mutex)
{
	(void)mutex;
	return true;
}

void
call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	fn(head);
}

void
rcu_barrier(void)
{
}

/* A test that reads reports has its own. */
__weak bool
soft_report_begin(unsigned long *flags)
{
	*flags = 0;
	nr_warnings++;
	return true;
}

__weak void
soft_report_end(unsigned long flags)
{
	(void)flags;
}

void
report_where(void)
{
}

u64
ktime_get_ns(void)
{
	return 0;
}

void *
vmalloc(unsigned long size)
{
	(void)size;
	return NULL;
}

void *
vzalloc(unsigned long size)
{
	(void)size;
	return NULL;
}

void
vfree(const void *addr)
{
	(void)addr;
}

bool
is_vmalloc_addr(const void *addr)
{
	(void)addr;
	return false;
}

bool
vmalloc_describe(unsigned long addr, char *line, size_t size)
{
	(void)addr;
	(void)line;
	(void)size;
	return false;
}
