/* SPDX-License-Identifier: MIT */
/*
 * The line discipline with a terminal of the test's own: what is shown, what can
 * be read, which keys are signals; and the console's device.
 */
#include <kernel/kthread.h>
#include <kernel/poll.h>
#include <kernel/signal.h>
#include <kernel/tty.h>

#include "files.h"

static struct tty tty;
static char shown[600];

static void
show(struct tty *t, const char *text, size_t len, bool raw)
{
	size_t at = strlen(shown);

	(void)t;
	(void)raw;
	if (at + len < sizeof(shown)) {
		memcpy(shown + at, text, len);
		shown[at + len] = '\0';
	}
}

static void
begin(void)
{
	tty_init(&tty, show);
	shown[0] = '\0';
}

/* Type it; the last signal that came of it. */
static int
type(const char *keys)
{
	int sig = 0, s;

	while (*keys) {
		s = tty_receive(&tty, *keys++);
		sig = s ? s : sig;
	}
	return sig;
}

/* What one read() of n bytes gets; "EOF" and "-" (would wait) as such. */
static const char *
reads(size_t n)
{
	static char buf[256];
	bool eof;

	if (!tty_readable(&tty))
		return "-";
	n = tty_take(&tty, buf, n, &eof);
	buf[n] = '\0';
	return eof ? "EOF" : buf;
}

#define EXPECT_READ(t, n, text) EXPECT(t, !strcmp(reads(n), text))
#define EXPECT_SHOWN(t, text) do { \
	if (!EXPECT(t, !strcmp(shown, text))) \
		test_info(t, "shown: %s", shown); \
	shown[0] = '\0'; \
} while (0)

static void
a_line_can_be_read_when_it_is_whole(struct test *t)
{
	begin();
	type("ls");
	EXPECT_READ(t, 99, "-");
	type(" -l\r");
	EXPECT_SHOWN(t, "ls -l\n");
	EXPECT_READ(t, 99, "ls -l\n");
	EXPECT_READ(t, 99, "-");
	/* Two lines are two reads; a long one is read in pieces. */
	type("one\rtwo\r");
	EXPECT_READ(t, 2, "on");
	EXPECT_READ(t, 2, "e\n");
	EXPECT_READ(t, 99, "two\n");
	EXPECT_READ(t, 99, "-");
}

static void
what_is_typed_can_be_erased(struct test *t)
{
	begin();
	type("abc\x7f\x7f");
	EXPECT_SHOWN(t, "abc\b \b\b \b");
	type("\x7f\x7f\x7f");
	EXPECT_SHOWN(t, "\b \b");	/* and no further than the line */
	type("one two\x17");		/* Ctrl-W */
	type("\x17" "x\r");
	EXPECT_READ(t, 99, "x\n");
	shown[0] = '\0';
	type("abc\x15z\r");		/* Ctrl-U */
	EXPECT_SHOWN(t, "abc\b \b\b \b\b \bz\n");
	EXPECT_READ(t, 99, "z\n");
	/* A control character takes two columns, UTF-8 goes as one. */
	type("\x01\x7f");
	EXPECT_SHOWN(t, "^A\b \b\b \b");
	type("\xc3\xa4\x7f\r");
	EXPECT_SHOWN(t, "\xc3\xa4\b \b\n");
	EXPECT_READ(t, 99, "\n");
	/* An earlier line is out of reach. */
	type("one\r\x7f\x7f\x15");
	EXPECT_READ(t, 99, "one\n");
}

static void
the_next_character_can_be_meant_literally(struct test *t)
{
	begin();
	EXPECT_EQ(t, type("a\x16\x03" "b\x16\x04\r"), 0);
	EXPECT_READ(t, 99, "a\x03" "b\x04\n");
	shown[0] = '\0';
	type("ab\x12");			/* Ctrl-R */
	EXPECT_SHOWN(t, "ab^R\nab");
}

static void
ctrl_d_ends_without_a_character(struct test *t)
{
	begin();
	type("\x04");
	EXPECT_READ(t, 99, "EOF");
	type("ab\x04");
	EXPECT_READ(t, 99, "ab");
	EXPECT_READ(t, 99, "-");
	/* Read to the last byte: the end is gone with it. */
	type("ab\x04");
	EXPECT_READ(t, 2, "ab");
	EXPECT_READ(t, 99, "-");
	type("x\r\x04");
	EXPECT_READ(t, 99, "x\n");
	EXPECT_READ(t, 99, "EOF");
}

static void
three_keys_are_signals(struct test *t)
{
	begin();
	EXPECT_EQ(t, type("abc\x03"), SIGINT);
	EXPECT_SHOWN(t, "abc^C\n");
	EXPECT_EQ(t, type("x\x1c"), SIGQUIT);
	EXPECT_EQ(t, type("x\x1a"), SIGTSTP);
	type("rest\r");
	EXPECT_READ(t, 99, "rest\n");	/* what came before was flushed */
	tty.termios.c_lflag &= ~ISIG;
	EXPECT_EQ(t, type("\x03\r"), 0);
	EXPECT_READ(t, 99, "\x03\n");
	tty.termios.c_lflag |= ISIG | NOFLSH;
	EXPECT_EQ(t, type("kept\x03\r"), SIGINT);
	EXPECT_READ(t, 99, "kept\n");
}

static void
echo_can_be_off(struct test *t)
{
	begin();
	tty.termios.c_lflag &= ~ECHO;
	type("secret\x7f\r");
	EXPECT_SHOWN(t, "");
	EXPECT_READ(t, 99, "secre\n");
	tty.termios.c_lflag |= ECHONL;
	type("x\r");
	EXPECT_SHOWN(t, "\n");
}

static void
raw_mode_gives_each_key(struct test *t)
{
	struct termios raw;

	begin();
	type("half");
	raw = tty.termios;
	raw.c_lflag &= ~(ICANON | ECHO | ISIG);
	raw.c_iflag &= ~ICRNL;
	tty_set_termios(&tty, &raw);
	/* What was typed as a line is there too. */
	EXPECT_READ(t, 99, "half");
	EXPECT_EQ(t, type("\x03\r\x7f\x04"), 0);
	EXPECT_READ(t, 2, "\x03\r");
	EXPECT_READ(t, 99, "\x7f\x04");
	type("next");
	raw.c_lflag |= ICANON;
	tty_set_termios(&tty, &raw);
	EXPECT_READ(t, 99, "next");
}

static void
input_flags_change_what_comes(struct test *t)
{
	begin();
	tty.termios.c_iflag = IGNCR;
	type("a\rb\n");
	EXPECT_READ(t, 99, "ab\n");
	tty.termios.c_iflag = INLCR | ISTRIP;
	tty.termios.c_cc[VEOL] = '\r';
	type("\xe1\n");
	EXPECT_READ(t, 99, "a\r");
}

static void
a_line_too_long_can_still_be_ended(struct test *t)
{
	unsigned i, n = 0;
	char buf[64];
	bool eof;
	size_t got;

	begin();
	tty.termios.c_lflag &= ~ECHO;
	for (i = 0; i < TTY_BUF_SIZE + 10; i++)
		type("x");
	EXPECT(t, strchr(shown, '\a') != NULL);
	type("\r");
	while (tty_readable(&tty)) {
		got = tty_take(&tty, buf, sizeof(buf), &eof);
		n += (unsigned)got;
	}
	EXPECT_EQ(t, n, TTY_BUF_SIZE);
	EXPECT_EQ(t, buf[(TTY_BUF_SIZE - 1) % sizeof(buf)], '\n');
	/* And it goes on after that. */
	type("y\r");
	EXPECT_READ(t, 99, "y\n");
}

static void
the_console_is_a_terminal(struct test *t)
{
	struct file *f = must_open(t, "/dev/ttyAMA0", O_RDWR | O_NOCTTY |
							O_NONBLOCK);
	char buf[8];
	u64 pos = 0;

	ASSERT(t, f);
	EXPECT_EQ(t, kernel_read(f, buf, sizeof(buf), &pos), -EAGAIN);
	EXPECT_EQ(t, f->f_op->poll(f, NULL) & (POLLIN | POLLOUT), POLLOUT);
	tty_receive(&console_tty, '\x04');
	EXPECT_EQ(t, f->f_op->poll(f, NULL) & (POLLIN | POLLOUT),
		  POLLIN | POLLOUT);
	EXPECT_EQ(t, kernel_read(f, buf, sizeof(buf), &pos), 0);
	EXPECT_EQ(t, vfs_llseek(f, 0, SEEK_SET), -ESPIPE);
	fput(f);
	EXPECT_EQ(t, open_error("/dev/tty", O_RDWR), -ENXIO);
	EXPECT_EQ(t, console_tty.nr_open, 0);
}

/* A reader sleeps until Return is pressed. */
static char line[16];
static atomic_t line_len;

static void
read_a_line(void *arg)
{
	u64 pos = 0;

	atomic_set(&line_len, (int)kernel_read(arg, line, sizeof(line),
					       &pos));
}

static void
a_reader_waits_for_the_line(struct test *t)
{
	struct file *f = must_open(t, "/dev/console", O_RDWR | O_NOCTTY);
	struct task *task;
	u32 lflag = console_tty.termios.c_lflag;

	ASSERT(t, f);
	console_tty.termios.c_lflag &= ~(ECHO | ECHONL);
	atomic_set(&line_len, -1);
	task = kthread_create(read_a_line, f, "reader");
	ASSERT(t, task);
	get_task(task);
	wake_up_process(task);
	while (!waitqueue_active(&console_tty.read_wait))
		yield();
	tty_receive(&console_tty, 'h');
	tty_receive(&console_tty, 'i');
	EXPECT_EQ(t, atomic_read(&line_len), -1);
	tty_receive(&console_tty, '\r');
	kthread_join(task);
	EXPECT_EQ(t, atomic_read(&line_len), 3);
	EXPECT(t, !memcmp(line, "hi\n", 3));
	console_tty.termios.c_lflag = lflag;
	fput(f);
}

TEST_SUITE("tty",
	   TEST_CASE(a_line_can_be_read_when_it_is_whole),
	   TEST_CASE(what_is_typed_can_be_erased),
	   TEST_CASE(the_next_character_can_be_meant_literally),
	   TEST_CASE(ctrl_d_ends_without_a_character),
	   TEST_CASE(three_keys_are_signals),
	   TEST_CASE(echo_can_be_off),
	   TEST_CASE(raw_mode_gives_each_key),
	   TEST_CASE(input_flags_change_what_comes),
	   TEST_CASE(a_line_too_long_can_still_be_ended),
	   TEST_CASE(the_console_is_a_terminal),
	   TEST_CASE(a_reader_waits_for_the_line));
