/* SPDX-License-Identifier: MIT */
/*
 * Which allocations have been made to fail, by the place in the code.
 *
 * Each failure that fault_inject.c causes leaves the return addresses of the
 * calls that led to it: the caller of kmalloc(), its caller, and so on, since a
 * wrapper's caller is as much a place that allocates as the wrapper is:
 *
 *	open_file() -> kstrdup() -> kmalloc() -> X	3 addresses
 *
 * tools/fail-sites finds every call of an allocation function in the kernel's
 * code, and tells which of them no test ever failed: error handling that never
 * ran.
 *
 * State   sites: a set, by open addressing; never emptied. Full: what comes
 *	   further is only counted.
 * Locks   none: a free place is taken by compare-and-swap. Any context.
 * Cost    a walk of the stack for each failure. Debug builds only.
 * Miss    an allocation that is tried in two ways counts as failed when the
 *	   first way did (kvmalloc).
 */
#ifdef VELLUM_DEBUG
#include <asm/unwind.h>
#include <kernel/init.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/debug.h>
#include "fail_sites.h"

#define NR_SITES	4096u		/* a power of two */
#define DEPTH		16
#define MOST_STEPS	64u

static unsigned long sites[NR_SITES];
static unsigned nr_sites, nr_missed;
static bool log_at_end;

static void
add_site(unsigned long pc)
{
	unsigned at = (unsigned)(pc >> 2) * 2654435761u / (~0u / NR_SITES + 1);

	for (unsigned i = 0; i < MOST_STEPS; i++, at++) {
		unsigned long *site = &sites[at % NR_SITES], none = 0;

		if (READ_ONCE(*site) == pc)
			return;
		if (READ_ONCE(*site))
			continue;
		if (__atomic_compare_exchange_n(site, &none, pc, false,
						__ATOMIC_RELAXED,
						__ATOMIC_RELAXED)) {
			__atomic_fetch_add(&nr_sites, 1, __ATOMIC_RELAXED);
			return;
		}
		if (none == pc)
			return;
	}
	__atomic_fetch_add(&nr_missed, 1, __ATOMIC_RELAXED);
}

void
fail_site_note(void)
{
	unsigned long pc[DEPTH];
	unsigned n = stack_save(pc, DEPTH, 2);

	while (n--)
		add_site(pc[n]);
}

bool
fail_site_known(unsigned long first, unsigned long last)
{
	for (unsigned i = 0; i < NR_SITES; i++) {
		unsigned long pc = READ_ONCE(sites[i]);

		if (pc >= first && pc < last)
			return true;
	}
	return false;
}

static void
fail_sites_show(struct seq_buf *s)
{
	char name[64];

	seq_printf(s, "%u return addresses of calls that were made to fail",
		   nr_sites);
	seq_printf(s, nr_missed ? ", no room for %u\n" : "\n", nr_missed);
	for (unsigned i = 0; i < NR_SITES; i++) {
		if (!sites[i])
			continue;
		symbol_format(sites[i] - 4, name, sizeof(name));
		seq_printf(s, "%08lx %s\n", sites[i], name);
	}
}
NODE("fail_sites", fail_sites_show);

void
fail_sites_end(void)
{
	if (!log_at_end)
		return;
	for (unsigned i = 0; i < NR_SITES; i++) {
		if (sites[i])
			console_printf("fail site %08lx\n", sites[i]);
	}
	console_printf("fail sites: %u, %u missed\n", nr_sites, nr_missed);
}

/* fail_sites=log: print them when the tests are over, for tools/fail-sites. */
static int
param_fail_sites(const char *value)
{
	if (strcmp(value, "log"))
		return -EINVAL;
	log_at_end = true;
	return 0;
}
BOOT_PARAM("fail_sites", param_fail_sites);
#endif
