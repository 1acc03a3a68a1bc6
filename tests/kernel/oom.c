/* SPDX-License-Identifier: MIT */
/*
 * The out-of-memory killer, with programs that take all memory they can get.
 *
 * A "taker" maps and touches so many MiB and then ends with status 0, or waits for
 * ever. While one is there, the memory of a large machine is taken away but for
 * 48 MiB, and sizes are parts of what is free: so each scenario is the same, and as
 * quick, on every machine.
 */
#include <kernel/fs.h>
#include <kernel/kthread.h>
#include <kernel/oom.h>
#include <kernel/process.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/hooks.h>
#include <mm/trace_ring.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "as_helpers.h"
#include "files.h"
#include "programs.h"
#include "threads.h"

#define FLAGS		0x22u		/* MAP_PRIVATE | MAP_ANONYMOUS */
#define NORESERVE	0x4000u
#define LOCKED		0x2000u
#define PAUSE		MOV(7, 29), SVC, 0xeafffffcu

/* --- Programs --- */

#define MOVW(r, n)	(0xe3000000u | ((n) & 0xf000) << 4 | (r) << 12 | \
			 ((n) & 0xfff))

/*
 *	r6 = mib
 * 1:	r0 = mmap2(0, 1 MiB, RW, flags, -1, 0);	if (error) exit(1)
 *	for (r1 = r0 + 1 MiB; r0 < r1; r0 += 4096) *r0 = r7
 *	if (--r6) goto 1
 *	exit(0), or pause() for ever
 */
static struct program
taker(unsigned mib, unsigned flags, bool stays)
{
	const u32 code[] = {
		MOVW(6, mib),
		MOV(0, 0), 0xe3a01601, MOV(2, 3),	/* 1: r1 = 1 MiB */
		MOVW(3, FLAGS | flags), 0xe3e04000, MOV(5, 0),
		MOV(7, 192), SVC,
		0xe3700a01,				/* cmn r0, #4096 */
		0x8a000000 | 10,			/* bhi fail */
		0xe2801601,				/* r1 = r0 + 1 MiB */
		0xe5807000,				/* 2: str r7, [r0] */
		0xe2800a01,				/* r0 += 4096 */
		0xe1500001,				/* cmp r0, r1 */
		0x3afffffb,				/* blo 2b */
		0xe2566001,				/* subs r6, #1 */
		0x1affffee,				/* bne 1b */
		stays ? MOV(7, 29) : MOV(0, 0),
		stays ? SVC : MOV(7, 1),
		stays ? 0xeafffffc : SVC,
		0xe1a00000,				/* nop */
		EXIT(1),				/* fail: */
	};

	return program_of(code, ARRAY_SIZE(code));
}

/* --- What a large machine has too much --- */

#define LEFT_FREE	(48ul << 20 >> PAGE_SHIFT)

static LIST_HEAD(ballast);
static unsigned nr_jobs;

static void
ballast_take(void)
{
	struct page *page;

	while (global_zone_page_state(NR_FREE_PAGES) >
	       LEFT_FREE + MAX_ORDER_NR_PAGES) {
		page = alloc_pages(GFP_HIGHUSER | __GFP_NOWARN | __GFP_NORETRY,
				   MAX_ORDER);
		if (!page)
			break;
		list_add(&page->owner.list, &ballast);
	}
}

static void
ballast_give(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &ballast, owner.list) {
		list_del(&page->owner.list);
		free_frames(page, MAX_ORDER);
	}
}

static void
job_start(struct test *t, struct job *job, const char *path,
	  const struct program *p)
{
	if (!nr_jobs++)
		ballast_take();
	program_start(t, job, path, p);
}

/* Its status as wait4() tells it. */
static int
job_end(struct job *job)
{
	int status = program_wait(job);

	if (!--nr_jobs)
		ballast_give();
	return status;
}

static int
run_taker(struct test *t, unsigned mib, unsigned flags)
{
	struct program p = taker(mib, flags, false);
	struct job job;

	job_start(t, &job, "/taker", &p);
	return job_end(&job);
}

/*
 * Wait until the job has all its memory, and takes no more (a page of its stack
 * may come last); with a reference.
 */
static struct process *
settled(struct test *t, const char *path, unsigned mib)
{
	struct process *process = NULL;
	struct oom_memory m = { 0 };
	unsigned long before = 0;
	unsigned still = 0;

	for (unsigned i = 0; i < 5000 && still < 20; i++) {
		if (!process)
			process = program_process(path);
		if (process)
			oom_process_memory(process, &m);
		still = m.anon >= mib * 256 && m.anon == before ? still + 1 : 0;
		before = m.anon;
		msleep(1);
	}
	EXPECT(t, process && m.anon >= mib * 256);
	return process;
}

static bool
nobody_left(void)
{
	bool empty;
	unsigned long flags = spin_lock_irqsave(&process_lock);

	empty = list_empty(&all_processes);
	spin_unlock_irqrestore(&process_lock, flags);
	return empty;
}

/* So many percent of what is free for the jobs, in MiB. */
static unsigned
part(unsigned percent)
{
	unsigned long frames = min(global_zone_page_state(NR_FREE_PAGES),
				   LEFT_FREE);

	return (unsigned)(frames * percent / 100 / 256);
}

#define NEED_QUIET(t) do { \
	if (!nobody_left()) \
		SKIP(t, "there are processes already"); \
} while (0)

/* --- Scenarios --- */

static void
a_hog_is_killed(struct test *t)
{
	unsigned long kills = vm_event(OOM_KILL), nr = nr_oom_kills;
	u64 lost = psi_total(PSI_MEM, PSI_SOME);
	unsigned half = part(50);	/* while the reaper is at it: less */

	NEED_QUIET(t);
	EXPECT_EQ(t, run_taker(t, 4000, NORESERVE), SIGKILL);
	EXPECT_EQ(t, vm_event(OOM_KILL), kills + 1);
	EXPECT_EQ(t, nr_oom_kills, nr + 1);
	EXPECT(t, psi_total(PSI_MEM, PSI_SOME) > lost);
	test_info(t, "from the call to the signal: %llu ns", oom_last_ns);
	EXPECT_EQ(t, run_taker(t, half, NORESERVE), 0);
}

/*
 *	sits   |##########|	60 %, waits		killed
 *	taker	   |########|	then 50 %, ends		status 0
 */
static void
the_largest_makes_room_for_the_next(struct test *t)
{
	unsigned mib = part(60), next = part(50);
	struct program p = taker(mib, NORESERVE, true);
	struct process *process;
	struct job sits;

	NEED_QUIET(t);
	job_start(t, &sits, "/sits", &p);
	process = settled(t, "/sits", mib);
	EXPECT_EQ(t, run_taker(t, next, NORESERVE), 0);
	EXPECT_EQ(t, job_end(&sits), SIGKILL);
	ASSERT(t, process);
	TEST_WAIT_UNTIL(process->oom_state == OOM_DONE);
	process_put(process);
}

/* The same with sits exempt: now it is the taker that ends. */
static void
the_protected_one_is_spared(struct test *t)
{
	unsigned mib = part(60), next = part(50);
	struct program p = taker(mib, NORESERVE, true);
	struct process *process;
	struct job sits;

	NEED_QUIET(t);
	job_start(t, &sits, "/sits", &p);
	process = settled(t, "/sits", mib);
	ASSERT(t, process);
	process->oom_score_adj = OOM_SCORE_ADJ_MIN;
	EXPECT_EQ(t, oom_badness(process), -1);
	EXPECT_EQ(t, run_taker(t, next, NORESERVE), SIGKILL);
	EXPECT(t, !sits.over);
	program_kill(process, NULL);
	EXPECT_EQ(t, job_end(&sits), SIGKILL);
	EXPECT_EQ(t, process->oom_state, OOM_NONE);
	process_put(process);
}

/* A small one that is wanted dead; its memory may even be locked. */
static void
marked_goes_first(struct test *t, unsigned mib, unsigned flags)
{
	struct program p = taker(mib, NORESERVE | flags, true);
	struct process *process;
	struct job sits;

	job_start(t, &sits, "/sits", &p);
	process = settled(t, "/sits", mib);
	ASSERT(t, process);
	process->oom_score_adj = OOM_SCORE_ADJ_MAX;
	EXPECT_EQ(t, run_taker(t, 4000, NORESERVE), SIGKILL);
	EXPECT_EQ(t, job_end(&sits), SIGKILL);
	TEST_WAIT_UNTIL(process->oom_state == OOM_DONE);
	process_put(process);
}

static void
the_marked_one_goes_first(struct test *t)
{
	NEED_QUIET(t);
	marked_goes_first(t, 1, 0);
}

static void
locked_memory_does_not_save_it(struct test *t)
{
	NEED_QUIET(t);
	marked_goes_first(t, 3, LOCKED);
}

static void
who_allocates_may_be_the_one(struct test *t)
{
	unsigned mib = part(60), next = part(50);
	struct program p = taker(mib, NORESERVE, true);
	struct process *process;
	struct job sits;

	NEED_QUIET(t);
	job_start(t, &sits, "/sits", &p);
	process = settled(t, "/sits", mib);
	sysctl_oom_kill_allocating_task = 1;
	EXPECT_EQ(t, run_taker(t, next, NORESERVE), SIGKILL);
	sysctl_oom_kill_allocating_task = 0;
	EXPECT(t, !sits.over);
	ASSERT(t, process);
	program_kill(process, NULL);
	EXPECT_EQ(t, job_end(&sits), SIGKILL);
	process_put(process);
}

/* The kernel takes frames until there are no more; that costs the process. */
static void
the_kernels_own_hunger_kills_too(struct test *t)
{
	unsigned mib = part(50);
	struct program p = taker(mib, NORESERVE, true);
	struct page *taken = NULL, *page;
	struct process *process;
	struct job sits;

	NEED_QUIET(t);
	job_start(t, &sits, "/sits", &p);
	process = settled(t, "/sits", mib);
	ASSERT(t, process);
	/* What it had would be taken too before its end is noticed. */
	while (process->oom_state == OOM_NONE &&
	       (page = alloc_page(GFP_KERNEL | __GFP_NOWARN))) {
		page->owner.private[0] = (unsigned long)taken;
		taken = page;
	}
	EXPECT(t, process->oom_state != OOM_NONE);
	process_put(process);
	while (taken) {
		page = taken;
		taken = (struct page *)page->owner.private[0];
		free_frame(page);
	}
	EXPECT_EQ(t, job_end(&sits), SIGKILL);
}

static void
with_nobody_to_end_the_request_fails(struct test *t)
{
	NEED_QUIET(t);
	EXPECT(t, !out_of_memory(GFP_KERNEL, 0));
	EXPECT(t, !oom_select());
}

/*
 * clone(CLONE_VM | SIGCHLD): two processes of one space. The child waits, the parent
 * takes all memory; both have to end.
 */
static void
sharers_of_a_space_end_together(struct test *t)
{
	struct program p = taker(4000, NORESERVE, false);
	u32 code[CODE_MAX];
	const u32 start[] = {
		MOVW(0, 0x111), MOV(1, 0), MOV(2, 0), MOV(3, 0), MOV(4, 0),
		MOV(7, 120), SVC,
		0xe3500000,			/* cmp r0, #0 */
		0x1a000002,			/* bne: the taker */
		PAUSE,
	};
	struct job job;

	NEED_QUIET(t);
	memcpy(code, start, sizeof(start));
	memcpy(code + ARRAY_SIZE(start), p.code, 26 * 4);
	p = program_of(code, ARRAY_SIZE(start) + 26);
	job_start(t, &job, "/two", &p);
	EXPECT_EQ(t, job_end(&job), SIGKILL);
	TEST_WAIT_UNTIL(nobody_left());
}

/*
 * fork() without end: each child takes a MiB and stays. Some are killed so that others
 * can go on; the machine stays usable and all memory comes back.
 */
static void
a_fork_bomb_is_survived(struct test *t)
{
	struct program p = taker(1, NORESERVE, true);
	u32 code[CODE_MAX];
	unsigned nr = part(100) + 8;
	const u32 start[] = {
		MOVW(9, nr),
		MOV(7, 2), SVC,			/* 1: fork */
		0xe3500000,			/* cmp r0, #0 */
		0x0a000004,			/* beq: the taker */
		0xe2599001,			/* subs r9, #1 */
		0x1afffff9,			/* bne 1b */
		EXIT(0),
	};
	unsigned kills = nr_oom_kills;
	struct job job;

	NEED_QUIET(t);
	memcpy(code, start, sizeof(start));
	memcpy(code + ARRAY_SIZE(start), p.code, 26 * 4);
	p = program_of(code, ARRAY_SIZE(start) + 26);
	job_start(t, &job, "/bomb", &p);
	TEST_WAIT_UNTIL(nr_oom_kills > kills);
	process_for_each(program_kill, NULL);
	job_end(&job);
	TEST_WAIT_UNTIL((process_for_each(program_kill, NULL), nobody_left()));
}

static void
call_oom(void *arg)
{
	out_of_memory(GFP_HIGHUSER_MOVABLE, 0);
}

static void
it_panics_when_told_to(struct test *t)
{
	NEED_QUIET(t);
	sysctl_panic_on_oom = 1;
	EXPECT_REPORT(t, call_oom, NULL, "panic_on_oom is set");
	EXPECT(t, strstr(test_last_report(), "invoked oom-killer: "
			 "gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0"));
	EXPECT(t, strstr(test_last_report(), "no killable processes"));
	sysctl_panic_on_oom = 0;
}

/* --- The reaper --- */

static void
a_reaped_space_serves_no_fault(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	unsigned long at;

	ASSERT(t, mm);
	at = as_map(mm, 0x100000, 16 * PAGE_SIZE, RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 8; i++)
		EXPECT_EQ(t, as_touch(mm, at + i * PAGE_SIZE, true), 0);
	EXPECT_EQ(t, mm->rss[MM_ANONPAGES], 8);
	down_write(&mm->mmap_lock);
	EXPECT(t, !mm_oom_reap(mm, current->pid));
	up_write(&mm->mmap_lock);
	EXPECT_EQ(t, mm->rss[MM_ANONPAGES], 8);
	EXPECT(t, mm_oom_reap(mm, current->pid));
	EXPECT_EQ(t, mm->rss[MM_ANONPAGES], 0);
	EXPECT_EQ(t, as_touch(mm, at, true), VM_FAULT_SIGBUS);
	EXPECT_EQ(t, as_touch(mm, at + 9 * PAGE_SIZE, false), VM_FAULT_SIGBUS);
	mmput(mm);
}

static void
what_is_shared_is_not_reaped(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	struct file *f = must_open(t, "/shared", O_CREAT | O_RDWR);
	unsigned long at;

	ASSERT(t, mm && f);
	EXPECT_EQ(t, vfs_truncate(f->f_inode, 4 * PAGE_SIZE), 0);
	at = as_map_file(mm, f, 4 * PAGE_SIZE, RW, MAP_SHARED);
	EXPECT_EQ(t, as_touch(mm, at, true), 0);
	EXPECT(t, mm_oom_reap(mm, current->pid));
	EXPECT_EQ(t, mm_rss(mm), 1);
	EXPECT_EQ(t, as_touch(mm, at, true), 0);
	mmput(mm);
	fput(f);
	vfs_unlink_at(AT_FDCWD, "/shared");
}

#ifndef VELLUM_NO_TRACE

/* Chosen, given to the reaper, reaped (or on its way out already): in this order. */
static void
the_end_of_a_victim_is_traced(struct test *t)
{
	static char text[4096];
	trace_mask_t oom = 0;
	struct seq_buf s;
	const char *at;

	NEED_QUIET(t);
	if (trace_events)
		SKIP(t, "the machine was started with trace=");
	EXPECT_EQ(t, trace_parse("oom", &oom), 0);
	ASSERT_EQ(t, trace_start(oom), 0);
	EXPECT_EQ(t, run_taker(t, 4000, NORESERVE), SIGKILL);
	trace_stop();
	seq_buf_init(&s, text, sizeof(text));
	trace_show(&s, 16);
	at = strstr(text, ": mark_victim: comm=");
	if (EXPECT(t, at))
		EXPECT(t, strstr(at, " oom_score_adj=0\n"));
	at = at ? strstr(at, ": wake_reaper: comm=") : NULL;
	if (EXPECT(t, at))
		EXPECT(t, strstr(at, "_task_reaping: comm="));
	trace_release();
}

/* A space whose lock somebody has is passed over; then it is reaped. */
static void
a_locked_space_is_skipped(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	static char text[2048];
	trace_mask_t oom = 0;
	struct seq_buf s;
	const char *at;

	ASSERT(t, mm);
	if (trace_events || !EXPECT_EQ(t, trace_parse("oom", &oom), 0) ||
	    !EXPECT_EQ(t, trace_start(oom), 0)) {
		mmput(mm);
		SKIP(t, "the machine was started with trace=");
	}
	down_write(&mm->mmap_lock);
	EXPECT(t, !mm_oom_reap(mm, 4711));
	up_write(&mm->mmap_lock);
	EXPECT(t, mm_oom_reap(mm, 4711));
	trace_oom_score_adj_update(4711, -17);
	trace_stop();
	seq_buf_init(&s, text, sizeof(text));
	trace_show(&s, 16);
	at = strstr(text, ": skip_task_reaping: ");
	at = at ? strstr(at, ": start_task_reaping: ") : NULL;
	at = at ? strstr(at, ": finish_task_reaping: ") : NULL;
	at = at ? strstr(at, ": oom_score_adj_update: ") : NULL;
	EXPECT(t, at && strstr(at, " oom_score_adj=-17\n"));
	trace_release();
	mmput(mm);
}

#endif

/* --- Figures --- */

static int
set(int pid, const char *name, const char *text)
{
	char path[40];
	struct file *f;
	u64 pos = 0;
	ssize_t n;
	int err;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	err = filp_open(path, O_WRONLY, 0, &f);
	if (err)
		return err;
	n = kernel_write(f, text, strlen(text), &pos);
	fput(f);
	return n < 0 ? (int)n : 0;
}

static bool
shows(int pid, const char *name, const char *text)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return file_is(path, text);
}

static void
a_score_is_thousandths_of_memory(struct test *t)
{
	unsigned mib = max(part(50), 1u);
	struct program p = taker(mib, NORESERVE, true);
	struct process *process;
	struct oom_memory m;
	struct job sits;
	char text[16];
	int pid;

	NEED_QUIET(t);
	job_start(t, &sits, "/sits", &p);
	process = settled(t, "/sits", mib);
	ASSERT(t, process);
	pid = process->pid;
	EXPECT(t, oom_process_memory(process, &m));
	EXPECT(t, m.anon >= mib * 256 && m.total_vm > m.anon && m.tables);
	EXPECT_EQ(t, oom_badness(process),
		  m.anon + m.file + m.shmem + m.tables);
	snprintf(text, sizeof(text), "%lu\n", (m.anon + m.file + m.shmem +
		 m.tables) * 1000 / oom_total_pages());
	EXPECT(t, shows(pid, "oom_score", text));
	EXPECT_EQ(t, set(pid, "oom_score_adj", "-1000"), 0);
	EXPECT(t, shows(pid, "oom_score", "0\n"));
	EXPECT(t, shows(pid, "oom_adj", "-17\n"));
	EXPECT_EQ(t, set(pid, "oom_adj", "15"), 0);
	EXPECT(t, shows(pid, "oom_score_adj", "1000\n"));
	EXPECT_EQ(t, oom_badness(process), m.anon + m.file + m.shmem +
		  m.tables + oom_total_pages());
	EXPECT_EQ(t, set(pid, "oom_score_adj", "1001"), -EINVAL);
	EXPECT_EQ(t, set(pid, "oom_score_adj", "-1001"), -EINVAL);
	EXPECT_EQ(t, set(pid, "oom_score_adj", "-"), -EINVAL);
	EXPECT_EQ(t, set(pid, "oom_adj", "16"), -EINVAL);
	EXPECT_EQ(t, set(pid, "oom_adj", "-18"), -EINVAL);
	EXPECT_EQ(t, set(pid, "oom_adj", "-17"), 0);
	EXPECT(t, shows(pid, "oom_score_adj", "-1000\n"));
	program_kill(process, NULL);
	EXPECT_EQ(t, job_end(&sits), SIGKILL);
	process_put(process);
}

TEST_SUITE("oom",
	TEST_CASE(a_hog_is_killed),
	TEST_CASE(the_largest_makes_room_for_the_next),
	TEST_CASE(the_protected_one_is_spared),
	TEST_CASE(the_marked_one_goes_first),
	TEST_CASE(locked_memory_does_not_save_it),
	TEST_CASE(who_allocates_may_be_the_one),
	TEST_CASE(the_kernels_own_hunger_kills_too),
	TEST_CASE(with_nobody_to_end_the_request_fails),
	TEST_CASE(sharers_of_a_space_end_together),
	TEST_CASE(a_fork_bomb_is_survived),
	TEST_CASE(it_panics_when_told_to),
	TEST_CASE(a_reaped_space_serves_no_fault),
	TEST_CASE(what_is_shared_is_not_reaped),
#ifndef VELLUM_NO_TRACE
	TEST_CASE(the_end_of_a_victim_is_traced),
	TEST_CASE(a_locked_space_is_skipped),
#endif
	TEST_CASE(a_score_is_thousandths_of_memory));
