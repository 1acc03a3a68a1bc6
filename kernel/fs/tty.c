/* SPDX-License-Identifier: MIT */
/*
 * The terminal as a device: ttyAMA0, console, tty; and job control.
 *
 * Ideas
 *   One serial line serves two: programs and the monitor. Keys go to the
 *   programs from the moment that there is an init, also those typed before;
 *   without one, while a program has the terminal open; else to the monitor.
 *   Ctrl-] changes over and back at any time, so the monitor can be reached
 *   while a program hangs; `monitor` on the command line lets it have the keys
 *   from the start. Both may print at any time.
 *   Controlling terminal	a session's leader that opens the terminal gets it,
 *	unless O_NOCTTY. Ctrl-C goes to the group in the foreground; who reads
 *	and is not in it gets SIGTTIN.
 *   /dev/tty	is the controlling terminal of whoever opens it.
 *
 * Reading raw	VMIN and VTIME as POSIX has them:
 *	MIN > 0, TIME = 0	wait for MIN characters
 *	MIN = 0, TIME = 0	what is there
 *	MIN = 0, TIME > 0	one, at most TIME tenths of a second
 *	MIN > 0, TIME > 0	MIN, or TIME since the last one
 *
 * Locks   tty->lock, with interrupts masked; read_mutex lets one read at a time.
 *   Signals are sent with neither held.
 */
#include <asm/uaccess.h>
#include <kernel/fs.h>
#include <kernel/fs_struct.h>
#include <kernel/init.h>
#include <kernel/monitor.h>
#include <kernel/panic.h>
#include <kernel/poll.h>
#include <kernel/printk.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/time.h>
#include <kernel/tty.h>
#include <lib/errno.h>
#include <lib/string.h>

#define CHUNK		256u

struct tty console_tty;
static bool monitor_has_keys;		/* Ctrl-], or `monitor` at boot */
static bool console_ready;

/* --- keys ------------------------------------------------------------------------- */

static void
console_tty_write(struct tty *tty, const char *text, size_t len, bool raw)
{
	(void)tty;
	if (raw)
		console_write_raw(text, len);
	else
		console_write(text, len);
}

/* To the programs, or to the monitor if it has got the keys. */
static void
key_for_programs(char c)
{
	struct tty *tty = &console_tty;
	int sig;

	if (c == CONSOLE_KEY) {
		monitor_has_keys = !monitor_has_keys;
		console_printf("\n[%s]\n", monitor_has_keys ?
			       "monitor; Ctrl-] goes back" : "programs");
		if (monitor_has_keys)
			monitor_input('\r');
		return;
	}
	if (monitor_has_keys) {
		monitor_input(c);
		return;
	}
	sig = tty_receive(tty, c);
	if (sig && tty->pgrp)
		kill_pgrp(tty->pgrp, sig);
}

void
console_input(char c)
{
	bool open = console_ready && READ_ONCE(console_tty.nr_open);

	if (open || !monitor_input_early(c))
		key_for_programs(c);
}

void
console_keys_to_programs(void)
{
	char c;

	while (!monitor_has_keys && monitor_take_early(&c))
		key_for_programs(c);
}

static int __init
monitor_param(const char *value)
{
	(void)value;
	monitor_has_keys = true;
	return 0;
}
BOOT_PARAM("monitor", monitor_param);

/* --- job control --------------------------------------------------------------------- */

static bool
is_ignored(int sig)
{
	return current->blocked & sigmask(sig) ||
	       current->process->sighand->action[sig - 1].handler == SIG_IGN;
}

/*
 * May the current process do this, which sig forbids to the background?
 * 0; -ERESTARTSYS: the group was sent sig; -EIO: it ignores SIGTTIN.
 */
static int
check_foreground(struct tty *tty, int sig)
{
	struct process *p = current->process;
	int pgrp = READ_ONCE(tty->pgrp);

	if (!p || p->tty != tty || !pgrp || p->pgid == pgrp)
		return 0;
	if (is_ignored(sig))
		return sig == SIGTTIN ? -EIO : 0;
	kill_pgrp(p->pgid, sig);
	return -ERESTARTSYS;
}

/* The leader of a session without a terminal takes this one. */
static void
take_terminal(struct tty *tty)
{
	struct process *p = current->process;
	unsigned long flags;

	if (!p || p->tty || p->sid != p->pid)
		return;
	flags = spin_lock_irqsave(&tty->lock);
	if (!tty->session) {
		tty->session = p->sid;
		tty->pgrp = p->pgid;
		p->tty = tty;
	}
	spin_unlock_irqrestore(&tty->lock, flags);
}

void
disassociate_ctty(struct process *process)
{
	struct tty *tty = process->tty;
	unsigned long flags;
	int pgrp = 0;

	process->tty = NULL;
	if (!tty || process->sid != process->pid)
		return;
	flags = spin_lock_irqsave(&tty->lock);
	if (tty->session == process->sid) {
		pgrp = tty->pgrp;
		tty->session = tty->pgrp = 0;
	}
	spin_unlock_irqrestore(&tty->lock, flags);
	if (pgrp) {
		kill_pgrp(pgrp, SIGHUP);
		kill_pgrp(pgrp, SIGCONT);
	}
}

/* --- reading --------------------------------------------------------------------------- */

/* Characters that a raw read waits for: VMIN, but not more than it can hold. */
static unsigned
wanted(const struct tty *tty, size_t n)
{
	if (tty->termios.c_lflag & ICANON)
		return 1;
	return (unsigned)min((size_t)tty->termios.c_cc[VMIN], n);
}

static bool
enough(const struct tty *tty, unsigned want)
{
	if (tty->termios.c_lflag & ICANON)
		return tty_readable(tty);
	return READ_ONCE(tty->head) - READ_ONCE(tty->tail) >= max(want, 1u);
}

/*
 * Sleep until a character comes. Returns 0, -ERESTARTSYS, or 1 when ticks (0:
 * for ever) are over.
 */
static int
wait_for_input(struct tty *tty, unsigned want, long ticks)
{
	struct wait_queue_entry entry;
	unsigned head = READ_ONCE(tty->head);
	long left = 1;

	init_wait_entry(&entry, false);
	prepare_to_wait(&tty->read_wait, &entry, TASK_INTERRUPTIBLE);
	if (!enough(tty, want) && READ_ONCE(tty->head) == head &&
	    !signal_pending()) {
		if (ticks)
			left = schedule_timeout(ticks);
		else
			schedule();
	}
	finish_wait(&tty->read_wait, &entry);
	if (signal_pending())
		return -ERESTARTSYS;
	return left ? 0 : 1;
}

/* Until read() has something to give. 0, or -Exxx, or 1: the time is over. */
static int
wait_readable(struct tty *tty, bool nonblock, size_t n)
{
	bool raw = !(tty->termios.c_lflag & ICANON);
	long ticks = raw ? tty->termios.c_cc[VTIME] * (HZ / 10) : 0;
	unsigned want = wanted(tty, n);
	int err = 0;

	while (!err && !enough(tty, want)) {
		if (nonblock)
			return tty_readable(tty) ? 0 : -EAGAIN;
		if (raw && !want && !ticks)
			return 1;
		/* With MIN the clock starts at the first character. */
		err = wait_for_input(tty, want, want && !tty_readable(tty) ?
				     0 : ticks);
	}
	return err;
}

static ssize_t
tty_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	struct tty *tty = file->private_data;
	char text[CHUNK];
	size_t total = 0, n;
	bool eof = false;
	int err;

	(void)pos;
	err = check_foreground(tty, SIGTTIN);
	if (err || !to->count)
		return err;
	mutex_lock(&tty->read_mutex);
	err = wait_readable(tty, file->f_flags & O_NONBLOCK, to->count);
	while (err >= 0 && to->count) {
		n = tty_take(tty, text, min(to->count, sizeof(text)), &eof);
		if (copy_to_iter(text, n, to) < n) {
			err = -EFAULT;
			break;
		}
		total += n;
		/* A line is one read; a piece of a long one goes on. */
		if (eof || n < sizeof(text) ||
		    ((tty->termios.c_lflag & ICANON) && text[n - 1] == '\n'))
			break;
	}
	mutex_unlock(&tty->read_mutex);
	return total ? (ssize_t)total : err < 0 ? err : 0;
}

/* --- writing ------------------------------------------------------------------------------ */

static ssize_t
tty_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	struct tty *tty = file->private_data;
	size_t total = 0, n, done;
	char text[CHUNK];
	int err = 0;

	(void)pos;
	if (tty->termios.c_lflag & TOSTOP)
		err = check_foreground(tty, SIGTTOU);
	while (!err && from->count) {
		n = min(from->count, sizeof(text));
		done = copy_from_iter(text, n, from);
		tty_output(tty, text, done);
		total += done;
		if (done < n)
			err = -EFAULT;
		if (signal_pending())
			break;
		cond_resched();
	}
	return total ? (ssize_t)total : err;
}

static unsigned
tty_poll(struct file *file, struct poll_table *wait)
{
	struct tty *tty = file->private_data;

	poll_wait(&tty->read_wait, wait);
	return POLLOUT | POLLWRNORM |
	       (tty_readable(tty) ? POLLIN | POLLRDNORM : 0);
}

/* --- settings -------------------------------------------------------------------------------- */

static long
get_termios(struct tty *tty, unsigned long arg)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);
	struct termios t = tty->termios;

	spin_unlock_irqrestore(&tty->lock, flags);
	return copy_to_user((void *)arg, &t, sizeof(t)) ? -EFAULT : 0;
}

/*
 * Put new settings in force. What was typed as a line and is not ended can be
 * read when lines are no more; and what was raw is a whole line from then on.
 */
void
tty_set_termios(struct tty *tty, const struct termios *t)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);
	bool was = tty->termios.c_lflag & ICANON, is = t->c_lflag & ICANON;

	tty->termios = *t;
	tty->literal = false;
	if (was != is) {
		tty->canon = tty->head;
		if (is && tty->head != tty->tail) {
			tty->buf[(tty->head - 1) % TTY_BUF_SIZE] |= TTY_EOL;
			tty->nr_lines = 1;
		}
	}
	spin_unlock_irqrestore(&tty->lock, flags);
	wake_up_all(&tty->read_wait);
}

static long
set_termios(struct tty *tty, unsigned cmd, unsigned long arg)
{
	struct termios t;
	int err = check_foreground(tty, SIGTTOU);

	if (err)
		return err;
	if (copy_from_user(&t, (const void *)arg, sizeof(t)))
		return -EFAULT;
	if (cmd == TCSETSF)
		tty_flush_input(tty);
	tty_set_termios(tty, &t);
	return 0;
}

static long
set_winsize(struct tty *tty, unsigned long arg)
{
	struct winsize w;
	unsigned long flags;
	bool changed;

	if (copy_from_user(&w, (const void *)arg, sizeof(w)))
		return -EFAULT;
	flags = spin_lock_irqsave(&tty->lock);
	changed = memcmp(&w, &tty->winsize, sizeof(w)) != 0;
	tty->winsize = w;
	spin_unlock_irqrestore(&tty->lock, flags);
	if (changed && tty->pgrp)
		kill_pgrp(tty->pgrp, SIGWINCH);
	return 0;
}

static long
set_pgrp(struct tty *tty, unsigned long arg)
{
	struct process *p = current->process;
	int pgrp, err = check_foreground(tty, SIGTTOU);

	if (err)
		return err;
	if (!p || p->tty != tty || p->sid != tty->session)
		return -ENOTTY;
	if (get_user(pgrp, (const int *)arg))
		return -EFAULT;
	if (pgrp <= 0)
		return -EINVAL;
	WRITE_ONCE(tty->pgrp, pgrp);
	return 0;
}

static long
set_terminal(struct tty *tty)
{
	struct process *p = current->process;

	if (!p || p->sid != p->pid)
		return -EPERM;
	take_terminal(tty);
	return p->tty == tty ? 0 : -EPERM;
}

static bool
is_controlling(const struct tty *tty)
{
	return current->process && current->process->tty == tty;
}

static long
tty_ioctl(struct file *file, unsigned cmd, unsigned long arg)
{
	struct tty *tty = file->private_data;

	switch (cmd) {
	case TCGETS:
		return get_termios(tty, arg);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_termios(tty, cmd, arg);
	case TIOCGWINSZ:
		return copy_to_user((void *)arg, &tty->winsize,
				    sizeof(tty->winsize)) ? -EFAULT : 0;
	case TIOCSWINSZ:
		return set_winsize(tty, arg);
	case TIOCGPGRP:
		return is_controlling(tty) ? put_user(tty->pgrp, (int *)arg) :
					     -ENOTTY;
	case TIOCSPGRP:
		return set_pgrp(tty, arg);
	case TIOCGSID:
		return is_controlling(tty) ? put_user(tty->session,
						      (int *)arg) : -ENOTTY;
	case TIOCSCTTY:
		return set_terminal(tty);
	case TIOCNOTTY:
		if (!is_controlling(tty))
			return -ENOTTY;
		disassociate_ctty(current->process);
		return 0;
	case TCFLSH:
		if (arg == 0 || arg == 2)
			tty_flush_input(tty);
		return arg > 2 ? -EINVAL : 0;
	case TCSBRK:
	case TCXONC:
		return 0;	/* what was written is out */
	case FIONREAD:
		return put_user((int)(READ_ONCE(tty->canon) - tty->tail),
				(int *)arg);
	case TIOCOUTQ:
		return put_user(0, (int *)arg);
	default:
		return -ENOTTY;
	}
}

/* --- opening ------------------------------------------------------------------------------------ */

static void
count_open(struct tty *tty, int n)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);

	tty->nr_open += (unsigned)n;
	spin_unlock_irqrestore(&tty->lock, flags);
}

static int
tty_open(struct inode *inode, struct file *file)
{
	struct tty *tty = &console_tty;

	if (inode->i_rdev == MKDEV(5, 0)) {
		tty = current->process ? current->process->tty : NULL;
		if (!tty)
			return -ENXIO;
	}
	file->private_data = tty;
	file->f_mode &= ~FMODE_LSEEK;
	count_open(tty, 1);
	/* As in Linux: opening the console gives nobody a terminal, so init,
	 * which is born with it open, leaves it to the shell's session. */
	if (!(file->f_flags & O_NOCTTY) && inode->i_rdev != MKDEV(5, 1))
		take_terminal(tty);
	return 0;
}

static void
tty_release(struct inode *inode, struct file *file)
{
	(void)inode;
	count_open(file->private_data, -1);
}

static const struct file_operations tty_ops = {
	.open = tty_open,
	.release = tty_release,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
};

static const struct char_device devices[] = {
	{ "tty", MKDEV(5, 0), 0666, &tty_ops },
	{ "console", MKDEV(5, 1), 0600, &tty_ops },
	{ "ttyAMA0", MKDEV(204, 64), 0660, &tty_ops },
};
CHAR_DEVICES(tty, devices);

static int __init
console_tty_init(void)
{
	tty_init(&console_tty, console_tty_write);
	console_ready = true;
	return 0;
}
early_initcall(console_tty_init);
