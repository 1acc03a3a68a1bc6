/* SPDX-License-Identifier: MIT */
/*
 * Counters, and the nodes that show them: vmstat, buddyinfo, pagetypeinfo,
 * zoneinfo, meminfo. What a node prints is read back and compared.
 */
#include <kernel/node.h>
#include <kernel/smp.h>
#include <mm/init.h>
#include <mm/vmstat.h>
#include "page_helpers.h"

static char text[8192];

/* What the node prints; NULL if there is no such node or it does not fit. */
static const char *
node_text(const char *name)
{
	const struct node *node = node_find(name);
	struct seq_buf s;

	if (!node)
		return NULL;
	seq_buf_init(&s, text, sizeof(text));
	node->show(&s);
	return s.overflow ? NULL : text;
}

/* The number behind name in text, at the start of a line; -1 if none. */
static long
number_of(const char *where, const char *name)
{
	size_t n = strlen(name);
	long value = 0;

	while (where && *where && (strncmp(where, name, n) ||
				   (where[n] != ' ' && where[n] != ':'))) {
		where = strchr(where, '\n');
		where += where != NULL;
	}
	if (!where || !*where)
		return -1;
	for (where += n; *where == ' ' || *where == ':'; where++)
		;
	while (*where >= '0' && *where <= '9')
		value = value * 10 + (*where++ - '0');
	return value;
}

static void
fold_here(void *arg)
{
	(void)arg;
	vmstat_fold_local();
}

/* Elsewhere there is no difference, whatever the cases before counted. */
static void
differences_fold_beyond_the_threshold(struct test *t)
{
	struct pglist_data *node = NODE_DATA(0);
	unsigned long before, flags;
	long shared;

	on_each_cpu(fold_here, NULL);
	flags = local_irq_save();
	before = node_page_state(node, NR_SHMEM);
	shared = atomic_read(&node->vm_stat[NR_SHMEM]);
	mod_node_page_state(node, NR_SHMEM, 32);
	EXPECT_EQ(t, atomic_read(&node->vm_stat[NR_SHMEM]), shared);
	EXPECT_EQ(t, node_page_state(node, NR_SHMEM), before + 32);
	mod_node_page_state(node, NR_SHMEM, 1);
	EXPECT_EQ(t, atomic_read(&node->vm_stat[NR_SHMEM]), shared + 33);
	EXPECT_EQ(t, node_page_state(node, NR_SHMEM), before + 33);
	mod_node_page_state(node, NR_SHMEM, -20);
	EXPECT_EQ(t, node_page_state(node, NR_SHMEM), before + 13);
	mod_node_page_state(node, NR_SHMEM, -13);
	EXPECT_EQ(t, atomic_read(&node->vm_stat[NR_SHMEM]), shared);
	EXPECT_EQ(t, node_page_state(node, NR_SHMEM), before);
	vmstat_fold_local();
	EXPECT_EQ(t, atomic_read(&node->vm_stat[NR_SHMEM]), before);
	local_irq_restore(flags);
}

static void
zone_items_count_like_node_items(struct test *t)
{
	struct zone *zone = find_zone(ZONE_NORMAL);
	unsigned long before = zone_page_state(zone, NR_MLOCK);

	mod_zone_page_state(zone, NR_MLOCK, 100);
	mod_zone_page_state(zone, NR_MLOCK, 7);
	EXPECT_EQ(t, zone_page_state(zone, NR_MLOCK), before + 107);
	EXPECT_EQ(t, global_zone_page_state(NR_MLOCK), before + 107);
	vmstat_fold_local();
	EXPECT_EQ(t, zone_page_state(zone, NR_MLOCK), before + 107);
	mod_zone_page_state(zone, NR_MLOCK, -107);
	EXPECT_EQ(t, zone_page_state(zone, NR_MLOCK), before);
	mod_zone_page_state(zone, NR_MLOCK, -1);
	EXPECT_EQ(t, zone_page_state(zone, NR_MLOCK), before ? before - 1 : 0);
	mod_zone_page_state(zone, NR_MLOCK, 1);
}

static void
count_here(struct test *t, unsigned cpu, void *arg)
{
	unsigned i;

	(void)t;
	(void)arg;
	for (i = 0; i < 1000; i++) {
		count_vm_event(ALLOCSTALL_HIGH);
		mod_node_page_state(NODE_DATA(0), NR_WRITEBACK, cpu ? 1 : -1);
	}
}

static void
cores_count_apart_and_add_up(struct test *t)
{
	unsigned long events = vm_event(ALLOCSTALL_HIGH);
	unsigned n = num_online_cpus();

	mod_node_page_state(NODE_DATA(0), NR_WRITEBACK, 5000);
	test_on_all_cpus(t, count_here, NULL);
	EXPECT_EQ(t, vm_event(ALLOCSTALL_HIGH), events + 1000 * n);
	EXPECT_EQ(t, global_node_page_state(NR_WRITEBACK),
		  5000 + 1000 * (n - 1) - 1000);
	mod_node_page_state(NODE_DATA(0), NR_WRITEBACK,
			    -(long)global_node_page_state(NR_WRITEBACK));
	EXPECT_EQ(t, global_node_page_state(NR_WRITEBACK), 0);
}

static void
allocations_move_pgalloc_and_pgfree(struct test *t)
{
	unsigned long alloc = vm_event(PGALLOC_NORMAL) +
			      vm_event(PGALLOC_DMA) + vm_event(PGALLOC_HIGH);
	unsigned long freed = vm_event(PGFREE);
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	ASSERT(t, page != NULL);
	EXPECT_EQ(t, vm_event(PGALLOC_NORMAL) + vm_event(PGALLOC_DMA) +
		  vm_event(PGALLOC_HIGH), alloc + 8);
	EXPECT_EQ(t, vm_event(PGFREE), freed);
	free_frames(page, 3);
	EXPECT_EQ(t, vm_event(PGFREE), freed + 8);
}

static void
vmstat_has_linux_names(struct test *t)
{
	static const char *const names[] = {
		"nr_free_pages", "numa_hit", "numa_miss", "numa_local",
		"nr_page_table_pages", "nr_kernel_stack", "pgalloc_normal",
		"pgfree", "allocstall_normal", "nr_free_cma",
	};
	const char *shown = node_text("vmstat");
	unsigned i;

	ASSERT(t, shown != NULL);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (number_of(shown, names[i]) < 0)
			test_fail(t, __FILE__, __LINE__, "no %s", names[i]);
	EXPECT_EQ(t, number_of(shown, "nr_free_pages"),
		  global_zone_page_state(NR_FREE_PAGES));
}

/* The blocks of buddyinfo, times their sizes, are the free frames. */
static void
buddyinfo_adds_up(struct test *t)
{
	const char *p = node_text("buddyinfo");
	unsigned long frames = 0, value;
	unsigned order;

	ASSERT(t, p != NULL);
	while ((p = strstr(p, "zone "))) {
		p += strlen("zone ") + 8;	/* the name, padded */
		for (order = 0; order < NR_PAGE_ORDERS; order++) {
			while (*p == ' ')
				p++;
			value = 0;
			while (*p >= '0' && *p <= '9')
				value = value * 10 + (*p++ - '0');
			frames += value << order;
		}
	}
	EXPECT_EQ(t, frames, global_zone_page_state(NR_FREE_PAGES));
}

static void
meminfo_shows_kilobytes(struct test *t)
{
	const char *p = node_text("meminfo");

	ASSERT(t, p != NULL);
	EXPECT_EQ(t, number_of(p, "MemTotal"), totalram_pages() * 4);
	EXPECT_EQ(t, number_of(p, "MemFree"),
		  global_zone_page_state(NR_FREE_PAGES) * 4);
	EXPECT_EQ(t, number_of(p, "LowTotal") + number_of(p, "HighTotal"),
		  totalram_pages() * 4);
	EXPECT(t, number_of(p, "MemAvailable") < number_of(p, "MemFree"));
	EXPECT(t, strstr(p, " kB\n") != NULL);
}

static void
zoneinfo_and_pagetypeinfo_show_every_zone(struct test *t)
{
	char want[40];
	const char *p;
	struct zone *zone;
	unsigned i;

	for_each_zone(zone, i) {
		snprintf(want, sizeof(want), "Node %u, zone %8s", zone->nid,
			 zone->name);
		p = node_text("zoneinfo");
		ASSERT(t, p != NULL);
		EXPECT(t, strstr(p, want));
		p = node_text("pagetypeinfo");
		ASSERT(t, p != NULL);
		EXPECT(t, strstr(p, want));
	}
	p = node_text("zoneinfo");
	EXPECT(t, strstr(p, "        managed  "));
	EXPECT(t, strstr(p, "protection: ("));
	p = node_text("pagetypeinfo");
	EXPECT(t, strstr(p, "Page block order: 8\nPages per block:  256\n"));
	EXPECT(t, strstr(p, "HighAtomic"));
}

TEST_SUITE("vmstat",
	   TEST_CASE(differences_fold_beyond_the_threshold),
	   TEST_CASE(zone_items_count_like_node_items),
	   TEST_CASE(cores_count_apart_and_add_up),
	   TEST_CASE(allocations_move_pgalloc_and_pgfree),
	   TEST_CASE(vmstat_has_linux_names),
	   TEST_CASE(buddyinfo_adds_up),
	   TEST_CASE(meminfo_shows_kilobytes),
	   TEST_CASE(zoneinfo_and_pagetypeinfo_show_every_zone));
