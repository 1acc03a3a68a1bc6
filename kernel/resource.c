/* SPDX-License-Identifier: MIT */
/*
 * Resources: a small sorted table of named physical ranges.
 *
 * Ideas
 *   Order   by start, and a range before those inside it. Then the tree can
 *           be printed in one pass with a stack of the ends that are open:
 *
 *		60000000-7fffffff : System RAM		depth 0
 *		  60010000-6002ffff : Kernel code	depth 1
 *		  60030000-6003ffff : Kernel rodata	depth 1
 *
 * Invariants (resource_conflict)
 *   R1  two ranges are disjoint, or one contains the other.
 *
 * Locks     resource_lock guards the table. Its rank is that of the page
 *   tables: whoever enters a device window is about to map it.
 */
#include <kernel/lock.h>
#include <kernel/node.h>
#include <kernel/resource.h>
#include <lib/errno.h>

#define MAX_RESOURCES	128
#define MAX_DEPTH	4

struct resource {
	phys_addr_t start, last;	/* inclusive, as it is printed */
	const char *name;
};

static DEFINE_SPINLOCK(resource_lock, LOCK_PGTABLE);
static struct resource resources[MAX_RESOURCES];	/* resource_lock */
static unsigned nr_resources;				/* resource_lock */

/* Do a and b overlap with neither inside the other? */
static bool
resource_conflict(const struct resource *a, const struct resource *b)
{
	if (a->last < b->start || b->last < a->start)
		return false;
	return !(a->start <= b->start && b->last <= a->last) &&
	       !(b->start <= a->start && a->last <= b->last);
}

/* Is a printed before b? */
static bool
resource_before(const struct resource *a, const struct resource *b)
{
	if (a->start != b->start)
		return a->start < b->start;
	return a->last >= b->last;
}

static int
resource_insert_locked(const struct resource *new)
{
	unsigned i, at;

	if (nr_resources == MAX_RESOURCES)
		return -ENOSPC;
	for (i = 0; i < nr_resources; i++) {
		if (resource_conflict(&resources[i], new))
			return -EBUSY;
	}
	for (at = nr_resources; at; at--) {
		if (resource_before(&resources[at - 1], new))
			break;
		resources[at] = resources[at - 1];
	}
	resources[at] = *new;
	nr_resources++;
	return 0;
}

/*
 * Enter [start, start + size) under a name that stays.
 */
int
request_mem_region(phys_addr_t start, phys_addr_t size, const char *name)
{
	struct resource new = { start, start + (size - 1), name };
	unsigned long flags;
	int error;

	if (!size || new.last < start)
		return -EINVAL;
	flags = spin_lock_irqsave(&resource_lock);
	error = resource_insert_locked(&new);
	spin_unlock_irqrestore(&resource_lock, flags);
	return error;
}

/* Copy entry n; false behind the last: printing is done without the lock. */
static bool
resource_get(unsigned n, struct resource *copy)
{
	unsigned long flags = spin_lock_irqsave(&resource_lock);
	bool found = n < nr_resources;

	if (found)
		*copy = resources[n];
	spin_unlock_irqrestore(&resource_lock, flags);
	return found;
}

static void
iomem_show(struct seq_buf *s)
{
	phys_addr_t open[MAX_DEPTH];
	struct resource r;
	unsigned n, depth = 0, i;

	for (n = 0; resource_get(n, &r); n++) {
		while (depth && open[depth - 1] < r.start)
			depth--;
		for (i = 0; i < depth; i++)
			seq_puts(s, "  ");
		seq_printf(s, "%08x-%08x : %s\n", r.start, r.last, r.name);
		if (depth < MAX_DEPTH)
			open[depth++] = r.last;
	}
}
NODE("iomem", iomem_show);
