/* SPDX-License-Identifier: MIT */
/*
 * Terminals: what lies between a serial line and the programs that read it.
 * See kernel/fs/tty_ldisc.c (lines, echo, erasing) and tty.c (the device,
 * job control).
 */
#ifndef KERNEL_TTY_H
#define KERNEL_TTY_H

#include <kernel/lock.h>
#include <kernel/mutex.h>
#include <kernel/wait.h>
#include <lib/types.h>
#include <uapi/termios.h>

#define TTY_BUF_SIZE	4096u	/* a power of two; also the longest line */

struct process;

struct tty {
	spinlock_t lock;		/* rank TTY; taken in interrupts */
	struct termios termios;		/* lock */
	struct winsize winsize;		/* lock */
	/* Numbers of characters, modulo 2^32: read, ends of whole lines, in. */
	unsigned tail, canon, head;	/* lock */
	unsigned nr_lines;		/* lock: whole lines between tail, canon */
	bool literal;			/* lock: the next one means itself */
	int pgrp, session;		/* lock: in the foreground; 0: none */
	unsigned nr_open;		/* lock */
	struct wait_queue_head read_wait;
	struct mutex read_mutex;	/* one reader at a time */
	/* Show text; raw: as it is. Context: any, lock held. */
	void (*write)(struct tty *tty, const char *text, size_t len, bool raw);
	u16 buf[TTY_BUF_SIZE];		/* lock: character and TTY_* */
};

#define TTY_EOL	0x100u		/* ends a line, and is part of it */
#define TTY_EOF	0x200u		/* ends a line, and is not */

void tty_init(struct tty *tty, void (*write)(struct tty *, const char *,
					      size_t, bool));
/* A character came in. Context: any. Returns a signal for the foreground
 * group, or 0. */
int tty_receive(struct tty *tty, char c);
/* Is there something for read()? Held: lock, or a hint. */
bool tty_readable(const struct tty *tty);
/*
 * Take up to n characters of what read() gets now (a line, or all); *eof: the
 * line ended with nothing behind it. How many. Context: any.
 */
size_t tty_take(struct tty *tty, char *buf, size_t n, bool *eof);
void tty_set_termios(struct tty *tty, const struct termios *t);
void tty_flush_input(struct tty *tty);
/* Show len characters as the settings say. Context: any. */
void tty_output(struct tty *tty, const char *text, size_t len);

/* The serial line. */
extern struct tty console_tty;
/*
 * A character arrived at the console: it goes to the programs if there is an
 * init or one has it open, or to the monitor. CONSOLE_KEY changes between the two.
 * Context: interrupt handler.
 */
#define CONSOLE_KEY	0x1d	/* Ctrl-] */
void console_input(char c);
/*
 * There is an init, which will open the console: what was typed up to now, and
 * what will be, is for it (unless the monitor was asked for). Before it runs.
 * Context: a thread.
 */
void console_keys_to_programs(void);
/* The leader of a session ends: its terminal has none any more; the group in
 * the foreground gets SIGHUP. */
void disassociate_ctty(struct process *process);

#endif
