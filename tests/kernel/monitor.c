/* SPDX-License-Identifier: MIT */
/*
 * The monitor's commands, run as if typed, their output captured. Each
 * command is called rightly once, and wrongly in every way that it has a
 * message for.
 */
#include "../../kernel/monitor/monitor_private.h"

#include <drivers/zram.h>
#include <kernel/blk.h>
#include <kernel/printk.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/gfp.h>
#include <mm/kasan.h>
#include <mm/pagecache.h>
#include <mm/slab.h>
#include <mm/zone.h>
#include "as_helpers.h"
#include "programs.h"
#include "threads.h"

extern const struct monitor_command __monitor_start[], __monitor_end[];

static char output[8192];

/* Run line; true if it returned result and its output contains text. */
static bool
typed(const char *line, int result, const char *text)
{
	int got;

	log_capture_begin(output, sizeof(output));
	got = monitor_run(line);
	log_capture_end();
	return got == result && strstr(output, text);
}

#define EXPECT_TYPED(t, line, result, text) do { \
	if (!typed(line, result, text)) { \
		test_fail(t, __FILE__, __LINE__, "\"%s\" did not return %d " \
			  "and say \"%s\" but:", line, result, text); \
		test_info(t, "%.200s", output); \
	} \
} while (0)

static void
a_line_is_cut_into_words(struct test *t)
{
	EXPECT_TYPED(t, "", 0, "");
	EXPECT_TYPED(t, "   ", 0, "");
	EXPECT_TYPED(t, "echo a b", 0, "a b\n");
	EXPECT_TYPED(t, "  echo   a    b  ", 0, "a b\n");
	EXPECT_TYPED(t, "echo \"a   b\" c", 0, "a   b c\n");
	EXPECT_TYPED(t, "echo", 0, "\n");
	EXPECT_TYPED(t, "echo 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", 0, "16\n");
	EXPECT_TYPED(t, "echo 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", -E2BIG,
		     "more than 16 words");
	EXPECT_TYPED(t, "echo \"a", -EINVAL, "not closed");
}

static void
a_line_too_long_is_refused(struct test *t)
{
	char line[LINE_SIZE + 8];

	memset(line, 'x', sizeof(line));
	line[LINE_SIZE] = '\0';
	EXPECT_TYPED(t, line, -E2BIG, "too long");
	line[LINE_SIZE - 1] = '\0';
	EXPECT_TYPED(t, line, -ENOENT, "no command");
}

static void
help_lists_every_command(struct test *t)
{
	const struct monitor_command *c;
	unsigned n;

	EXPECT_TYPED(t, "help", 0, "Ctrl-C");
	for (n = 0; (c = monitor_command_at(n)); n++) {
		EXPECT(t, strstr(output, c->name) != NULL);
		EXPECT(t, c->help[0] && strlen(c->help) < 60);
		EXPECT(t, monitor_command_find(c->name) == c);
	}
	/* Two of one name would leave a gap behind them. */
	EXPECT_EQ(t, n, __monitor_end - __monitor_start);
	EXPECT_TYPED(t, "help cat", 0, "usage: cat NODE...");
	EXPECT_TYPED(t, "help nothing", -ENOENT, "no command \"nothing\"");
	EXPECT_TYPED(t, "help a b", -EINVAL, "usage: help");
	EXPECT_TYPED(t, "nothing", -ENOENT, "no command \"nothing\"");
}

static void
nodes_are_shown(struct test *t)
{
	EXPECT_TYPED(t, "nodes", 0, "version");
	EXPECT_TYPED(t, "nodes x", -EINVAL, "usage");
	EXPECT_TYPED(t, "cat version", 0, "Vellum version");
	EXPECT_TYPED(t, "cat version cmdline", 0, "Vellum version");
	EXPECT_TYPED(t, "cat", -EINVAL, "usage: cat");
	EXPECT_TYPED(t, "cat x", -ENOENT, "no node \"x\"");
	EXPECT_TYPED(t, "watch", -EINVAL, "usage: watch");
	EXPECT_TYPED(t, "watch x", -ENOENT, "no node");
	EXPECT_TYPED(t, "ps", 0, "\n");
	EXPECT_TYPED(t, "dmesg", 0, "Vellum");
	EXPECT_TYPED(t, "dmesg x", -EINVAL, "usage");
	EXPECT_TYPED(t, "uptime", 0, "cores online");
	EXPECT_TYPED(t, "history x", -EINVAL, "usage");
	EXPECT_TYPED(t, "history", 0, "");
}

static void
ptwalk_agrees_with_the_hardware(struct test *t)
{
	EXPECT_TYPED(t, "ptwalk monitor_run", 0, "agrees");
	EXPECT(t, strstr(output, "may be executed") != NULL);
	EXPECT_TYPED(t, "ptwalk 0xffff0000", 0, "agrees");
	EXPECT_TYPED(t, "ptwalk 0", 0, "agrees");
	EXPECT(t, strstr(output, "faults with status 0x0") != NULL);
	EXPECT_TYPED(t, "ptwalk 0xc0010000", 0, "pfn 0x60010");
	EXPECT_TYPED(t, "ptwalk", -EINVAL, "usage: ptwalk ADDR");
	EXPECT_TYPED(t, "ptwalk nobody", -EINVAL, "neither");
	EXPECT_TYPED(t, "ptwalk 0x100000000", -EINVAL, "too large");
	EXPECT_TYPED(t, "ptwalk 12monkeys", -EINVAL, "not a number");
}

static void
hexdump_survives_what_is_not_there(struct test *t)
{
	static const char text[] __aligned(4) = "Hello, vellum!";
	char line[64];

	snprintf(line, sizeof(line), "hexdump 0x%lx 14", (unsigned long)text);
	EXPECT_TYPED(t, line, 0, "|Hello, vellum!|");
	EXPECT(t, strstr(output, " 48 65 6c") != NULL);
	EXPECT_TYPED(t, "hexdump monitor_run", 0, "|\n");
	EXPECT_TYPED(t, "hexdump 0", -EFAULT, "cannot read at 0x00000000");
	EXPECT_TYPED(t, "hexdump 0 0", -EINVAL, "1 to 65536");
	EXPECT_TYPED(t, "hexdump 0 65537", -EINVAL, "1 to 65536");
	EXPECT_TYPED(t, "hexdump 0xfffffff0 17", -EINVAL, "past");
	EXPECT_TYPED(t, "hexdump", -EINVAL, "usage");
	EXPECT_TYPED(t, "hexdump 0 x", -EINVAL, "length \"x\"");
}

static void
a_page_is_named_in_three_ways(struct test *t)
{
	struct page *page = alloc_page(GFP_KERNEL);
	char line[64];

	ASSERT(t, page);
	snprintf(line, sizeof(line), "page 0x%lx", page_to_pfn(page));
	EXPECT_TYPED(t, line, 0, "kernel");
	snprintf(line, sizeof(line), "page 0x%x", page_to_phys(page));
	EXPECT_TYPED(t, line, 0, "kernel");
	snprintf(line, sizeof(line), "page 0x%lx",
		 (unsigned long)page_address(page));
	EXPECT_TYPED(t, line, 0, "kernel");
	free_frame(page);
	EXPECT_TYPED(t, "page", -EINVAL, "usage");
	EXPECT_TYPED(t, "page 0", -EINVAL, "is no frame");
	EXPECT_TYPED(t, "page 0xfffff000", -EINVAL, "is no frame");
}

/* A page of two spaces that no process has; only the second may write. */
static void
a_page_tells_who_maps_it(struct test *t)
{
	struct mm_struct *mm = as_space(t, 0x10000000, 2), *child = NULL;
	struct page *page;
	char line[64];

	EXPECT(t, as_poke(mm, 0x10001000, 1));
	page = pfn_to_page(pte_pfn(as_pte(mm, 0x10001000)));
	snprintf(line, sizeof(line), "page 0x%lx", page_to_pfn(page));
	EXPECT_TYPED(t, line, 0, "    0 (no process)     0x10001000 rw- young "
		     "dirty\n");
	EXPECT_EQ(t, dup_mm(mm, &child), 0);
	EXPECT_TYPED(t, line, 0, "0x10001000 r-- young dirty\n      0 (no ");
	lock_page(page);
	EXPECT_TYPED(t, line, 0, "locked: who maps it is not asked");
	unlock_page(page);
	mmput(child);
	get_page(page);
	mmput(mm);
	EXPECT_TYPED(t, line, 0, "mapcount 0");
	EXPECT(t, !strstr(output, "0x10001000"));
	put_page(page);
	EXPECT_TYPED(t, "page 0x10000 -p 32000", -ESRCH, "no process 32000");
	EXPECT_TYPED(t, "page 0x10000 -p x", -EINVAL, "pid \"x\"");
	EXPECT_TYPED(t, "page 0x10000 -q 1", -EINVAL, "usage");
}

/* One page of 25 spaces: the table has room for 24. */
static void
a_page_of_many_spaces_names_some(struct test *t)
{
	struct mm_struct *mm = as_space(t, 0x10000000, 1), *child[25] = { 0 };
	char line[64];

	EXPECT(t, as_poke(mm, 0x10000000, 1));
	snprintf(line, sizeof(line), "page 0x%lx",
		 page_to_pfn(as_page(mm, 0x10000000)));
	for (unsigned i = 0; i < 25; i++) {
		EXPECT_EQ(t, dup_mm(mm, &child[i]), 0);
		if (i == 22) {
			EXPECT_TYPED(t, line, 0, "0x10000000 r-- young");
			EXPECT(t, !strstr(output, " more\n"));
		}
	}
	EXPECT_TYPED(t, line, 0, "  and 2 more\n");
	for (unsigned i = 0; i < 25; i++)
		if (child[i])
			mmput(child[i]);
	mmput(mm);
}

/* By its first page, and by one inside. */
static void
a_section_tells_who_maps_it(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	char line[64], want[64];
	unsigned long at;
	phys_addr_t pa;
	bool dirty;

	ASSERT(t, mm != NULL);
	at = as_map(mm, 0, MIB, RW, ANON | MAP_HUGETLB);
	if (as_touch(mm, at, true) == VM_FAULT_SIGBUS) {
		mmput(mm);
		SKIP(t, "no free block of 1 MiB");
	}
	EXPECT(t, user_section_get(&mm->context, at, &pa, &dirty));
	snprintf(want, sizeof(want), "    0 (no process)     0x%08lx     "
		 "section of 1 MiB\n", at);
	snprintf(line, sizeof(line), "page 0x%x", pa >> PAGE_SHIFT);
	EXPECT_TYPED(t, line, 0, want);
	snprintf(line, sizeof(line), "page 0x%x", (pa >> PAGE_SHIFT) + 77);
	EXPECT_TYPED(t, line, 0, want);
	mmput(mm);
}

static void
a_page_of_a_process_is_found(struct test *t)
{
	const u32 code[] = { MOV(7, 29), SVC, 0xeafffffc };	/* pause() */
	struct program p = program_of(code, ARRAY_SIZE(code));
	struct process *process = NULL;
	struct mm_struct *mm;
	unsigned long at = 0;
	char line[64];
	struct job job;

	program_start(t, &job, "/pause", &p);
	TEST_WAIT_UNTIL(job.over || (process = program_process("/pause")));
	ASSERT(t, process != NULL);
	mm = process_get_mm(process);
	if (EXPECT(t, mm != NULL)) {
		as_touch(mm, LOAD_AT, false);
		at = as_map(mm, 0, MIB, RW, ANON | MAP_HUGETLB);
		if (as_touch(mm, at, true) == VM_FAULT_SIGBUS)
			at = 0;		/* no free block of 1 MiB */
		mmput(mm);
	}
	snprintf(line, sizeof(line), "page 0x%x -p %d", LOAD_AT, process->pid);
	EXPECT_TYPED(t, line, 0, "0x00010000 r-x ");
	snprintf(line, sizeof(line), "page 0x%lx -p %d", at + 5 * PAGE_SIZE,
		 process->pid);
	if (at) {
		EXPECT_TYPED(t, line, 0, "section of 1 MiB");
		EXPECT(t, strstr(output, "tail"));
	}
	snprintf(line, sizeof(line), "page 0x1000 -p %d", process->pid);
	EXPECT_TYPED(t, line, -EFAULT, "has no page at 0x1000");
	snprintf(line, sizeof(line), "page 0xc0010000 -p %d", process->pid);
	EXPECT_TYPED(t, line, -EFAULT, "has no page at 0xc0010000");
	program_kill(process, NULL);
	EXPECT_EQ(t, program_wait(&job), SIGKILL);
	process_put(process);
}

static void
the_compressing_disk_is_set_up_by_hand(struct test *t)
{
	struct block_device *disk;
	static u8 page[PAGE_SIZE];

	if (zram_size())
		SKIP(t, "zram0 is in use (zram=)");
	EXPECT_TYPED(t, "zram", 0, "zram0 has no size: zram size 64M\n");
	EXPECT_TYPED(t, "zram size much", -EINVAL, "usage: zram [size");
	EXPECT_TYPED(t, "zram grow 1M", -EINVAL, "usage: zram [size");
	EXPECT_TYPED(t, "zram size 65G", -EINVAL, "");
	EXPECT_TYPED(t, "zram size 1M", 0, "");
	disk = blk_find("zram0");
	ASSERT(t, disk != NULL);
	memset(page, 7, sizeof(page));
	EXPECT_EQ(t, blk_write(disk, 0, page, sizeof(page)), 0);
	page[5] = 8;
	EXPECT_EQ(t, blk_write(disk, 8, page, sizeof(page)), 0);
	EXPECT_EQ(t, blk_discard(disk, 0, 8), 0);
	EXPECT_TYPED(t, "zram", 0, "zram0: 1024 KiB, of them 4 KiB stored in "
		     "4 KiB (at most 4)\n  0 pages of one word, 1 compressed "
		     "to ");
	EXPECT(t, strstr(output, " 0 raw\n  1 slots freed, failed: 0 reads, "
				 "0 writes\n"));
	EXPECT_TYPED(t, "zram size 1M", -EBUSY, "in use, or it has a size");
	EXPECT_TYPED(t, "zram reset", 0, "");
	fault_inject_nth(1);
	EXPECT_TYPED(t, "zram size 1M", -ENOMEM, "zram: no memory\n");
	EXPECT(t, fault_inject_nth_done());
	EXPECT_EQ(t, zram_size(), 0);
}

static void
map_draws_each_zone(struct test *t)
{
	EXPECT_TYPED(t, "map Normal", 0, "zone Normal: a letter is");
	EXPECT(t, strstr(output, "partly free") != NULL);
	EXPECT(t, strstr(output, "zone DMA") == NULL);
	EXPECT_TYPED(t, "map", 0, "zone DMA");
	EXPECT_TYPED(t, "map Nowhere", -ENOENT, "no zone \"Nowhere\"");
	EXPECT_TYPED(t, "map a b", -EINVAL, "usage");
}

static void
pages_are_allocated_and_freed_by_hand(struct test *t)
{
	EXPECT_TYPED(t, "free all", 0, "");
	EXPECT_TYPED(t, "allocs", 0, "0 blocks held");
	EXPECT_TYPED(t, "alloc 5", 0, "order 5 (128 KiB)");
	EXPECT(t, strstr(output, " -1") != NULL);
	EXPECT_TYPED(t, "alloc 0 GFP_KERNEL|__GFP_ZERO", 0, "__GFP_ZERO");
	EXPECT_TYPED(t, "allocs", 0, "2 blocks held");
	EXPECT_TYPED(t, "free all", 0, " +1");
	EXPECT_TYPED(t, "allocs", 0, "0 blocks held");
	EXPECT_TYPED(t, "verify", 0, "verified");
}

static void
bad_allocations_are_refused(struct test *t)
{
	EXPECT_TYPED(t, "alloc", -EINVAL, "usage: alloc ORDER");
	EXPECT_TYPED(t, "alloc 11", -EINVAL, "0 to 10");
	EXPECT_TYPED(t, "alloc x", -EINVAL, "order \"x\" is not a number");
	EXPECT_TYPED(t, "alloc 0 GFP_NOSUCH", -EINVAL, "no flag");
	EXPECT_TYPED(t, "alloc 0 GFP_KERNEL|", -EINVAL, "no flag");
	EXPECT_TYPED(t, "free", -EINVAL, "usage");
	EXPECT_TYPED(t, "free 0", -ENOENT, "was not allocated here");
	EXPECT_TYPED(t, "free x", -EINVAL, "not a number");
	EXPECT_TYPED(t, "verify x", -EINVAL, "usage");
}

static void
objects_are_allocated_and_freed_by_hand(struct test *t)
{
	EXPECT_TYPED(t, "kfree all", 0, "");
	EXPECT_TYPED(t, "kmalloc 1000", 0, " takes up ");
	EXPECT_TYPED(t, "slab #0", 0, slab_design_name());
	EXPECT_TYPED(t, "kfree #0", 0, "");
	EXPECT_TYPED(t, "kfree #0", -ENOENT, "nothing has the number 0");
	EXPECT_TYPED(t, "kfree #64", -ENOENT, "nothing has the number 64");
	EXPECT_TYPED(t, "kfree #x", -EINVAL, "not a number");
	EXPECT_TYPED(t, "kfree 0", -ENOENT, "was not allocated here");
	EXPECT_TYPED(t, "kfree", -EINVAL, "usage");
	EXPECT_TYPED(t, "kmalloc", -EINVAL, "usage: kmalloc SIZE");
	EXPECT_TYPED(t, "kmalloc 0", -EINVAL, "size of 0");
	EXPECT_TYPED(t, "kmalloc 0x7fffffff", -ENOMEM, "no memory");
	EXPECT_TYPED(t, "slab 0", -ENOENT, "is in no slab");
	EXPECT_TYPED(t, "slab", -EINVAL, "usage");
}

static void
a_slab_tells_who_holds_its_objects(struct test *t)
{
	char line[40];

	if (strcmp(slab_design_name(), "slub") || KASAN_ON)
		SKIP(t, "not the SLUB design, or KASAN");
	EXPECT_TYPED(t, "kmalloc 50", 0, "takes up 64 bytes");
	snprintf(line, sizeof(line), "slab 0x%.8s", output + strlen("#0: "));
	EXPECT_TYPED(t, line, 0, "slab of kmalloc-64");
	EXPECT(t, strstr(output, "byte 0 of it: in use") != NULL);
	EXPECT(t, strstr(output, ", frozen") != NULL);
	EXPECT_TYPED(t, "kfree all", 0, "");
	EXPECT_TYPED(t, line, 0, "byte 0 of it: free");
}

static void
disks_are_listed_and_shown(struct test *t)
{
	EXPECT_TYPED(t, "blk", 0, "\n");
	EXPECT_TYPED(t, "blk vdz 0", -ENODEV, "no disk is called \"vdz\"");
	if (!blk_find("vda"))
		SKIP(t, "no disk (run-qemu --disk)");
	EXPECT_TYPED(t, "blk", 0, "vda");
	EXPECT_TYPED(t, "blk vda 0", 0, "*\n");
	EXPECT_TYPED(t, "blk vda", -EINVAL, "usage: blk");
	EXPECT_TYPED(t, "blk vda x", -EINVAL, "usage: blk");
	EXPECT_TYPED(t, "blk vda 0x7fffffff", -ERANGE, "cannot read sector");
}

static void
areas_are_allocated_and_freed_by_hand(struct test *t)
{
	EXPECT_TYPED(t, "vmalloc 10000", 0, "3 pages and a guard");
	EXPECT(t, strstr(output, "frames 0x") != NULL);
	EXPECT_TYPED(t, "vmalloc 100000", 0, "#1: ");
	EXPECT_TYPED(t, "cat vmallocinfo", 0, "vmalloc_command");
	EXPECT_TYPED(t, "vfree #0", 0, "");
	EXPECT_TYPED(t, "vfree #0", -ENOENT, "nothing has the number 0");
	EXPECT_TYPED(t, "vfree all", 0, "");
	EXPECT_TYPED(t, "cat vmalloc_free", 0, "largest in its subtree");
	EXPECT_TYPED(t, "vmalloc", -EINVAL, "usage: vmalloc SIZE");
	EXPECT_TYPED(t, "vmalloc 0xffffffff", -ENOMEM, "no addresses");
	EXPECT_TYPED(t, "vfree x", -EINVAL, "not a number");
	EXPECT_TYPED(t, "vfree 8", -ENOENT, "was not allocated here");
	EXPECT_TYPED(t, "verify", 0, "verified");
}

static void
long_runs_refuse_bad_arguments(struct test *t)
{
	EXPECT_TYPED(t, "stress", -EINVAL, "usage: stress SECONDS");
	EXPECT_TYPED(t, "stress 0", -EINVAL, "1 to 1000000");
	EXPECT_TYPED(t, "stress 1 2", -EINVAL, "usage");
	EXPECT_TYPED(t, "stress 1 seed=x", -EINVAL, "seed \"x\"");
	EXPECT_TYPED(t, "bench nothing", -ENOENT, "no suite \"nothing\"");
	EXPECT_TYPED(t, "bench a b", -EINVAL, "usage");
	EXPECT_TYPED(t, "test", 0, "suites");
	EXPECT_TYPED(t, "reboot x", -EINVAL, "usage");
	EXPECT_TYPED(t, "poweroff x", -EINVAL, "not a number");
	EXPECT_TYPED(t, "oops nothing", -ENOENT, "no kind \"nothing\"");
	EXPECT_TYPED(t, "oops a b", -EINVAL, "usage");
	EXPECT_TYPED(t, "oops", 0, "null-read");
}

static void
allocations_can_be_made_to_fail(struct test *t)
{
	EXPECT_TYPED(t, "fail 100 times=1", 0, "100 %");
	EXPECT_TYPED(t, "alloc 0", -ENOMEM, "no free block");
	EXPECT_TYPED(t, "alloc 0", 0, "order 0");
	EXPECT_TYPED(t, "free all", 0, "");
	EXPECT_TYPED(t, "fail 100 times=1 space=1 interval=2", 0, "after 1");
	EXPECT_TYPED(t, "fail off", 0, "fail: off");
	EXPECT_TYPED(t, "fail", 0, "fail: off");
	EXPECT_TYPED(t, "fail 0", -EINVAL, "1 to 100");
	EXPECT_TYPED(t, "fail 101", -EINVAL, "1 to 100");
	EXPECT_TYPED(t, "fail x", -EINVAL, "not a number");
	EXPECT_TYPED(t, "fail 1 times", -EINVAL, "usage");
	EXPECT_TYPED(t, "fail 1 interval=0", -EINVAL, "usage");
	EXPECT_TYPED(t, "fail 1 other=1", -EINVAL, "usage");
	EXPECT_TYPED(t, "fail 1 times=0x80000000", -EINVAL, "too large");
	EXPECT_TYPED(t, "fail off times=1", -EINVAL, "usage");
}

static void
run_line(void *line)
{
	monitor_run(line);
}

#define EXPECT_OOPS(t, kind, text) \
	EXPECT_REPORT(t, run_line, "oops " kind, text)

static void
each_kind_of_oops_is_reported(struct test *t)
{
	EXPECT_OOPS(t, "null-read", "00000010");
	EXPECT_OOPS(t, "null-write", "00000010");
	EXPECT_OOPS(t, "null-call", "00000000");
	EXPECT_OOPS(t, "text-write", "ermission");
	EXPECT_OOPS(t, "rodata-write", "ermission");
	EXPECT_OOPS(t, "data-exec", "ermission");
	EXPECT_OOPS(t, "undefined", "ndefined");
	EXPECT_OOPS(t, "unaligned", "lignment");
	EXPECT_OOPS(t, "stack", "tack");
	EXPECT_OOPS(t, "bug", "cmd_oops.c");
	EXPECT_OOPS(t, "panic", "asked for by the monitor");
	EXPECT_TYPED(t, "oops double-free", -EIO, "a reference given up that "
		     "was not held");
#ifdef VELLUM_DEBUG
	EXPECT_OOPS(t, "atomic-sleep", "sleep");
	EXPECT_OOPS(t, "lock-order", "lock");
	EXPECT_WARNING(t, run_line, "oops dma-write", KASAN_ON ?
		       "write-while-lent" : "the core wrote to a buffer");
#endif
}

static void
misused_objects_are_told(struct test *t)
{
	bool slub = !strcmp(slab_design_name(), "slub");

	if (!slub)
		SKIP(t, "not the SLUB design");
	EXPECT_WARNING(t, run_line, "oops overflow", KASAN_ON ?
		       "slab-out-of-bounds" : "Right Redzone overwritten");
	EXPECT_WARNING(t, run_line, "oops use-after-free", KASAN_ON ?
		       "slab-use-after-free" : "Poison overwritten");
}

static void
control_c_reaches_the_running_command(struct test *t)
{
	monitor_command_end();
	EXPECT(t, !monitor_interrupted());
	monitor_command_begin();
	monitor_input('x');
	EXPECT(t, monitor_input_pending());
	EXPECT(t, !monitor_interrupted());
	monitor_input(3);
	EXPECT(t, monitor_interrupted());
	EXPECT(t, !monitor_input_pending());
	EXPECT_TYPED(t, "cat version", 0, "");
	EXPECT(t, strstr(output, "Vellum") == NULL);
	monitor_command_begin();
	EXPECT(t, !monitor_interrupted());
	EXPECT_TYPED(t, "cat version", 0, "Vellum");
}

TEST_SUITE("monitor",
	TEST_CASE(a_line_is_cut_into_words),
	TEST_CASE(a_line_too_long_is_refused),
	TEST_CASE(help_lists_every_command),
	TEST_CASE(nodes_are_shown),
	TEST_CASE(ptwalk_agrees_with_the_hardware),
	TEST_CASE(hexdump_survives_what_is_not_there),
	TEST_CASE(a_page_is_named_in_three_ways),
	TEST_CASE(a_page_tells_who_maps_it),
	TEST_CASE(a_page_of_many_spaces_names_some),
	TEST_CASE(a_section_tells_who_maps_it),
	TEST_CASE(a_page_of_a_process_is_found),
	TEST_CASE(the_compressing_disk_is_set_up_by_hand),
	TEST_CASE(map_draws_each_zone),
	TEST_CASE(pages_are_allocated_and_freed_by_hand),
	TEST_CASE(objects_are_allocated_and_freed_by_hand),
	TEST_CASE(a_slab_tells_who_holds_its_objects),
	TEST_CASE(disks_are_listed_and_shown),
	TEST_CASE(areas_are_allocated_and_freed_by_hand),
	TEST_CASE(bad_allocations_are_refused),
	TEST_CASE(long_runs_refuse_bad_arguments),
	TEST_CASE(allocations_can_be_made_to_fail),
	TEST_CASE(each_kind_of_oops_is_reported),
	TEST_CASE(misused_objects_are_told),
	TEST_CASE(control_c_reaches_the_running_command));
