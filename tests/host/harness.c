/* SPDX-License-Identifier: MIT */
/*
 * Host tests: the runner, and the kernel around the module under test.
 *
 * What it is for
 *   The pure parts of the kernel are built for the host, where sanitizers
 *   watch each access and millions of random operations take seconds. What
 *   they call of the rest of the kernel is here, as small as it can be.
 *
 * Ideas
 *   Each tests/host/test_NAME.c becomes one program that prints KTAP.
 *   SEED=N chooses the row of random numbers, SEED=time another each time;
 *   it is printed, and each case derives its own from it and its name.
 *   A panic is a longjmp back to test_expect_report() when one is expected,
 *   and the end of the program when not.
 */
#undef vsnprintf
#undef snprintf
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <asm/irqflags.h>
#include <asm/memory.h>
#include <asm/percpu.h>
#include <kernel/init.h>
#include <kernel/lock.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/smp.h>
#include "harness.h"

#define DEFAULT_SEED	1

unsigned char *host_arena;
void *high_memory;
unsigned long percpu_offset[NR_CPUS];
unsigned host_cpu;
unsigned nr_cpus = 1;
unsigned long cpu_online_mask = 1;
unsigned long host_irqflags;
unsigned nr_warnings;
enum system_state system_state = SYSTEM_RUNNING;
enum log_level console_loglevel = LOG_INFO;
char host_log[8192];

extern const struct test_suite host_tests_start[] __asm__("__start_host_tests");
extern const struct test_suite host_tests_end[] __asm__("__stop_host_tests");
extern const struct boot_param params_start[]
	__asm__("__start_host_boot_params") __weak;
extern const struct boot_param params_end[]
	__asm__("__stop_host_boot_params") __weak;
extern const struct node nodes_start[] __asm__("__start_host_nodes") __weak;
extern const struct node nodes_end[] __asm__("__stop_host_nodes") __weak;
extern char percpu_start[] __asm__("__start_data_percpu") __weak;
extern char percpu_end[] __asm__("__stop_data_percpu") __weak;

static char *percpu_copies[NR_CPUS];
static jmp_buf panic_jump;
static bool panic_expected;

/* --- the kernel around the module ---------------------------------------- */

static void __attribute__((constructor))
host_set_up(void)
{
	size_t percpu_size = percpu_end - percpu_start;
	unsigned cpu;

	host_arena = mmap(NULL, HOST_ARENA_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (host_arena == MAP_FAILED)
		abort();
	high_memory = host_arena + HOST_ARENA_SIZE;
	for (cpu = 1; percpu_size && cpu < NR_CPUS; cpu++) {
		char *copy = aligned_alloc(64, ALIGN_UP(percpu_size, 64));

		memcpy(copy, percpu_start, percpu_size);
		percpu_copies[cpu] = copy;	/* so that it is no leak */
		percpu_offset[cpu] = (unsigned long)copy -
				     (unsigned long)percpu_start;
	}
}

void
host_set_cpu(unsigned cpu)
{
	host_cpu = cpu;
}

int
libc_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	return vsnprintf(buf, size, fmt, ap);
}

void
host_log_clear(void)
{
	host_log[0] = '\0';
}

void
vprintk(enum log_level level, const char *fmt, va_list ap)
{
	size_t used = strlen(host_log);

	(void)level;
	vsnprintf(host_log + used, sizeof(host_log) - used, fmt, ap);
	if (getenv("VERBOSE"))
		printf("# %s", host_log + used);
}

void
printk(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintk(level, fmt, ap);
	va_end(ap);
}

void
console_printf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintk(LOG_INFO, fmt, ap);
	va_end(ap);
}

/* Nobody comes back from here but to an expecting test. */
static void __noreturn
host_die(void)
{
	if (panic_expected)
		longjmp(panic_jump, 1);
	printf("Bail out! %s\n", host_log);
	fflush(stdout);
	abort();
}

void
panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintk(LOG_EMERG, fmt, ap);
	va_end(ap);
	host_die();
}

void
bug(const char *file, int line, const char *cond)
{
	printk(LOG_EMERG, "BUG at %s:%d: %s", file, line, cond ? cond : "");
	host_die();
}

void
warn(const char *file, int line, const char *cond)
{
	nr_warnings++;
	printk(LOG_WARNING, "WARNING at %s:%d: %s\n", file, line, cond);
}

void
dump_stack(void)
{
}

size_t
symbol_format(unsigned long addr, char *buf, size_t size)
{
	return snprintf(buf, size, "%lx", addr);
}

void
spin_lock_slow(spinlock_t *lock)
{
	panic("one thread waits for the lock at %p", (void *)lock);
}

#ifdef VELLUM_DEBUG
static unsigned locks_held;

void
lockcheck_acquire(spinlock_t *lock)
{
	if (spin_is_locked(lock))
		panic("lock of rank %u taken twice", lock->rank);
}

void
lockcheck_acquired(spinlock_t *lock)
{
	lock->cpu_plus_1 = host_cpu + 1;
	locks_held++;
}

void
lockcheck_release(spinlock_t *lock)
{
	if (lock->cpu_plus_1 != host_cpu + 1)
		panic("lock of rank %u released by another", lock->rank);
	lock->cpu_plus_1 = 0;
	locks_held--;
}

unsigned
lockcheck_depth(void)
{
	return locks_held;
}

void
lockcheck_reset(void)
{
	locks_held = 0;
}
#endif

/* Play the other core for the time of the call. */
void
smp_call_function_single(unsigned cpu, void (*fn)(void *), void *arg)
{
	unsigned here = host_cpu;
	unsigned long flags = local_irq_save();

	host_set_cpu(cpu);
	fn(arg);
	host_set_cpu(here);
	local_irq_restore(flags);
}

void
on_each_cpu_cond(bool (*cond)(unsigned cpu, void *arg), void (*fn)(void *),
		 void *arg)
{
	unsigned cpu;

	for_each_online_cpu(cpu)
		if (!cond || cpu == host_cpu || cond(cpu, arg))
			smp_call_function_single(cpu, fn, arg);
}

void
on_each_cpu(void (*fn)(void *), void *arg)
{
	on_each_cpu_cond(NULL, fn, arg);
}

const struct node *
node_find(const char *name)
{
	const struct node *node;

	for (node = nodes_start; node < nodes_end; node++) {
		if (strcmp(node->name, name) == 0)
			return node;
	}
	return NULL;
}

int
host_boot_param(const char *name, const char *value)
{
	const struct boot_param *param;

	for (param = params_start; param < params_end; param++) {
		if (strcmp(param->name, name) == 0)
			return param->fn(value);
	}
	return -2;
}

/* --- the framework ------------------------------------------------------- */

void
test_fail(struct test *t, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	if (t->nr_failed++ > 20)
		return;
	printf("    # %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

void
test_info(struct test *t, const char *fmt, ...)
{
	va_list ap;

	(void)t;
	printf("    # ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

u32
test_random(struct test *t)
{
	return (u32)(random_next(&t->rng) >> 32);
}

bool
test_expect_report(struct test *t, void (*fn)(void *), void *arg,
		   const char *text)
{
	volatile bool came = false;	/* set between setjmp and longjmp */

	host_log_clear();
	panic_expected = true;
	if (setjmp(panic_jump) == 0)
		fn(arg);
	else
		came = true;
	panic_expected = false;
	lockcheck_reset();
	if (came && strstr(host_log, text))
		return true;
	test_info(t, "report: %s", came ? host_log : "none");
	return false;
}

void
test_on_all_cpus(struct test *t, void (*fn)(struct test *t, unsigned cpu,
					    void *arg), void *arg)
{
	unsigned cpu;

	for_each_online_cpu(cpu) {
		host_set_cpu(cpu);
		fn(t, cpu, arg);
	}
	host_set_cpu(0);
}

static u64
case_seed(u64 seed, const char *name)
{
	for (; *name; name++)
		seed = (seed ^ (u8)*name) * 0x100000001b3ULL;
	return seed;
}

/* Returns how many cases of the suite failed. */
static unsigned
run_suite(const struct test_suite *suite, const char *only, u64 seed)
{
	unsigned i, failed = 0, number = 0, plan = 0;

	for (i = 0; i < suite->nr_cases; i++)
		plan += !only || strcmp(only, suite->cases[i].name) == 0;
	printf("    KTAP version 1\n    # Subtest: %s\n    1..%u\n",
	       suite->name, plan);
	for (i = 0; i < suite->nr_cases; i++) {
		const struct test_case *tc = &suite->cases[i];
		struct test t = { .suite = suite->name, .name = tc->name };

		if (only && strcmp(only, tc->name) != 0)
			continue;
		t.seed = t.rng = case_seed(seed, tc->name);
		host_log_clear();
		fflush(stdout);
		tc->fn(&t);
		printf("    %sok %u %s%s%s\n", t.nr_failed ? "not " : "",
		       ++number, tc->name, t.skip ? " # SKIP " : "",
		       t.skip ? t.skip : "");
		failed += t.nr_failed != 0;
	}
	return failed;
}

int
main(int argc, char **argv)
{
	const char *text = getenv("SEED");
	const struct test_suite *suite;
	unsigned failed = 0, number = 0, n;
	u64 seed = DEFAULT_SEED;

	setlinebuf(stdout);
	if (text && strcmp(text, "time") == 0)
		seed = (u64)time(NULL);
	else if (text && *text)
		seed = strtoull(text, NULL, 0);
	printf("KTAP version 1\n# SEED=%llu\n1..%u\n", seed,
	       (unsigned)(host_tests_end - host_tests_start));
	for (suite = host_tests_start; suite < host_tests_end; suite++) {
		n = run_suite(suite, argc > 1 ? argv[1] : NULL, seed);
		printf("%sok %u %s\n", n ? "not " : "", ++number, suite->name);
		failed += n;
	}
	return failed ? 1 : 0;
}
