/* SPDX-License-Identifier: MIT */
/* userfaultfd: faults that a thread serves for another, errno by errno. */
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/mman.h>

#include "utest.h"

/* Of the EABI's table; what user/include does not name. */
enum { NR_ioctl = 54, NR_setresuid = 208, NR_tgkill = 268,
       NR_process_vm_readv = 376, NR_pidfd_open = 434, NR_pidfd_getfd = 438 };

#define CLOEXEC		02000000
#define NONBLOCK	04000
#define BAD		((void *)8)

static char page_of_x[4 * PAGE] __attribute__((aligned(4096)));

static long
ctl(int fd, unsigned long cmd, void *arg)
{
	return SYSCALL(NR_ioctl, fd, cmd, arg);
}

static int
open_with(unsigned flags, uint64_t features)
{
	int fd = SYSCALL(SYS_userfaultfd, flags);
	struct uffdio_api api = { 0xaa, features, 0 };

	ASSERT(fd >= 0);
	ASSERT_EQ(ctl(fd, UFFDIO_API, &api), 0);
	memset(page_of_x, 'x', sizeof(page_of_x));
	return fd;
}

static long
serve(int fd, void *at, unsigned pages)
{
	struct uffdio_register r = { { (unsigned long)at, pages * PAGE }, 1, 0 };
	long err = ctl(fd, UFFDIO_REGISTER, &r);

	if (!err)
		EXPECT_EQ(r.ioctls, 0x1c);
	return err;
}

/* Memory of which nothing is there, served through fd. */
static char *
served(int fd, unsigned pages)
{
	char *at = map(pages * PAGE);

	ASSERT_EQ(serve(fd, at, pages), 0);
	return at;
}

static long
copy_to(int fd, char *dst, unsigned pages, int64_t *copied)
{
	struct uffdio_copy c = { (unsigned long)dst, (unsigned long)page_of_x,
			  pages * PAGE, 0, 7 };
	long err = ctl(fd, UFFDIO_COPY, &c);

	*copied = c.copy;
	return err;
}

static void
fill(int fd, char *dst)
{
	int64_t copied;

	EXPECT_EQ(copy_to(fd, dst, 1, &copied), 0);
	EXPECT_EQ(copied, PAGE);
}

/* Wait for the next fault: it is at this page. */
static struct uffd_msg
asked(int fd, char *page)
{
	struct uffd_msg m = { 0 };

	EXPECT_EQ(SYSCALL(SYS_read, fd, &m, sizeof(m)), sizeof(m));
	EXPECT_EQ(m.event, 0x12);
	EXPECT_EQ(m.arg.pagefault.address, (unsigned long)page);
	return m;
}

/* --- A thread that touches --------------------------------------------------- */

struct toucher {
	char *at;
	int pipe;			/* the kernel reads it; 0: the thread */
	bool write;
	volatile char got;
	volatile int tid, number;
	volatile long result;
};

static int
touch(void *arg)
{
	struct toucher *t = arg;

	t->number = SYSCALL(SYS_gettid);
	if (t->pipe)
		t->result = SYSCALL(SYS_write, t->pipe, t->at, 1);
	else if (t->write)
		*t->at = 'w';
	else
		t->got = *t->at;
	return 0;
}

static void
start(struct toucher *t)
{
	char *stack = map(4 * PAGE);

	ASSERT(start_thread(stack + 4 * PAGE, touch, t, &t->tid) > 0);
}

/* --- Cases -------------------------------------------------------------------- */

static void
open_errors(void)
{
	EXPECT_EQ(SYSCALL(SYS_userfaultfd, 2), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_userfaultfd, 02), -EINVAL);
	EXPECT(SYSCALL(SYS_userfaultfd, CLOEXEC | NONBLOCK) >= 0);
	SYSCALL(NR_setresuid, 1000, 1000, 1000);
	EXPECT_EQ(SYSCALL(SYS_userfaultfd, 0), -EPERM);
	EXPECT(SYSCALL(SYS_userfaultfd, UFFD_USER_MODE_ONLY) >= 0);
}

static void
a_knob_opens_it_to_all(void)
{
	int fd = open("/proc/sys/vm/unprivileged_userfaultfd", O_RDWR);
	char was = 0;

	ASSERT(fd >= 0);
	EXPECT_EQ(pread(fd, &was, 1, 0), 1);
	EXPECT_EQ(was, '0');
	EXPECT_EQ(SYSCALL(SYS_write, fd, "1", 1), 1);
	SYSCALL(NR_setresuid, 1000, 1000, 0);
	EXPECT(SYSCALL(SYS_userfaultfd, 0) >= 0);
	SYSCALL(NR_setresuid, 0, 0, 0);
	EXPECT_EQ(SYSCALL(SYS_write, fd, "0", 1), 1);
}

static void
handshake_comes_first(void)
{
	int fd = SYSCALL(SYS_userfaultfd, NONBLOCK);
	struct uffdio_api api = { 0xaa, 1ull << 40, 5 };
	char *at = map(PAGE);
	struct pollfd p = { fd, POLLIN, 0 };
	struct uffd_msg m;

	ASSERT(fd >= 0);
	EXPECT_EQ(serve(fd, at, 1), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &m, sizeof(m)), -EINVAL);
	EXPECT_EQ(poll(&p, 1, 0), 1);
	EXPECT_EQ(p.revents, POLLERR);
	EXPECT_EQ(ctl(fd, UFFDIO_API, BAD), -EFAULT);
	EXPECT_EQ(ctl(fd, UFFDIO_API, &api), -EINVAL);
	EXPECT(!api.api && !api.features && !api.ioctls);
	api.api = 0xab;
	EXPECT_EQ(ctl(fd, UFFDIO_API, &api), -EINVAL);
	api = (struct uffdio_api){ 0xaa, 0, 0 };
	EXPECT_EQ(ctl(fd, UFFDIO_API, &api), 0);
	EXPECT_EQ(api.features, UFFD_FEATURE_SIGBUS | UFFD_FEATURE_THREAD_ID);
	EXPECT_EQ(api.ioctls, 1ull << 63 | 3);
	EXPECT_EQ(ctl(fd, UFFDIO_API, &api), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &m, sizeof(m) - 1), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &m, sizeof(m)), -EAGAIN);
	EXPECT_EQ(SYSCALL(SYS_write, fd, &m, sizeof(m)), -EINVAL);
}

static void
register_errors(void)
{
	int fd = open_with(0, 0), other = open_with(0, 0);
	char *at = map(4 * PAGE);
	int file = temp_file(page_of_x, PAGE);
	struct uffdio_register r = { { (unsigned long)at, PAGE }, 0, 0 };
	void *bytes, *shared;

	bytes = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
	shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	EXPECT_EQ(ctl(fd, UFFDIO_REGISTER, &r), -EINVAL);	/* no mode */
	r.mode = 3;
	EXPECT_EQ(ctl(fd, UFFDIO_REGISTER, &r), -EINVAL);	/* write-protect */
	EXPECT_EQ(ctl(fd, UFFDIO_REGISTER, BAD), -EFAULT);
	EXPECT_EQ(serve(fd, at, 0), -EINVAL);
	EXPECT_EQ(serve(fd, at + 1, 1), -EINVAL);
	EXPECT_EQ(serve(fd, NULL, 1), -EINVAL);
	EXPECT_EQ(serve(fd, (void *)0xbffff000, 2), -EINVAL);
	EXPECT_EQ(serve(fd, (void *)0xc0000000, 1), -EINVAL);
	EXPECT_EQ(serve(fd, bytes, 1), -EINVAL);
	EXPECT_EQ(serve(fd, shared, 1), -EINVAL);
	munmap(at + 3 * PAGE, PAGE);
	EXPECT_EQ(serve(fd, at + 3 * PAGE, 1), -EINVAL);	/* a hole */
	EXPECT_EQ(serve(fd, at, 4), 0);
	EXPECT_EQ(serve(fd, at, 4), 0);			/* once more */
	EXPECT_EQ(serve(other, at + PAGE, 1), -EBUSY);
	EXPECT_EQ(ctl(other, UFFDIO_UNREGISTER, &r.range), -EINVAL);
	EXPECT_EQ(ctl(fd, UFFDIO_UNREGISTER, BAD), -EFAULT);
	EXPECT_EQ(ctl(fd, UFFDIO_UNREGISTER, &r.range), 0);
	EXPECT_EQ(serve(other, at, 1), 0);
	EXPECT_EQ(ctl(fd, 0xc020aa07, &r), -EINVAL);	/* CONTINUE */
	EXPECT_EQ(ctl(fd, 0xc018aa06, &r), -EINVAL);	/* WRITEPROTECT */
}

static void
what_is_missing_is_asked_for(void)
{
	int fd = open_with(0, 0);
	char *at = served(fd, 3);
	struct toucher t = { .at = at + PAGE + 77 };

	start(&t);
	EXPECT_EQ(asked(fd, at + PAGE).arg.pagefault.flags, 0);
	EXPECT(t.tid && !t.got);
	fill(fd, at + PAGE);
	join_thread(&t.tid);
	EXPECT_EQ(t.got, 'x');
	EXPECT_EQ(at[2 * PAGE - 1], 'x');		/* and no further */
	at[PAGE] = 'y';
	EXPECT_EQ(at[PAGE], 'y');
}

static void
a_write_says_so(void)
{
	int fd = open_with(0, UFFD_FEATURE_THREAD_ID);
	char *at = served(fd, 1);
	struct toucher t = { .at = at, .write = true };
	struct uffd_msg m;

	start(&t);
	m = asked(fd, at);
	EXPECT_EQ(m.arg.pagefault.flags, 1);
	EXPECT_EQ(m.arg.pagefault.feat.ptid, t.number);
	fill(fd, at);
	join_thread(&t.tid);
	EXPECT(at[0] == 'w' && at[1] == 'x');
}

static void
who_does_not_ask_is_told_no_thread(void)
{
	int fd = open_with(0, 0);
	char *at = served(fd, 1);
	struct toucher t = { .at = at };

	start(&t);
	EXPECT_EQ(asked(fd, at).arg.pagefault.feat.ptid, 0);
	fill(fd, at);
	join_thread(&t.tid);
}

static void
one_page_serves_all_that_wait(void)
{
	int fd = open_with(NONBLOCK, 0);
	struct pollfd p = { fd, POLLIN, 0 };
	char *at = served(fd, 2);
	struct toucher t[3] = { { .at = at }, { .at = at + 9 }, { .at = at + PAGE } };
	struct uffd_msg m[4];
	int i, n = 0;

	for (i = 0; i < 3; i++)
		start(&t[i]);
	while (n < 3 && poll(&p, 1, -1) == 1)
		n += SYSCALL(SYS_read, fd, m, sizeof(m)) / (int)sizeof(*m);
	EXPECT_EQ(n, 3);
	fill(fd, at);
	join_thread(&t[0].tid);
	join_thread(&t[1].tid);
	EXPECT(t[0].got == 'x' && t[1].got == 'x' && t[2].tid);
	EXPECT_EQ(poll(&p, 1, 20), 0);		/* it sleeps on, and asks no more */
	fill(fd, at + PAGE);
	join_thread(&t[2].tid);
	EXPECT_EQ(t[2].got, 'x');
}

static void
a_page_of_zeros_can_be_the_answer(void)
{
	int fd = open_with(0, 0);
	char *at = served(fd, 2);
	struct uffdio_zeropage z = { { (unsigned long)at, 2 * PAGE }, 0, 7 };
	struct toucher t = { .at = at, .got = 'n' };

	start(&t);
	asked(fd, at);
	EXPECT_EQ(ctl(fd, UFFDIO_ZEROPAGE, &z), 0);
	EXPECT_EQ(z.zeropage, 2 * PAGE);
	join_thread(&t.tid);
	EXPECT_EQ(t.got, 0);
	at[PAGE] = 'y';
	EXPECT(at[PAGE] == 'y' && !at[PAGE + 1] && !at[0]);
	EXPECT_EQ(ctl(fd, UFFDIO_ZEROPAGE, &z), -EEXIST);
	EXPECT_EQ(z.zeropage, -EEXIST);
	z.range.len = 0;
	EXPECT_EQ(ctl(fd, UFFDIO_ZEROPAGE, &z), -EINVAL);
	z.range.len = PAGE;
	z.mode = 2;
	EXPECT_EQ(ctl(fd, UFFDIO_ZEROPAGE, &z), -EINVAL);
	EXPECT_EQ(ctl(fd, UFFDIO_ZEROPAGE, BAD), -EFAULT);
}

static unsigned long
free_memory(void)
{
	unsigned long info[16] = { 0 };

	EXPECT_EQ(SYSCALL(SYS_sysinfo, info), 0);
	return info[5];
}

static void
a_copy_that_fails_keeps_no_page(void)
{
	int fd = open_with(0, 0), i;
	char *at = served(fd, 1);
	unsigned long before;
	int64_t copied;

	fill(fd, at);
	before = free_memory();
	for (i = 0; i < 1000; i++)
		EXPECT_EQ(copy_to(fd, at, 1, &copied), -EEXIST);
	EXPECT(free_memory() + 500 * PAGE > before);
}

static void
copy_errors(void)
{
	int fd = open_with(0, 0);
	char *at = served(fd, 4), *not = map(PAGE);
	struct uffdio_copy c = { (unsigned long)at, 8, PAGE, 0, 7 };
	int64_t copied;

	fill(fd, at + 2 * PAGE);
	EXPECT_EQ(copy_to(fd, at + 2 * PAGE, 1, &copied), -EEXIST);
	EXPECT_EQ(copied, -EEXIST);
	EXPECT_EQ(copy_to(fd, at, 4, &copied), -EAGAIN);
	EXPECT_EQ(copied, 2 * PAGE);
	EXPECT_EQ(at[PAGE], 'x');
	EXPECT_EQ(copy_to(fd, not, 1, &copied), -ENOENT);
	EXPECT_EQ(copy_to(fd, at + 1, 1, &copied), -EINVAL);
	EXPECT_EQ(copy_to(fd, at, 0, &copied), -EINVAL);
	EXPECT_EQ(ctl(fd, UFFDIO_COPY, BAD), -EFAULT);
	c.dst += 3 * PAGE;
	EXPECT_EQ(ctl(fd, UFFDIO_COPY, &c), -EINVAL);		/* from page 0 */
	c.src = 1ull << 32 | (unsigned long)page_of_x;
	EXPECT_EQ(ctl(fd, UFFDIO_COPY, &c), -EINVAL);
	c.src = (unsigned long)not + PAGE / 2;
	munmap(not, PAGE);
	EXPECT_EQ(ctl(fd, UFFDIO_COPY, &c), -EFAULT);
	c.mode = 2;
	EXPECT_EQ(ctl(fd, UFFDIO_COPY, &c), -EINVAL);
	c.mode = 0;
	c.src = (unsigned long)page_of_x + 5;		/* not aligned */
	EXPECT_EQ(ctl(fd, UFFDIO_COPY, &c), 0);
}

static void
who_is_not_woken_waits_on(void)
{
	int fd = open_with(0, 0);
	char *at = served(fd, 1);
	struct uffdio_copy c = { (unsigned long)at, (unsigned long)page_of_x, PAGE,
			  UFFDIO_COPY_MODE_DONTWAKE, 0 };
	struct uffdio_range r = { (unsigned long)at, PAGE };
	struct uffdio_range beyond = { (unsigned long)at, 0xc0000000u };
	struct toucher t = { .at = at };
	long pause[2] = { 0, 20 * 1000 * 1000 };

	start(&t);
	asked(fd, at);
	EXPECT_EQ(ctl(fd, UFFDIO_COPY, &c), 0);
	SYSCALL(SYS_nanosleep, pause, NULL);
	EXPECT(t.tid && !t.got);
	EXPECT_EQ(ctl(fd, UFFDIO_WAKE, BAD), -EFAULT);
	EXPECT_EQ(ctl(fd, UFFDIO_WAKE, &beyond), -EINVAL);
	EXPECT_EQ(ctl(fd, UFFDIO_WAKE, &r), 0);
	join_thread(&t.tid);
	EXPECT_EQ(t.got, 'x');
}

/* Woken, and nothing is there: it asks again. */
static void
who_is_woken_too_early_asks_again(void)
{
	int fd = open_with(0, 0);
	char *at = served(fd, 1);
	struct uffdio_range r = { (unsigned long)at, PAGE };
	struct toucher t = { .at = at };

	start(&t);
	asked(fd, at);
	EXPECT_EQ(ctl(fd, UFFDIO_WAKE, &r), 0);
	asked(fd, at);
	fill(fd, at);
	join_thread(&t.tid);
	EXPECT_EQ(t.got, 'x');
}

static void
poll_tells_of_a_fault(void)
{
	int fd = open_with(NONBLOCK, 0), blocking = open_with(0, 0);
	struct pollfd p = { fd, POLLIN, 0 }, q = { blocking, POLLIN, 0 };
	char *at = served(fd, 1);
	struct toucher t = { .at = at };
	struct uffd_msg m;

	EXPECT_EQ(poll(&p, 1, 0), 0);
	EXPECT_EQ(poll(&q, 1, 0), 1);
	EXPECT_EQ(q.revents, POLLERR);
	start(&t);
	EXPECT_EQ(poll(&p, 1, -1), 1);
	EXPECT_EQ(p.revents, POLLIN);
	asked(fd, at);
	EXPECT_EQ(poll(&p, 1, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &m, sizeof(m)), -EAGAIN);
	fill(fd, at);
	join_thread(&t.tid);
}

static void
when_it_is_closed_all_go_on(void)
{
	int fd = open_with(0, 0), other;
	char *at = served(fd, 3);
	struct toucher t = { .at = at, .got = 'n' }, w = { .at = at + PAGE,
							   .write = true };

	start(&t);
	start(&w);
	SYSCALL(SYS_read, fd, &(struct uffd_msg){ 0 }, sizeof(struct uffd_msg));
	close(fd);
	join_thread(&t.tid);
	join_thread(&w.tid);
	EXPECT(!t.got && at[PAGE] == 'w' && !at[2 * PAGE]);
	other = open_with(0, 0);
	EXPECT_EQ(serve(other, at, 3), 0);
}

static void
what_is_not_served_any_more_is_zero(void)
{
	int fd = open_with(0, 0);
	char *at = served(fd, 3);
	struct uffdio_range r = { (unsigned long)at + PAGE, PAGE };
	struct toucher t = { .at = at + PAGE, .got = 'n' };

	start(&t);
	asked(fd, at + PAGE);
	EXPECT_EQ(ctl(fd, UFFDIO_UNREGISTER, &r), 0);
	join_thread(&t.tid);
	EXPECT_EQ(t.got, 0);
	t.at = at + 2 * PAGE;				/* its neighbour is */
	start(&t);
	asked(fd, at + 2 * PAGE);
	fill(fd, at + 2 * PAGE);
	join_thread(&t.tid);
	EXPECT_EQ(t.got, 'x');
}

static void
expect_zero(void *at)
{
	if (*(volatile char *)at)
		_exit(1);
}

static void
a_child_is_not_served(void)
{
	int fd = open_with(0, 0);
	char *at = served(fd, 1);

	EXPECT_EQ(status_of(expect_zero, at), 0);
}

static void
nor_is_a_new_place(void)
{
	int fd = open_with(0, 0);
	char *at = served(fd, 4), *to = map(8 * PAGE);

	fill(fd, at);
	ASSERT(mremap(at, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      to) == to);
	EXPECT(to[0] == 'x' && !to[PAGE] && !to[7 * PAGE]);
}

static void
what_was_thrown_away_is_missing(void)
{
	int fd = open_with(0, 0);
	char *at = served(fd, 1);
	struct toucher t = { .at = at };

	fill(fd, at);
	at[0] = 'a';
	EXPECT_EQ(SYSCALL(SYS_madvise, at, PAGE, MADV_DONTNEED), 0);
	start(&t);
	asked(fd, at);
	fill(fd, at);
	join_thread(&t.tid);
	EXPECT_EQ(t.got, 'x');
}

static void
what_is_in_swap_is_not_missing(void)
{
	int fd = open_with(NONBLOCK, 0);
	char *at = served(fd, 1);
	struct uffd_msg m;

	swap_begin("4M");
	fill(fd, at);
	EXPECT_EQ(SYSCALL(SYS_madvise, at, PAGE, MADV_PAGEOUT), 0);
	EXPECT_EQ(at[5], 'x');
	EXPECT_EQ(SYSCALL(SYS_read, fd, &m, sizeof(m)), -EAGAIN);
	swap_end();
}

static volatile int handled;

static void
on_signal(int sig)
{
	handled = sig;
}

static void
a_signal_comes_through(void)
{
	int fd = open_with(0, 0);
	char *at = served(fd, 1);
	struct toucher t = { .at = at };

	signal(SIGUSR1, on_signal);
	start(&t);
	asked(fd, at);
	EXPECT_EQ(SYSCALL(NR_tgkill, getpid(), t.number, SIGUSR1), 0);
	asked(fd, at);
	EXPECT_EQ(handled, SIGUSR1);
	fill(fd, at);
	join_thread(&t.tid);
	EXPECT_EQ(t.got, 'x');
}

static void
end_soon(void)
{
	long time[4] = { 0, 0, 0, 20000 };

	SYSCALL(SYS_setitimer, 0, time, NULL);
}

static void
touch_unserved(void *unused)
{
	char *at = served(open_with(0, 0), 1);

	end_soon();
	_exit(*(volatile char *)at);
}

static void
write_unserved(void *unused)
{
	char *at = served(open_with(0, 0), 1);
	int p[2];

	SYSCALL(SYS_pipe, p);
	_exit((int)SYSCALL(SYS_write, p[1], at, 1));
}

static void
killed_while_it_writes(void *unused)
{
	long pause[2] = { 0, 30 * 1000 * 1000 };
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		write_unserved(NULL);
	SYSCALL(SYS_nanosleep, pause, NULL);
	EXPECT_EQ(kill(pid, SIGKILL), 0);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	_exit(status);
}

static void
who_waits_can_be_killed(void)
{
	EXPECT_EQ(status_of(touch_unserved, NULL) & 0x7f, SIGALRM);
	EXPECT_EQ(WEXITSTATUS(status_of(killed_while_it_writes, NULL)), SIGKILL);
}

static void
the_kernel_waits_too(void)
{
	int fd = open_with(0, 0), p[2];
	char *at = served(fd, 1), got = 0;
	struct toucher t = { .at = at };
	long pause[2] = { 0, 20 * 1000 * 1000 };

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	t.pipe = p[1];
	signal(SIGUSR1, on_signal);
	start(&t);
	asked(fd, at);
	/* A signal does not end it: write() could not say what it has done. */
	EXPECT_EQ(SYSCALL(NR_tgkill, getpid(), t.number, SIGUSR1), 0);
	SYSCALL(SYS_nanosleep, pause, NULL);
	EXPECT_EQ(handled, 0);
	fill(fd, at);
	join_thread(&t.tid);
	EXPECT_EQ(t.result, 1);
	EXPECT_EQ(handled, SIGUSR1);
	EXPECT_EQ(SYSCALL(SYS_read, p[0], &got, 1), 1);
	EXPECT_EQ(got, 'x');
}

static void
of_user_mode_only_the_kernel_gets_an_error(void)
{
	int fd = open_with(UFFD_USER_MODE_ONLY, 0), p[2];
	char *at = served(fd, 1);
	struct toucher t = { .at = at };

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	EXPECT_EQ(SYSCALL(SYS_write, p[1], at, 1), -EFAULT);
	start(&t);
	asked(fd, at);
	fill(fd, at);
	join_thread(&t.tid);
	EXPECT_EQ(t.got, 'x');
	EXPECT_EQ(SYSCALL(SYS_write, p[1], at, 1), 1);
}

static void
from_outside_it_is_out_of_reach(void)
{
	int fd = open_with(0, 0);
	char *at = served(fd, 1), here;
	struct { void *base; long len; } local = { &here, 1 }, remote = { at, 1 };

	EXPECT_EQ(SYSCALL(NR_process_vm_readv, getpid(), &local, 1, &remote, 1,
			  0), -EFAULT);
	fill(fd, at);
	EXPECT_EQ(SYSCALL(NR_process_vm_readv, getpid(), &local, 1, &remote, 1,
			  0), 1);
	EXPECT_EQ(here, 'x');
}

static void
a_signal_can_be_the_answer(void)
{
	int fd = open_with(0, UFFD_FEATURE_SIGBUS);
	char *at = served(fd, 2);

	EXPECT_EQ(load_fault(at), SIGBUS);
	EXPECT_EQ(store_fault(at + PAGE), SIGBUS);
	fill(fd, at);
	EXPECT_EQ(at[0], 'x');
}

/* Whoever has the descriptor serves: here the parent, for its child. */
static void
a_space_that_has_ended_is_told(void)
{
	int pair[2], fd = -1;
	int64_t copied;
	char *at;
	pid_t pid;

	ASSERT_EQ(SYSCALL(SYS_pipe, pair), 0);
	pid = SYSCALL(SYS_fork);
	if (!pid) {
		fd = open_with(0, 0);
		at = served(fd, 1);
		SYSCALL(SYS_write, pair[1], &fd, sizeof(fd));
		SYSCALL(SYS_write, pair[1], &at, sizeof(at));
		_exit(*(volatile char *)at);
	}
	ASSERT_EQ(SYSCALL(SYS_read, pair[0], &fd, sizeof(fd)), sizeof(fd));
	ASSERT_EQ(SYSCALL(SYS_read, pair[0], &at, sizeof(at)), sizeof(at));
	memset(page_of_x, 'x', sizeof(page_of_x));
	fd = SYSCALL(NR_pidfd_getfd, SYSCALL(NR_pidfd_open, pid, 0), fd, 0);
	ASSERT(fd >= 0);
	asked(fd, at);
	fill(fd, at);
	EXPECT_EQ(waitpid(pid, &pair[0], 0), pid);
	EXPECT_EQ(WEXITSTATUS(pair[0]), 'x');
	EXPECT_EQ(copy_to(fd, at, 1, &copied), -ESRCH);
	EXPECT_EQ(serve(fd, at, 1), -ESRCH);
}

UTEST_SUITE(userfault,
	    UTEST(open_errors),
	    UTEST(a_knob_opens_it_to_all),
	    UTEST(handshake_comes_first),
	    UTEST(register_errors),
	    UTEST(what_is_missing_is_asked_for),
	    UTEST(a_write_says_so),
	    UTEST(who_does_not_ask_is_told_no_thread),
	    UTEST(one_page_serves_all_that_wait),
	    UTEST(a_page_of_zeros_can_be_the_answer),
	    UTEST(a_copy_that_fails_keeps_no_page),
	    UTEST(copy_errors),
	    UTEST(who_is_not_woken_waits_on),
	    UTEST(who_is_woken_too_early_asks_again),
	    UTEST(poll_tells_of_a_fault),
	    UTEST(when_it_is_closed_all_go_on),
	    UTEST(what_is_not_served_any_more_is_zero),
	    UTEST(a_child_is_not_served),
	    UTEST(nor_is_a_new_place),
	    UTEST(what_was_thrown_away_is_missing),
	    UTEST(what_is_in_swap_is_not_missing),
	    UTEST(a_signal_comes_through),
	    UTEST(who_waits_can_be_killed),
	    UTEST(the_kernel_waits_too),
	    UTEST(of_user_mode_only_the_kernel_gets_an_error),
	    UTEST(from_outside_it_is_out_of_reach),
	    UTEST(a_signal_can_be_the_answer),
	    UTEST(a_space_that_has_ended_is_told));
