/* SPDX-License-Identifier: MIT */
/*
 * PL011 UART: the serial console.
 *
 * Two lives
 *   Early: the registers are mapped at FIX_EARLY_CONSOLE by the first page
 *   tables, and early_console_init() makes the port a console before anything
 *   else runs. Its physical address is a constant of the board: the console
 *   must be able to say that the device tree is broken.
 *   Later: a device initcall adds reception by interrupt.
 *
 * Why is output polled?
 *   A line must come out with interrupts off, from an interrupt handler, and
 *   from a core in panic that will never take an interrupt again. With a FIFO
 *   of 16 bytes a polled line of 60 characters waits about 12 ms at 38400
 *   baud on real hardware, and not at all under QEMU. An interrupt-driven
 *   queue would need this path beside it anyway.
 *
 * Reception
 *   The interrupt comes at half a FIFO, or when characters have lain in it
 *   for 32 bit times (receive timeout). Each word of DR carries its error
 *   bits: a break, a parity or a framing error makes the character worthless;
 *   an overrun means that later ones were lost and this one is good.
 *
 * Sources  ARM DDI 0183 (PrimeCell UART PL011); ids and clock: board manual
 *	    (24 MHz reference).
 */
#include <asm/fixmap.h>
#include <asm/io.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/node.h>
#include <kernel/printk.h>
#include <kernel/resource.h>
#include <kernel/tty.h>

#define UART_PHYS	0x10009000
#define UART_IRQ	37

#define UART_DR		0x00
#define DR_FE		0x100	/* framing error */
#define DR_PE		0x200	/* parity error */
#define DR_BE		0x400	/* break */
#define DR_OE		0x800	/* overrun */
#define UART_FR		0x18
#define FR_RXFE		0x10	/* receive FIFO empty */
#define FR_TXFF		0x20	/* transmit FIFO full */
#define UART_IBRD	0x24
#define UART_FBRD	0x28
#define UART_LCRH	0x2c
#define LCRH_FEN	0x10	/* FIFOs on */
#define LCRH_8BIT	0x60
#define UART_CR		0x30
#define CR_ENABLE	0x301	/* UARTEN, TXE, RXE */
#define UART_IMSC	0x38
#define UART_ICR	0x44
#define INT_RX		0x10
#define INT_RX_TIMEOUT	0x40

/* 24 MHz / 16 / 38400 = 39.0625 = 39 + 4/64 */
#define IBRD_38400	39
#define FBRD_38400	4

/* Looks at an empty line until it is quiet: some 0.2 ms. */
#define QUIET_POLLS	2000

/* A FIFO that stays full this long is stuck: drop the character. */
#define TX_PATIENCE	10000000

static char *uart;	/* registers; NULL before early_console_init() */
static u16 early[128];	/* words of DR that came before the FIFO was on */
static unsigned nr_early;

static struct {
	u32 received, breaks, frame, parity, overrun, tx_stuck;
} stats;

static void
uart_putc(char c)
{
	unsigned patience = TX_PATIENCE;

	while (readl_relaxed(uart + UART_FR) & FR_TXFF) {
		if (!--patience) {
			stats.tx_stuck++;
			return;
		}
	}
	writel_relaxed((u8)c, uart + UART_DR);
}

static void
uart_write(struct console *con, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' && !con->raw)
			uart_putc('\r');
		uart_putc(text[i]);
	}
}

static struct console uart_console = {
	.name = "ttyAMA0",
	.write = uart_write,
};

/*
 * 8N1, FIFOs on. Turning them on empties them, and without one the holding
 * register has room for one word: what is typed at a machine that starts would
 * lose a key. So if there is one, words are taken until the line is quiet.
 */
static void
uart_enable_fifo(void)
{
	unsigned quiet = readl_relaxed(uart + UART_FR) & FR_RXFE ?
			 0 : QUIET_POLLS;

	if (readl_relaxed(uart + UART_LCRH) & LCRH_FEN)
		quiet = 0;
	for (; quiet && nr_early < ARRAY_SIZE(early); quiet--) {
		if (readl_relaxed(uart + UART_FR) & FR_RXFE)
			continue;
		early[nr_early++] = (u16)readl_relaxed(uart + UART_DR);
		quiet = QUIET_POLLS;
	}
	writel_relaxed(LCRH_8BIT | LCRH_FEN, uart + UART_LCRH);
}

/*
 * Set the line up (8N1, FIFOs) and make it a console. The firmware's speed is
 * kept if it set one: the terminal at the other end is set to it too.
 * Context: first thing at boot, FIX_EARLY_CONSOLE mapped.
 */
void
early_console_init(void)
{
	uart = (char *)fix_to_virt(FIX_EARLY_CONSOLE);
	writel_relaxed(0, uart + UART_IMSC);
	if (!readl_relaxed(uart + UART_IBRD)) {
		writel_relaxed(IBRD_38400, uart + UART_IBRD);
		writel_relaxed(FBRD_38400, uart + UART_FBRD);
	}
	uart_enable_fifo();
	writel_relaxed(CR_ENABLE, uart + UART_CR);
	console_register(&uart_console);
}

/* Take one word of DR; true when it carries a character. */
static bool
uart_check(u32 word)
{
	if (word & DR_OE)
		stats.overrun++;
	if (word & DR_BE) {
		stats.breaks++;
		return false;
	}
	if (word & DR_PE)
		stats.parity++;
	if (word & DR_FE)
		stats.frame++;
	return !(word & (DR_PE | DR_FE));
}

static void
uart_take(u32 word)
{
	if (!uart_check(word))
		return;
	stats.received++;
	console_input((char)word);
}

static void
uart_interrupt(unsigned irq, void *data)
{
	(void)irq;
	(void)data;
	writel(INT_RX | INT_RX_TIMEOUT, uart + UART_ICR);
	while (!(readl(uart + UART_FR) & FR_RXFE))
		uart_take(readl(uart + UART_DR));
}

static int
uart_init(void)
{
	int err = request_irq(UART_IRQ, uart_interrupt, "uart-pl011", NULL);

	if (err)
		return err;
	request_mem_region(UART_PHYS, PAGE_SIZE, "uart-pl011");
	for (unsigned i = 0; i < nr_early; i++)
		uart_take(early[i]);
	writel(INT_RX | INT_RX_TIMEOUT, uart + UART_IMSC);
	return 0;
}
device_initcall(uart_init);

static void
serial_show(struct seq_buf *s)
{
	seq_printf(s, "0: uart:PL011 port:10009000 irq:%u rx:%u oe:%u fe:%u "
		   "pe:%u brk:%u stuck:%u\n", UART_IRQ, stats.received,
		   stats.overrun, stats.frame, stats.parity, stats.breaks,
		   stats.tx_stuck);
}
NODE("serial", serial_show);
