/* SPDX-License-Identifier: MIT */
/* Pipes and FIFOs: order, room, atomic writes, ends, sleeping and waking. */
#include <kernel/kthread.h>
#include <kernel/poll.h>
#include <kernel/printk.h>
#include <kernel/process.h>
#include <mm/debug.h>

#include "../../kernel/fs/fs_private.h"
#include "../../kernel/fs/pipe.h"
#include "files.h"
#include "threads.h"

static struct file *ends[2];	/* to read, to write */

static bool
begin(struct test *t, unsigned flags)
{
	return EXPECT_EQ(t, create_pipe_files(ends, flags), 0);
}

static void
end(void)
{
	fput(ends[0]);
	fput(ends[1]);
}

static ssize_t
put(const void *buf, size_t n)
{
	u64 pos = 0;

	return kernel_write(ends[1], buf, n, &pos);
}

static ssize_t
get(void *buf, size_t n)
{
	u64 pos = 0;

	return kernel_read(ends[0], buf, n, &pos);
}

static struct pipe *
the_pipe(void)
{
	return ends[0]->private_data;
}

static unsigned
nr_frames(void)
{
	struct pipe *p = the_pipe();
	unsigned i, n = 0;

	for (i = 0; i < p->size / PAGE_SIZE; i++)
		n += p->frames[i] != NULL;
	return n;
}

static void
bytes_come_out_in_order(struct test *t)
{
	char buf[16];

	ASSERT(t, begin(t, O_NONBLOCK));
	EXPECT_EQ(t, get(buf, 1), -EAGAIN);
	EXPECT_EQ(t, put("hello", 5), 5);
	EXPECT_EQ(t, put(" you", 4), 4);
	EXPECT_EQ(t, get(buf, 7), 7);
	EXPECT(t, !memcmp(buf, "hello y", 7));
	EXPECT_EQ(t, get(buf, 16), 2);
	EXPECT(t, !memcmp(buf, "ou", 2));
	EXPECT_EQ(t, get(buf, 0), 0);
	EXPECT_EQ(t, put("", 0), 0);
	end();
}

/* All of the ring, over its end, against a count that goes on. */
static void
random_pieces_agree_with_a_count(struct test *t)
{
	static u8 buf[9000];
	u32 in = 0, out = 0, i, n;
	ssize_t done;

	ASSERT(t, begin(t, O_NONBLOCK));
	for (unsigned turn = 0; turn < 400 && !t->nr_failed; turn++) {
		n = 1 + test_random(t) % sizeof(buf);
		if (test_random(t) % 2) {
			for (i = 0; i < n; i++)
				buf[i] = (u8)((in + i) * 7);
			done = put(buf, n);
			if (done == -EAGAIN)
				EXPECT(t, PIPE_SIZE - (in - out) <
					  (n <= PIPE_BUF ? n : 1));
			else
				in += (u32)done;
		} else {
			done = get(buf, n);
			EXPECT_EQ(t, done, in == out ? -EAGAIN :
				  (ssize_t)min(n, in - out));
			for (i = 0; done > 0 && i < (u32)done; i++)
				EXPECT_EQ(t, buf[i], (u8)((out + i) * 7));
			if (done > 0)
				out += (u32)done;
		}
		EXPECT_EQ(t, the_pipe()->head - the_pipe()->tail, in - out);
	}
	end();
}

static void
small_messages_stay_in_one_frame(struct test *t)
{
	char buf[3000];

	ASSERT(t, begin(t, 0));
	memset(buf, 1, sizeof(buf));
	for (unsigned i = 0; i < 50; i++) {
		EXPECT_EQ(t, put(buf, sizeof(buf)), sizeof(buf));
		EXPECT_EQ(t, get(buf, sizeof(buf)), sizeof(buf));
	}
	EXPECT_EQ(t, nr_frames(), 1);
	end();
}

static void
a_short_write_is_all_or_nothing(struct test *t)
{
	static char buf[PIPE_SIZE];

	ASSERT(t, begin(t, O_NONBLOCK));
	EXPECT_EQ(t, put(buf, PIPE_SIZE - 100), PIPE_SIZE - 100);
	EXPECT_EQ(t, put(buf, 101), -EAGAIN);
	EXPECT_EQ(t, put(buf, PIPE_BUF), -EAGAIN);
	/* A longer one takes what room there is. */
	EXPECT_EQ(t, put(buf, PIPE_BUF + 1), 100);
	EXPECT_EQ(t, put(buf, PIPE_BUF + 1), -EAGAIN);
	EXPECT_EQ(t, nr_frames(), 16);
	end();
}

static void
the_ends_tell_when_the_other_is_gone(struct test *t)
{
	char buf[4];

	ASSERT(t, begin(t, 0));
	EXPECT_EQ(t, put("ab", 2), 2);
	fput(ends[1]);
	EXPECT_EQ(t, ends[0]->f_op->poll(ends[0], NULL) & (POLLIN | POLLHUP),
		  POLLIN | POLLHUP);
	EXPECT_EQ(t, get(buf, 4), 2);
	EXPECT_EQ(t, get(buf, 4), 0);
	fput(ends[0]);
	ASSERT(t, begin(t, 0));
	fput(ends[0]);
	EXPECT_EQ(t, put("ab", 2), -EPIPE);
	EXPECT(t, ends[1]->f_op->poll(ends[1], NULL) & POLLERR);
	fput(ends[1]);
	ASSERT(t, begin(t, 0));
	EXPECT_EQ(t, kernel_read(ends[1], buf, 1, &ends[1]->f_pos), -EBADF);
	EXPECT_EQ(t, kernel_write(ends[0], buf, 1, &ends[0]->f_pos), -EBADF);
	EXPECT_EQ(t, vfs_llseek(ends[0], 0, SEEK_SET), -ESPIPE);
	end();
}

/* --- sleeping --- */

#define STREAM	300000u

static void
write_stream(void *arg)
{
	static u8 buf[7001];
	u32 at = 0, i, n;

	(void)arg;
	while (at < STREAM) {
		n = min((u32)sizeof(buf), STREAM - at);
		for (i = 0; i < n; i++)
			buf[i] = (u8)((at + i) / 3);
		if (put(buf, n) != (ssize_t)n)
			break;
		at += n;
	}
	fput(ends[1]);
}

static void
writer_and_reader_wait_for_each_other(struct test *t)
{
	static u8 buf[5003];
	struct task *task;
	u32 at = 0, wrong = 0;
	ssize_t n;

	ASSERT(t, begin(t, 0));
	task = kthread_create(write_stream, NULL, "writer");
	ASSERT(t, task);
	get_task(task);
	wake_up_process(task);
	while ((n = get(buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			wrong += buf[i] != (u8)((at + (u32)i) / 3);
		at += (u32)n;
	}
	EXPECT_EQ(t, n, 0);
	EXPECT_EQ(t, at, STREAM);
	EXPECT_EQ(t, wrong, 0);
	kthread_join(task);
	fput(ends[0]);
}

/* Messages of PIPE_BUF from several writers do not mix. */
static atomic_t nr_messages;

static void
write_messages(struct test *t, unsigned cpu, void *arg)
{
	u8 *buf = arg;

	buf += cpu * PIPE_BUF;
	memset(buf, (int)cpu + 1, PIPE_BUF);
	for (unsigned i = 0; i < 20; i++) {
		if (put(buf, PIPE_BUF) == PIPE_BUF)
			atomic_inc(&nr_messages);
		else
			test_fail(t, __FILE__, __LINE__, "short write");
	}
}

static void
read_messages(void *arg)
{
	static u8 buf[PIPE_BUF];
	unsigned *mixed = arg;
	ssize_t n;

	while ((n = get(buf, sizeof(buf))) > 0) {
		for (ssize_t i = 1; i < n; i++)
			*mixed += buf[i] != buf[0];
	}
}

static void
messages_of_several_writers_do_not_mix(struct test *t)
{
	static u8 space[8 * PIPE_BUF];
	unsigned mixed = 0;
	struct task *task;

	ASSERT(t, begin(t, 0));
	atomic_set(&nr_messages, 0);
	task = kthread_create(read_messages, &mixed, "reader");
	ASSERT(t, task);
	get_task(task);
	wake_up_process(task);
	test_on_all_cpus(t, write_messages, space);
	fput(ends[1]);
	kthread_join(task);
	EXPECT_EQ(t, mixed, 0);
	EXPECT(t, atomic_read(&nr_messages) >= 20);
	fput(ends[0]);
}

/* --- size, FIFOs, poll --- */

static void
the_size_can_be_changed(struct test *t)
{
	static char buf[PIPE_SIZE];

	ASSERT(t, begin(t, O_NONBLOCK));
	EXPECT_EQ(t, pipe_get_size(ends[0]), PIPE_SIZE);
	EXPECT_EQ(t, pipe_set_size(ends[0], 5000), 8192);
	/* Half read, so that what is moved begins in the middle. */
	for (unsigned i = 0; i < 8192; i++)
		buf[i] = (char)(i / 5);
	EXPECT_EQ(t, put(buf, 8192), 8192);
	EXPECT_EQ(t, put(buf, 1), -EAGAIN);
	EXPECT_EQ(t, get(buf, 3000), 3000);
	EXPECT_EQ(t, put(buf, 500), 500);
	EXPECT_EQ(t, pipe_set_size(ends[1], 4096), -EBUSY);
	EXPECT_EQ(t, pipe_set_size(ends[1], 1 << 17), 1 << 17);
	EXPECT_EQ(t, get(buf, PIPE_SIZE), 5692);
	for (unsigned i = 0; i < 5192; i++)
		EXPECT_EQ(t, buf[i], (char)((i + 3000) / 5));
	for (unsigned i = 0; i < 500; i++)
		EXPECT_EQ(t, buf[5192 + i], (char)(i / 5));
	EXPECT_EQ(t, pipe_set_size(ends[1], PIPE_MAX_SIZE + 1), -EPERM);
	EXPECT_EQ(t, put(buf, PIPE_SIZE), PIPE_SIZE);
	end();
}

#define CLOSINGS	400u

static unsigned closing, closed;	/* rounds begun, rounds that ended */

static void
close_to_read(void *arg)
{
	(void)arg;
	for (unsigned i = 1; i <= CLOSINGS; i++) {
		while (READ_ONCE(closing) != i)
			yield();
		fput(ends[0]);
		smp_store_release(&closed, i);
	}
}

/* Whoever is last frees the pipe, while the other one wakes sleepers. */
static void
both_ends_may_be_closed_at_once(struct test *t)
{
	struct task *task;

	closing = closed = 0;
	task = test_start_on(t, test_other_cpu(), close_to_read, NULL);
	ASSERT(t, task);
	for (unsigned i = 1; i <= CLOSINGS; i++) {
		EXPECT(t, begin(t, 0));
		smp_store_release(&closing, i);
		for (unsigned n = test_random(t) % 256; n; n--)
			cpu_relax();
		fput(ends[1]);
		while (smp_load_acquire(&closed) != i)
			yield();
	}
	test_join(task);
}

/* To who made the pipe, as it grows, is made anew, and goes. */
static void
its_frames_are_charged(struct test *t)
{
	static char buf[3 * PAGE_SIZE];
	static struct process maker;

	ASSERT(t, begin(t, O_NONBLOCK));
	ASSERT(t, !the_pipe()->maker);		/* the kernel's own */
	atomic_set(&maker.refs, 2);
	the_pipe()->maker = &maker;
	EXPECT_EQ(t, put(buf, sizeof(buf)), sizeof(buf));
	EXPECT_EQ(t, atomic_read(&maker.pipe_pages), 3);
	EXPECT_EQ(t, get(buf, PAGE_SIZE), PAGE_SIZE);
	EXPECT_EQ(t, atomic_read(&maker.pipe_pages), 3);
	EXPECT_EQ(t, pipe_set_size(ends[1], 8 * PAGE_SIZE), 8 * PAGE_SIZE);
	EXPECT_EQ(t, atomic_read(&maker.pipe_pages), nr_frames());
	end();
	EXPECT_EQ(t, atomic_read(&maker.pipe_pages), 0);
	EXPECT_EQ(t, atomic_read(&maker.refs), 1);
}

static void
open_to_write(void *arg)
{
	struct file *f;

	(void)arg;
	if (!filp_open("/tmp/fifo", O_WRONLY, 0, &f)) {
		write_text(f, "through");
		fput(f);
	}
}

static void
a_fifo_waits_for_its_other_side(struct test *t)
{
	struct task *task;
	struct file *f;
	char buf[16];
	u64 pos = 0;

	ASSERT_EQ(t, vfs_mknod_at(AT_FDCWD, "/tmp/fifo", S_IFIFO | 0600, 0), 0);
	EXPECT_EQ(t, open_error("/tmp/fifo", O_WRONLY | O_NONBLOCK), -ENXIO);
	EXPECT_EQ(t, open_error("/tmp/fifo", O_RDONLY | O_NONBLOCK), 0);
	task = kthread_create(open_to_write, NULL, "writer");
	ASSERT(t, task);
	get_task(task);
	wake_up_process(task);
	f = must_open(t, "/tmp/fifo", O_RDONLY);
	ASSERT(t, f);
	EXPECT_EQ(t, kernel_read(f, buf, sizeof(buf), &pos), 7);
	EXPECT(t, !memcmp(buf, "through", 7));
	EXPECT_EQ(t, kernel_read(f, buf, sizeof(buf), &pos), 0);
	kthread_join(task);
	fput(f);
	EXPECT_EQ(t, UNLINK("/tmp/fifo"), 0);
}

/*
 * The writer may come, write and go before the reader has begun to wait. Nothing
 * makes it do so: the moment is short, and most runs do not meet it.
 */
static void
a_short_writer_is_not_missed(struct test *t)
{
	struct task *task;
	struct file *f;
	char buf[16];
	u64 pos;
	int i;

	ASSERT_EQ(t, vfs_mknod_at(AT_FDCWD, "/tmp/fifo", S_IFIFO | 0600, 0), 0);
	for (i = 0; i < 256; i++) {
		task = kthread_create(open_to_write, NULL, "writer");
		ASSERT(t, task);
		get_task(task);
		wake_up_process(task);
		f = must_open(t, "/tmp/fifo", O_RDONLY);
		ASSERT(t, f);
		pos = 0;
		EXPECT_EQ(t, kernel_read(f, buf, sizeof(buf), &pos), 7);
		kthread_join(task);
		fput(f);
	}
	EXPECT_EQ(t, UNLINK("/tmp/fifo"), 0);
}

static void
write_later(void *arg)
{
	struct wait_queue_head *queue = arg;

	while (!waitqueue_active(queue))
		yield();
	put("x", 1);
}

static void
poll_sleeps_until_there_is_something(struct test *t)
{
	struct pollfd fds[3];
	struct fake_process fake;
	struct task *task;

	ASSERT(t, fake_process_begin(&fake));
	ASSERT(t, begin(t, 0));
	get_file(ends[0]);
	get_file(ends[1]);
	fds[0] = (struct pollfd){ fd_publish(ends[0], 0), POLLIN, 0 };
	fds[1] = (struct pollfd){ -1, POLLIN, 0 };
	fds[2] = (struct pollfd){ 77, POLLIN, 0 };
	EXPECT_EQ(t, do_poll(fds, 2, 0), 0);
	EXPECT_EQ(t, do_poll(fds, 3, 0), 1);
	EXPECT_EQ(t, fds[2].revents, POLLNVAL);
	/* A time that is over already: one look, and 0. */
	EXPECT_EQ(t, do_poll(fds, 2, 1), 0);
	task = kthread_create(write_later, &the_pipe()->read_wait, "writer");
	ASSERT(t, task);
	get_task(task);
	wake_up_process(task);
	EXPECT_EQ(t, do_poll(fds, 2, ~0ull), 1);
	EXPECT_EQ(t, fds[0].revents, POLLIN);
	kthread_join(task);
	EXPECT(t, !waitqueue_active(&the_pipe()->read_wait));
	fds[1] = (struct pollfd){ fd_publish(ends[1], 0), POLLOUT, 0 };
	EXPECT_EQ(t, do_poll(fds, 2, ~0ull), 2);
	EXPECT_EQ(t, fds[1].revents, POLLOUT);
	fake_process_end(&fake);
	end();
}

static ssize_t
send(struct file *f, const char *text)
{
	u64 pos = 0;

	return kernel_write(f, text, strlen(text), &pos);
}

static void
a_socket_pair_goes_both_ways(struct test *t)
{
	struct file *pair[2];
	char buf[8];
	u64 pos = 0;

	ASSERT_EQ(t, create_socket_pair(pair, O_NONBLOCK), 0);
	EXPECT_EQ(t, kernel_read(pair[0], buf, 8, &pos), -EAGAIN);
	EXPECT_EQ(t, send(pair[0], "ping"), 4);
	EXPECT_EQ(t, send(pair[1], "pong!"), 5);
	EXPECT_EQ(t, pair[0]->f_op->poll(pair[0], NULL) & (POLLIN | POLLOUT),
		  POLLIN | POLLOUT);
	EXPECT_EQ(t, kernel_read(pair[1], buf, 8, &pos), 4);
	EXPECT(t, !memcmp(buf, "ping", 4));
	EXPECT_EQ(t, kernel_read(pair[0], buf, 8, &pos), 5);
	EXPECT(t, !memcmp(buf, "pong!", 5));
	fput(pair[0]);
	EXPECT_EQ(t, kernel_read(pair[1], buf, 8, &pos), 0);
	EXPECT_EQ(t, send(pair[1], "x"), -EPIPE);
	fput(pair[1]);
}

static void
an_event_counter_is_taken_whole(struct test *t)
{
	struct file *f;
	u64 value = 3, pos = 0;

	ASSERT_EQ(t, eventfd_file(2, false, O_NONBLOCK, &f), 0);
	EXPECT_EQ(t, kernel_write(f, &value, 8, &pos), 8);
	EXPECT_EQ(t, kernel_read(f, &value, 7, &pos), -EINVAL);
	EXPECT_EQ(t, kernel_read(f, &value, 8, &pos), 8);
	EXPECT_EQ(t, value, 5);
	EXPECT_EQ(t, kernel_read(f, &value, 8, &pos), -EAGAIN);
	EXPECT_EQ(t, f->f_op->poll(f, NULL), POLLOUT);
	value = ~0ull - 1;
	EXPECT_EQ(t, kernel_write(f, &value, 8, &pos), 8);
	EXPECT_EQ(t, f->f_op->poll(f, NULL), POLLIN);
	value = 1;
	EXPECT_EQ(t, kernel_write(f, &value, 8, &pos), -EAGAIN);
	value = ~0ull;
	EXPECT_EQ(t, kernel_write(f, &value, 8, &pos), -EINVAL);
	fput(f);
	ASSERT_EQ(t, eventfd_file(2, true, O_NONBLOCK, &f), 0);
	EXPECT_EQ(t, kernel_read(f, &value, 8, &pos), 8);
	EXPECT_EQ(t, value, 1);
	EXPECT_EQ(t, kernel_read(f, &value, 8, &pos), 8);
	EXPECT_EQ(t, kernel_read(f, &value, 8, &pos), -EAGAIN);
	fput(f);
}

static int
make_and_use(void *arg)
{
	static char log[4096];
	struct file *files[2];
	u64 pos = 0;
	ssize_t n = 0;
	int err;

	(void)arg;
	log_capture_begin(log, sizeof(log));
	err = create_pipe_files(files, O_NONBLOCK);
	if (!err) {
		n = kernel_write(files[1], "x", 1, &pos);
		fput(files[0]);
		fput(files[1]);
	}
	log_capture_end();
	return err ? err : n < 0 ? (int)n : 0;
}

static void
no_memory_is_told(struct test *t)
{
	static char text[256];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	EXPECT(t, fault_inject_sweep(make_and_use, NULL, &s) >= 1);
	if (s.len)
		test_info(t, "%s", text);
}

TEST_SUITE("pipe",
	   TEST_CASE(bytes_come_out_in_order),
	   TEST_CASE(random_pieces_agree_with_a_count),
	   TEST_CASE(small_messages_stay_in_one_frame),
	   TEST_CASE(a_short_write_is_all_or_nothing),
	   TEST_CASE(the_ends_tell_when_the_other_is_gone),
	   TEST_CASE(writer_and_reader_wait_for_each_other),
	   TEST_CASE(messages_of_several_writers_do_not_mix),
	   TEST_CASE(the_size_can_be_changed),
	   TEST_CASE(both_ends_may_be_closed_at_once),
	   TEST_CASE(its_frames_are_charged),
	   TEST_CASE(a_fifo_waits_for_its_other_side),
	   TEST_CASE(a_short_writer_is_not_missed),
	   TEST_CASE(poll_sleeps_until_there_is_something),
	   TEST_CASE(a_socket_pair_goes_both_ways),
	   TEST_CASE(an_event_counter_is_taken_whole),
	   TEST_CASE(no_memory_is_told));
