/* SPDX-License-Identifier: MIT */
/*
 * The log, and the consoles that show it.
 *
 * Ideas
 *   The ring is plain text, so that it can be read in a memory dump or with
 *   x/s in gdb. A record is one line that tells its own level and time:
 *
 *	<6>[    0.001284] memory: 256 MiB in 1 bank\n
 *
 *   Positions count bytes since boot and never wrap (u64); the byte at
 *   position p lies at log_text[p % LOG_SIZE]. To make room, the oldest
 *   lines are dropped whole: log_tail is always the start of a line.
 *
 *   Consoles show a line in the same call that logs it, under the same lock:
 *   what is on the screen is in the order of the log, and lines of several
 *   cores never mix. A console that registers late is told what it missed.
 *
 *   console_write() is for the person at the console and leaves no trace in
 *   the log. A log line that comes while such text stands without its newline
 *   (a prompt, say) starts on a line of its own.
 *
 * Printing out of trouble
 *   A fault may hit inside printk itself, with the locks held by this core.
 *   print_depth tells: a nested call takes no lock and writes at once.
 *   printk_bust_locks() then frees what this core holds, for a report that is
 *   going to be caught, or for a panic whose report must get out.
 *
 * Locks  log_lock guards the ring, console_lock the list of consoles and
 *	  their devices; log_lock is taken first. Both with interrupts off.
 *
 * Questions a reader asks
 *   Why no continuation lines? Two cores would interleave their halves. One
 *   call is one message; what needs pieces is put together in a seq_buf.
 */
#include <asm/percpu.h>
#include <kernel/init.h>
#include <kernel/lock.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>

#define LOG_SIZE	(64 * 1024)
#define MESSAGE_MAX	320	/* text of one call, on the stack */
#define LINE_MAX	(MESSAGE_MAX + 32)
#define CAPTURE_DEPTH	4

struct capture {
	char *buf;
	size_t size, len;
};

enum log_level console_loglevel = LOG_INFO;

static DEFINE_SPINLOCK(log_lock, LOCK_PRINTK);
static DEFINE_SPINLOCK(console_lock, LOCK_CONSOLE);

static char log_text[LOG_SIZE];			/* log_lock */
static u64 log_head, log_tail;			/* log_lock: [tail, head) */

static LIST_HEAD(consoles);			/* console_lock */
static bool console_mid_line;			/* console_lock */

/* Which core holds the lock, plus 1: only that core compares it to itself. */
static unsigned log_owner, console_owner;

static DEFINE_PER_CPU(unsigned, print_depth);
/* Captures nest; the innermost one gets the output. */
static DEFINE_PER_CPU(struct capture, captures[CAPTURE_DEPTH]);
static DEFINE_PER_CPU(unsigned, capture_depth);

/* --- Locks that survive a fault between them --- */

static unsigned long
print_enter(void)
{
	unsigned long flags = local_irq_save();

	this_cpu_write(print_depth, this_cpu_read(print_depth) + 1);
	return flags;
}

static void
print_leave(unsigned long flags)
{
	this_cpu_write(print_depth, this_cpu_read(print_depth) - 1);
	local_irq_restore(flags);
}

static void
print_lock(spinlock_t *lock, unsigned *owner)
{
	if (this_cpu_read(print_depth) > 1)
		return;
	spin_lock(lock);
	WRITE_ONCE(*owner, smp_processor_id() + 1);
}

static void
print_unlock(spinlock_t *lock, unsigned *owner)
{
	if (this_cpu_read(print_depth) > 1)
		return;
	WRITE_ONCE(*owner, 0);
	spin_unlock(lock);
}

/*
 * Forget that this core was printing: its locks are free again.
 * Context: after a fault inside printk, interrupts off.
 */
void
printk_bust_locks(void)
{
	unsigned me = smp_processor_id() + 1;

	if (READ_ONCE(console_owner) == me) {
		console_owner = 0;
		spin_unlock(&console_lock);
	}
	if (READ_ONCE(log_owner) == me) {
		log_owner = 0;
		spin_unlock(&log_lock);
	}
	this_cpu_write(print_depth, 0);
}

/* --- Capture: this core's output goes to a test --- */

static bool
capture_write(const char *text, size_t len)
{
	unsigned depth = this_cpu_read(capture_depth);
	struct capture *c = this_cpu_ptr(&captures[0]) + depth - 1;
	size_t n;

	if (!depth)
		return false;
	n = min(len, c->size - 1 - c->len);
	memcpy(c->buf + c->len, text, n);
	c->len += n;
	c->buf[c->len] = '\0';
	return true;
}

/*
 * Divert what this core prints to buf, which always holds a string; what does
 * not fit in size bytes is lost. Captures nest, CAPTURE_DEPTH deep.
 * Context: any; the caller stays on this core.
 */
void
log_capture_begin(char *buf, size_t size)
{
	unsigned depth = this_cpu_read(capture_depth);
	struct capture *c = this_cpu_ptr(&captures[0]) + depth;

	assert(depth < CAPTURE_DEPTH);
	c->buf = buf;
	c->size = size;
	c->len = 0;
	buf[0] = '\0';
	this_cpu_write(capture_depth, depth + 1);
}

/* Print as before. Returns how many bytes were captured, without the NUL. */
size_t
log_capture_end(void)
{
	unsigned depth = this_cpu_read(capture_depth) - 1;

	this_cpu_write(capture_depth, depth);
	return this_cpu_ptr(&captures[0])[depth].len;
}

/* End all captures of this core. Context: any. */
void
log_capture_abort(void)
{
	this_cpu_write(capture_depth, 0);
}

/* --- The ring --- */

static char
ring_byte(u64 pos)
{
	return log_text[pos % LOG_SIZE];
}

/* Drop the oldest lines until n more bytes fit. log_lock held. */
static void
ring_make_room(size_t n)
{
	while (log_head + n - log_tail > LOG_SIZE) {
		while (ring_byte(log_tail++) != '\n')
			;
	}
}

static void
ring_append(const char *text, size_t len)
{
	ring_make_room(len);
	for (size_t i = 0; i < len; i++)
		log_text[log_head++ % LOG_SIZE] = text[i];
}

/*
 * Copy the line at *pos into buf (cut to size) and step behind it.
 * Returns its length with the newline. log_lock held.
 */
static size_t
ring_line(u64 *pos, char *buf, size_t size)
{
	size_t n = 0;
	char c;

	do {
		c = ring_byte((*pos)++);
		if (n < size)
			buf[n++] = c;
	} while (c != '\n');
	return n;
}

/*
 * Whole lines of the log from *pos on, as many as fit in size bytes, without
 * the level mark in front. *pos starts at 0; lines that are gone are skipped.
 * Context: any. Returns how many bytes were put into buf: 0 at the end.
 */
size_t
log_read(u64 *pos, char *buf, size_t size)
{
	char line[LINE_MAX];
	unsigned long flags = print_enter();
	size_t done = 0;

	print_lock(&log_lock, &log_owner);
	*pos = max(*pos, log_tail);
	while (*pos < log_head) {
		u64 next = *pos;
		size_t n = ring_line(&next, line, sizeof(line)) - 3;

		if (done && n > size - done)
			break;
		n = min(n, size - done);
		memcpy(buf + done, line + 3, n);
		done += n;
		*pos = next;
	}
	print_unlock(&log_lock, &log_owner);
	print_leave(flags);
	return done;
}

/* --- Consoles --- */

static void
consoles_emit_as(const char *text, size_t len, bool raw)
{
	struct console *con;

	if (!len)
		return;
	list_for_each_entry(con, &consoles, list) {
		con->raw = raw;
		con->write(con, text, len);
	}
	console_mid_line = text[len - 1] != '\n';
}

static void
consoles_emit(const char *text, size_t len)
{
	consoles_emit_as(text, len, false);
}

/* Show one line of the log, with its level mark. */
static void
consoles_show_line(const char *line, size_t len)
{
	if ((enum log_level)(line[1] - '0') > console_loglevel)
		return;
	print_lock(&console_lock, &console_owner);
	if (console_mid_line)
		consoles_emit("\n", 1);
	consoles_emit(line + 3, len - 3);
	print_unlock(&console_lock, &console_owner);
}

static void
console_write_as(const char *text, size_t len, bool raw)
{
	unsigned long flags = print_enter();

	if (!capture_write(text, len)) {
		print_lock(&console_lock, &console_owner);
		consoles_emit_as(text, len, raw);
		print_unlock(&console_lock, &console_owner);
	}
	print_leave(flags);
}

/* Show text on every console, whole. Context: any. */
void
console_write(const char *text, size_t len)
{
	console_write_as(text, len, false);
}

/* The same, and a newline is no more than that. Context: any. */
void
console_write_raw(const char *text, size_t len)
{
	console_write_as(text, len, true);
}

void
console_puts(const char *text)
{
	console_write(text, strlen(text));
}

/* One call is written whole; cut at 512 bytes. */
void
console_printf(const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0)
		console_write(text, min((size_t)n, sizeof(text) - 1));
}

/* Add con, and tell it what the log holds already. Context: any. */
void
console_register(struct console *con)
{
	unsigned long flags = print_enter();
	char line[LINE_MAX];
	u64 pos;

	print_lock(&log_lock, &log_owner);
	print_lock(&console_lock, &console_owner);
	for (pos = log_tail; pos < log_head; ) {
		size_t n = ring_line(&pos, line, sizeof(line));

		if ((enum log_level)(line[1] - '0') <= console_loglevel)
			con->write(con, line + 3, n - 3);
	}
	list_add_tail(&con->list, &consoles);
	print_unlock(&console_lock, &console_owner);
	print_unlock(&log_lock, &log_owner);
	print_leave(flags);
}

/* No more output to con after this. Context: any. */
void
console_unregister(struct console *con)
{
	unsigned long flags = print_enter();

	print_lock(&console_lock, &console_owner);
	list_del(&con->list);
	print_unlock(&console_lock, &console_owner);
	print_leave(flags);
}

/* --- printk --- */

/* Log and show one line (without a newline). log_lock held. */
static void
log_line(enum log_level level, u64 ns, const char *text, size_t len)
{
	char line[LINE_MAX];
	u32 us = (u32)(ns / 1000 % 1000000);
	size_t n;

	n = (size_t)scnprintf(line, sizeof(line), "<%u>[%5u.%06u] ",
			      (unsigned)level, (unsigned)(ns / 1000000000),
			      us);
	len = min(len, sizeof(line) - 1 - n);
	memcpy(line + n, text, len);
	n += len;
	line[n++] = '\n';
	ring_append(line, n);
	consoles_show_line(line, n);
}

/*
 * Log a message of one or several lines; a newline at its end may be left
 * out. Context: any. Cut at MESSAGE_MAX bytes.
 */
void
vprintk(enum log_level level, const char *fmt, va_list ap)
{
	char text[MESSAGE_MAX];
	const char *p = text, *end;
	unsigned long flags;
	size_t len;
	int n;

	n = vsnprintf(text, sizeof(text), fmt, ap);
	len = n > 0 ? min((size_t)n, sizeof(text) - 1) : 0;
	if (len && text[len - 1] == '\n')
		len--;
	text[len] = '\n';
	end = text + len + 1;

	flags = print_enter();
	if (!capture_write(text, len + 1)) {
		u64 now = ktime_get_ns();

		print_lock(&log_lock, &log_owner);
		while (p < end) {
			const char *nl = memchr(p, '\n', (size_t)(end - p));

			log_line(level, now, p, (size_t)(nl - p));
			p = nl + 1;
		}
		print_unlock(&log_lock, &log_owner);
	}
	print_leave(flags);
}

void
printk(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintk(level, fmt, ap);
	va_end(ap);
}

/* --- Boot parameters, as in Linux: loglevel=N shows levels below N --- */

static int
set_loglevel(const char *value)
{
	unsigned long n;

	if (kstrtoul(value, 0, &n) || n > LOG_DEBUG + 1)
		return -EINVAL;
	console_loglevel = n ? (enum log_level)(n - 1) : LOG_EMERG;
	return 0;
}
BOOT_PARAM("loglevel", set_loglevel);

static int
set_quiet(const char *value)
{
	(void)value;
	console_loglevel = LOG_ERR;
	return 0;
}
BOOT_PARAM("quiet", set_quiet);

/* The node kmsg: the whole log, read in pieces. */
static void
kmsg_show(struct seq_buf *s)
{
	char part[LINE_MAX + 1];
	u64 pos = 0;
	size_t n;

	while ((n = log_read(&pos, part, sizeof(part) - 1)) != 0) {
		part[n] = '\0';
		seq_puts(s, part);
	}
}
NODE("kmsg", kmsg_show);
