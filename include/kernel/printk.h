/* SPDX-License-Identifier: MIT */
/*
 * The kernel's log: a ring of text, and consoles that show it.
 *
 * Any context may print, also interrupt handlers and a core in panic. Text
 * goes to the ring at once and to the consoles up to console_loglevel; what
 * came before a console was there is replayed to it.
 */
#ifndef KERNEL_PRINTK_H
#define KERNEL_PRINTK_H

#include <lib/compiler.h>
#include <lib/list.h>
#include <lib/types.h>
#include <stdarg.h>

enum log_level {
	LOG_EMERG, LOG_ALERT, LOG_CRIT, LOG_ERR,
	LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG,
};

void printk(enum log_level level, const char *fmt, ...) __printf(2, 3);
void vprintk(enum log_level level, const char *fmt, va_list ap)
	__printf(2, 0);

#define pr_emerg(...)	printk(LOG_EMERG, __VA_ARGS__)
#define pr_err(...)	printk(LOG_ERR, __VA_ARGS__)
#define pr_warn(...)	printk(LOG_WARNING, __VA_ARGS__)
#define pr_notice(...)	printk(LOG_NOTICE, __VA_ARGS__)
#define pr_info(...)	printk(LOG_INFO, __VA_ARGS__)
#define pr_debug(...)	printk(LOG_DEBUG, __VA_ARGS__)

/* Text for the person at the console, not for the log (monitor, KTAP). */
void console_puts(const char *text);
void console_write(const char *text, size_t len);
/* The same for a program that moves the cursor itself (a terminal in raw mode). */
void console_write_raw(const char *text, size_t len);
void console_printf(const char *fmt, ...) __printf(1, 2);

struct console {
	const char *name;
	void (*write)(struct console *con, const char *text, size_t len);
	struct list_head list;	/* console_lock */
	bool raw;		/* console_lock: a newline moves down only */
};

/* The first console, polled: in its driver, called first at boot. */
void early_console_init(void);
void console_register(struct console *con);
void console_unregister(struct console *con);

extern enum log_level console_loglevel;

/*
 * Divert this core's output (log and console) to buf until log_capture_end();
 * always NUL-terminated, cut at size. For tests that expect a report.
 * Captures nest (4 deep); the innermost one gets the output. The caller must
 * not sleep meanwhile: it might go on on another core.
 */
void log_capture_begin(char *buf, size_t size);
size_t log_capture_end(void);
/* End all captures of this core: what follows must be seen. */
void log_capture_abort(void);

/* After a fault inside printk: free the locks that this core held there. */
void printk_bust_locks(void);

/*
 * The log itself: copy whole lines, up to size bytes, from position *pos on
 * (0: the oldest), advance it. 0 at the end.
 */
size_t log_read(u64 *pos, char *buf, size_t size);

#endif
