/* SPDX-License-Identifier: MIT */
/* Pressure: time in which somebody is held up, and in which nobody gets on. */
#include <kernel/blk.h>
#include <kernel/kthread.h>
#include <kernel/node.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <kernel/test.h>
#include <kernel/time.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include "threads.h"

static void
spin(u64 ns)
{
	u64 end = ktime_get_ns() + ns;

	while (ktime_get_ns() < end)
		barrier();
}

/*
 *	outer |-- enter |---- inner ----| leave --|
 *	the total grows by something between inner and outer
 */
static void
time_in_a_stall_is_counted(struct test *t)
{
	u64 outer = ktime_get_ns(), before = psi_total(PSI_MEM, PSI_SOME);
	unsigned was = psi_stall_enter(PSI_MEM_STALL);
	u64 inner = ktime_get_ns(), grown;

	spin(3 * NSEC_PER_MSEC);
	inner = ktime_get_ns() - inner;
	psi_stall_leave(was);
	grown = psi_total(PSI_MEM, PSI_SOME) - before;
	outer = ktime_get_ns() - outer;
	EXPECT(t, grown >= inner && grown <= outer);
	spin(NSEC_PER_MSEC);
	EXPECT_EQ(t, psi_total(PSI_MEM, PSI_SOME) - before, grown);
}

static void
stalls_nest(struct test *t)
{
	unsigned outer = psi_stall_enter(PSI_MEM_STALL);
	unsigned inner = psi_stall_enter(PSI_MEM_STALL);
	unsigned io = psi_stall_enter(PSI_IO_STALL);
	u64 before;

	psi_stall_leave(io);
	psi_stall_leave(inner);
	before = psi_total(PSI_MEM, PSI_SOME);
	spin(NSEC_PER_MSEC);
	EXPECT(t, psi_total(PSI_MEM, PSI_SOME) >= before + NSEC_PER_MSEC);
	psi_stall_leave(outer);
	EXPECT_EQ(t, current->psi_flags, 0);
	before = psi_total(PSI_MEM, PSI_SOME);
	spin(NSEC_PER_MSEC);
	EXPECT_EQ(t, psi_total(PSI_MEM, PSI_SOME), before);
}

/* All cores idle while the only task waits. */
static void
nobody_working_is_full(struct test *t)
{
	u64 some = psi_total(PSI_IO, PSI_SOME);
	u64 full = psi_total(PSI_IO, PSI_FULL);
	unsigned was;

	was = psi_stall_enter(PSI_IO_STALL);
	msleep(30);
	psi_stall_leave(was);
	some = psi_total(PSI_IO, PSI_SOME) - some;
	full = psi_total(PSI_IO, PSI_FULL) - full;
	EXPECT(t, some >= 30 * NSEC_PER_MSEC && full <= some);
	EXPECT(t, full >= 10 * NSEC_PER_MSEC);
	some = psi_total(PSI_IO, PSI_SOME);
	spin(NSEC_PER_MSEC);
	EXPECT_EQ(t, psi_total(PSI_IO, PSI_SOME), some);
}

static bool go_on;

static void
worker(void *arg)
{
	while (READ_ONCE(go_on))
		cond_resched();
}

/* The same with a task that works on this core. */
static void
somebody_working_is_not_full(struct test *t)
{
	unsigned cpu = smp_processor_id(), was;
	struct task *task;
	u64 full, some;

	go_on = true;
	task = kthread_create_on_cpu(worker, NULL, cpu, "worker");
	ASSERT(t, task);
	get_task(task);
	wake_up_process(task);
	yield();
	full = psi_total(PSI_IO, PSI_FULL);
	some = psi_total(PSI_IO, PSI_SOME);
	was = psi_stall_enter(PSI_IO_STALL);
	msleep(30);
	psi_stall_leave(was);
	EXPECT(t, psi_total(PSI_IO, PSI_SOME) - some >= 30 * NSEC_PER_MSEC);
	if (cpu == smp_processor_id())
		EXPECT_EQ(t, psi_total(PSI_IO, PSI_FULL), full);
	WRITE_ONCE(go_on, false);
	kthread_join(task);
}

/* A task that reclaims runs, but does not get on: alone, that is full. */
static void
to_reclaim_alone_is_full(struct test *t)
{
	u64 full = psi_total(PSI_MEM, PSI_FULL);
	unsigned was;

	msleep(20);			/* the other cores have come to rest */
	was = psi_stall_enter(PSI_MEM_STALL);
	spin(5 * NSEC_PER_MSEC);
	psi_stall_leave(was);
	EXPECT(t, psi_total(PSI_MEM, PSI_FULL) > full);
	EXPECT(t, psi_total(PSI_CPU, PSI_FULL) == 0);
}

static void
two_on_one_core_is_pressure(struct test *t)
{
	u64 before = psi_total(PSI_CPU, PSI_SOME);
	struct task *task[2];

	go_on = true;
	for (unsigned i = 0; i < 2; i++) {
		task[i] = kthread_create_on_cpu(worker, NULL, 0, "worker");
		ASSERT(t, task[i]);
		get_task(task[i]);
		wake_up_process(task[i]);
	}
	TEST_WAIT_UNTIL(psi_total(PSI_CPU, PSI_SOME) >= before +
			NSEC_PER_MSEC);
	WRITE_ONCE(go_on, false);
	kthread_join(task[0]);
	kthread_join(task[1]);
}

static void
averages_follow_the_share(struct test *t)
{
	/* 1 - exp(-2/10) is 18.13 %; after five windows 99 % are there. */
	EXPECT_EQ(t, psi_decay(0, 10000 << 8, 1, 0) >> 8, 1812);
	EXPECT_EQ(t, psi_decay(0, 10000 << 8, 1, 1) >> 8, 327);
	EXPECT_EQ(t, psi_decay(0, 10000 << 8, 1, 2) >> 8, 66);
	EXPECT_EQ(t, psi_decay(0, 10000 << 8, 5, 0) >> 8, 6321);
	EXPECT(t, psi_decay(0, 10000 << 8, 25, 0) >> 8 >= 9900);
	EXPECT_EQ(t, psi_decay(10000 << 8, 0, 5, 0) >> 8, 3678);
	EXPECT_EQ(t, psi_decay(10000 << 8, 0, 100000, 0) >> 8, 0);
	EXPECT_EQ(t, psi_decay(5000 << 8, 5000 << 8, 50, 1) >> 8, 5000);
}

static void
the_files_have_linuxs_format(struct test *t)
{
	char text[200];
	struct seq_buf s;
	unsigned was = psi_stall_enter(PSI_IO_STALL);

	msleep(2500);			/* one period has passed */
	psi_stall_leave(was);
	seq_buf_init(&s, text, sizeof(text));
	node_find("pressure/io")->show(&s);
	EXPECT(t, !strncmp(text, "some avg10=", 11));
	EXPECT(t, strncmp(text, "some avg10=0.00", 15));
	EXPECT(t, strstr(text, " avg60=") && strstr(text, " avg300="));
	EXPECT(t, strstr(text, "\nfull avg10="));
	EXPECT(t, strstr(text, " total="));
	EXPECT(t, node_find("pressure/memory") && node_find("pressure/cpu"));
}

static void
to_wait_for_a_disk_is_pressure(struct test *t)
{
	struct block_device *disk = blk_find("vda");
	u64 before = psi_total(PSI_IO, PSI_SOME);
	void *buf = get_free_page(GFP_KERNEL);

	ASSERT(t, buf);
	if (disk && EXPECT_EQ(t, blk_read(disk, 0, buf, SECTOR_SIZE), 0))
		EXPECT(t, psi_total(PSI_IO, PSI_SOME) > before);
	free_page(buf);
	EXPECT_EQ(t, current->psi_flags, 0);
	if (!disk)
		SKIP(t, "no disk");
}

TEST_SUITE("psi",
	   TEST_CASE(time_in_a_stall_is_counted),
	   TEST_CASE(stalls_nest),
	   TEST_CASE(nobody_working_is_full),
	   TEST_CASE(somebody_working_is_not_full),
	   TEST_CASE(to_reclaim_alone_is_full),
	   TEST_CASE(two_on_one_core_is_pressure),
	   TEST_CASE(averages_follow_the_share),
	   TEST_CASE(the_files_have_linuxs_format),
	   TEST_CASE(to_wait_for_a_disk_is_pressure));
