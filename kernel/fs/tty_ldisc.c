/* SPDX-License-Identifier: MIT */
/*
 * Line discipline: from keys to lines.
 *
 * Ideas
 *   Canonical	a line belongs to its typist until Return: characters can be
 *	erased, and read() sees nothing of it. Then it belongs to the reader.
 *
 *	tail        canon        head
 *	 | whole lines | being typed |		numbers modulo 2^32
 *
 *	Each place holds a character and whether it ends a line. Ctrl-D ends one
 *	without adding to it: at the start of a line that is a line of nothing,
 *	which read() tells as 0, the end of the file.
 *   Raw	(ICANON off) what arrives can be read at once.
 *   Signals	Ctrl-C, Ctrl-\ and Ctrl-Z are no characters but signals for the
 *	group in the foreground; what was typed before is forgotten.
 *   Echo	is made here, when the key arrives, not when a program reads.
 *	Control characters show as ^X, two columns, so erasing one takes two.
 *
 * Locks   tty->lock, interrupts masked: keys arrive in an interrupt handler.
 *
 * Sources  POSIX.1-2017, chapter 11, General Terminal Interface.
 */
#include <kernel/signal.h>
#include <kernel/tty.h>
#include <lib/string.h>

#define CTRL(c)	((c) & 0x1f)

static const struct termios default_termios = {
	.c_iflag = ICRNL,
	.c_oflag = OPOST | ONLCR,
	.c_cflag = B38400 | CS8 | CREAD | HUPCL | CLOCAL,
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE |
		   IEXTEN,
	.c_cc = {
		[VINTR] = CTRL('C'), [VQUIT] = CTRL('\\'), [VERASE] = 0x7f,
		[VKILL] = CTRL('U'), [VEOF] = CTRL('D'), [VMIN] = 1,
		[VSTART] = CTRL('Q'), [VSTOP] = CTRL('S'),
		[VSUSP] = CTRL('Z'), [VREPRINT] = CTRL('R'),
		[VWERASE] = CTRL('W'), [VLNEXT] = CTRL('V'),
	},
};

void
tty_init(struct tty *tty, void (*write)(struct tty *, const char *, size_t,
					 bool))
{
	memset(tty, 0, sizeof(*tty));
	spin_lock_init(&tty->lock, LOCK_TTY);
	tty->termios = default_termios;
	tty->winsize = (struct winsize){ 24, 80, 0, 0 };
	init_waitqueue_head(&tty->read_wait);
	mutex_init(&tty->read_mutex);
	tty->write = write;
}

static bool
lflag(const struct tty *tty, u32 flag)
{
	return tty->termios.c_lflag & flag;
}

static u16 *
slot(struct tty *tty, unsigned number)
{
	return &tty->buf[number % TTY_BUF_SIZE];
}

/* --- echo: tty->lock held --------------------------------------------------------- */

/* As OPOST and ONLCR say; one piece between newlines at a time. */
static void
write_cooked(struct tty *tty, const char *text, size_t len)
{
	bool raw = (tty->termios.c_oflag & (OPOST | ONLCR)) !=
		   (OPOST | ONLCR);

	tty->write(tty, text, len, raw);
}

static void
echo_text(struct tty *tty, const char *text)
{
	write_cooked(tty, text, strlen(text));
}

static bool
shows_as_control(const struct tty *tty, u8 c)
{
	return (c < 0x20 || c == 0x7f) && c != '\n' && c != '\t' &&
	       lflag(tty, ECHOCTL);
}

static void
echo_char(struct tty *tty, u8 c)
{
	char text[2] = { (char)c, 0 };

	if (!lflag(tty, ECHO) && !(c == '\n' && lflag(tty, ECHONL)))
		return;
	if (shows_as_control(tty, c)) {
		text[0] = '^';
		text[1] = (char)(c ^ 0x40);
		write_cooked(tty, text, 2);
	} else {
		write_cooked(tty, text, 1);
	}
}

/* Columns that the line takes up to number end (tabs to multiples of 8). */
static unsigned
columns_to(struct tty *tty, unsigned end)
{
	unsigned i, col = 0;

	for (i = tty->canon; i != end; i++) {
		u8 c = (u8)*slot(tty, i);

		if (c == '\t')
			col = (col | 7) + 1;
		else if (shows_as_control(tty, c))
			col += 2;
		else if (c >= 0x20 && (c & 0xc0) != 0x80)
			col++;		/* not the rest of a UTF-8 sequence */
	}
	return col;
}

/* --- editing: tty->lock held --------------------------------------------------------- */

/* The last character of the line goes, with all bytes of it. */
static void
erase_one(struct tty *tty)
{
	unsigned before = columns_to(tty, tty->head), n;

	do {
		tty->head--;
	} while (tty->head != tty->canon &&
		 (*slot(tty, tty->head) & 0xc0) == 0x80);
	if (!lflag(tty, ECHO))
		return;
	if (!lflag(tty, ECHOE)) {
		echo_char(tty, tty->termios.c_cc[VERASE]);
		return;
	}
	for (n = before - columns_to(tty, tty->head); n; n--)
		echo_text(tty, "\b \b");
}

static bool
ends_with_space(struct tty *tty)
{
	u8 c = (u8)*slot(tty, tty->head - 1);

	return c == ' ' || c == '\t';
}

static void
erase_word(struct tty *tty)
{
	while (tty->head != tty->canon && ends_with_space(tty))
		erase_one(tty);
	while (tty->head != tty->canon && !ends_with_space(tty))
		erase_one(tty);
}

static void
erase_line(struct tty *tty)
{
	if (lflag(tty, ECHOKE)) {
		while (tty->head != tty->canon)
			erase_one(tty);
		return;
	}
	tty->head = tty->canon;
	echo_char(tty, tty->termios.c_cc[VKILL]);
	if (lflag(tty, ECHOK))
		echo_char(tty, '\n');
}

static void
reprint(struct tty *tty)
{
	unsigned i;

	echo_char(tty, tty->termios.c_cc[VREPRINT]);
	echo_char(tty, '\n');
	for (i = tty->canon; i != tty->head; i++)
		echo_char(tty, (u8)*slot(tty, i));
}

static unsigned
room(const struct tty *tty)
{
	return TTY_BUF_SIZE - (tty->head - tty->tail);
}

/* One place is kept for the end of the line. */
static bool
put_char(struct tty *tty, u8 c)
{
	if (room(tty) <= 1) {
		echo_text(tty, "\a");
		return false;
	}
	*slot(tty, tty->head++) = c;
	return true;
}

static void
end_line(struct tty *tty, u16 what)
{
	if (!room(tty))
		return;
	*slot(tty, tty->head++) = what;
	tty->canon = tty->head;
	tty->nr_lines++;
}

/* Does key which (an index of c_cc) mean c? 0 is nobody's key. */
static bool
is_key(const struct tty *tty, unsigned which, u8 c)
{
	return c && tty->termios.c_cc[which] == c;
}

/* An editing key; false: an ordinary character. */
static bool
edit(struct tty *tty, u8 c)
{
	bool extended = lflag(tty, IEXTEN);

	if (is_key(tty, VERASE, c)) {
		if (tty->head != tty->canon)
			erase_one(tty);
	} else if (is_key(tty, VKILL, c)) {
		erase_line(tty);
	} else if (extended && is_key(tty, VWERASE, c)) {
		erase_word(tty);
	} else if (extended && is_key(tty, VREPRINT, c)) {
		reprint(tty);
	} else if (extended && is_key(tty, VLNEXT, c)) {
		tty->literal = true;
		if (lflag(tty, ECHO) && lflag(tty, ECHOCTL))
			echo_text(tty, "^\b");
	} else {
		return false;
	}
	return true;
}

static void
receive_canonical(struct tty *tty, u8 c)
{
	if (edit(tty, c))
		return;
	if (is_key(tty, VEOF, c)) {
		end_line(tty, TTY_EOF);
	} else if (c == '\n' || is_key(tty, VEOL, c) || is_key(tty, VEOL2, c)) {
		echo_char(tty, c);
		end_line(tty, TTY_EOL | c);
	} else if (put_char(tty, c)) {
		echo_char(tty, c);
	}
}

/* --- keys that come in ------------------------------------------------------------------ */

static int
key_signal(const struct tty *tty, u8 c)
{
	if (!lflag(tty, ISIG))
		return 0;
	return is_key(tty, VINTR, c) ? SIGINT : is_key(tty, VQUIT, c) ?
	       SIGQUIT : is_key(tty, VSUSP, c) ? SIGTSTP : 0;
}

/* Held: lock. */
static void
flush_input(struct tty *tty)
{
	tty->tail = tty->canon = tty->head;
	tty->nr_lines = 0;
}

/* c as ISTRIP and the CR flags make it; -1: ignored. */
static int
translate(const struct tty *tty, u8 c)
{
	u32 iflag = tty->termios.c_iflag;

	if (iflag & ISTRIP)
		c &= 0x7f;
	if (c == '\r') {
		if (iflag & IGNCR)
			return -1;
		if (iflag & ICRNL)
			return '\n';
	} else if (c == '\n' && (iflag & INLCR)) {
		return '\r';
	}
	return c;
}

/* Held: lock. */
static int
receive_locked(struct tty *tty, u8 byte)
{
	int c, sig;

	if (tty->literal) {
		tty->literal = false;
		if (put_char(tty, byte))
			echo_char(tty, byte);
		return 0;
	}
	c = translate(tty, byte);
	if (c < 0)
		return 0;
	sig = key_signal(tty, (u8)c);
	if (sig) {
		echo_char(tty, (u8)c);
		if (lflag(tty, ECHO))
			echo_text(tty, "\n");
		if (!lflag(tty, NOFLSH))
			flush_input(tty);
		return sig;
	}
	if (lflag(tty, ICANON)) {
		receive_canonical(tty, (u8)c);
	} else if (put_char(tty, (u8)c)) {
		echo_char(tty, (u8)c);
		tty->canon = tty->head;
	}
	return 0;
}

int
tty_receive(struct tty *tty, char c)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);
	int sig = receive_locked(tty, (u8)c);
	bool readable = tty_readable(tty);

	spin_unlock_irqrestore(&tty->lock, flags);
	if (readable)
		wake_up_all(&tty->read_wait);
	return sig;
}

/* --- what goes out ------------------------------------------------------------------------ */

bool
tty_readable(const struct tty *tty)
{
	return lflag(tty, ICANON) ? READ_ONCE(tty->nr_lines) != 0 :
				    READ_ONCE(tty->head) != READ_ONCE(tty->tail);
}

size_t
tty_take(struct tty *tty, char *buf, size_t n, bool *eof)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);
	bool canonical = lflag(tty, ICANON), ended = false;
	unsigned end = canonical ? tty->canon : tty->head;
	size_t done = 0;
	u16 c;

	*eof = false;
	while (tty->tail != end && !ended) {
		c = *slot(tty, tty->tail);
		/* The end of a line that just fits is taken with it. */
		if (done == n && !(canonical && (c & TTY_EOF)))
			break;
		tty->tail++;
		if (c & (TTY_EOL | TTY_EOF)) {
			tty->nr_lines--;
			ended = canonical;
		}
		if (!(c & TTY_EOF))
			buf[done++] = (char)c;
		else if (canonical && !done)
			*eof = true;
	}
	spin_unlock_irqrestore(&tty->lock, flags);
	return done;
}

void
tty_flush_input(struct tty *tty)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);

	flush_input(tty);
	spin_unlock_irqrestore(&tty->lock, flags);
}

void
tty_output(struct tty *tty, const char *text, size_t len)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);

	write_cooked(tty, text, len);
	spin_unlock_irqrestore(&tty->lock, flags);
}
