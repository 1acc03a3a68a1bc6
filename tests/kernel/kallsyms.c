/* SPDX-License-Identifier: MIT */
/* The symbol table agrees with what the compiler and the linker know. */
#include <kernel/irq.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/test.h>
#include <lib/string.h>

extern const char __text_start[], __text_end[];
extern const char __init_text_start[], __init_text_end[];

static void noinline
local_function(void)
{
	__asm__ volatile("");
}

/* Does addr lie in the function of this name? */
static bool
is_in(unsigned long addr, const char *name)
{
	struct symbol symbol;

	return symbol_lookup(addr, &symbol) && !strcmp(symbol.name, name);
}

static void
functions_are_found_by_address(struct test *t)
{
	unsigned long addr = code_address(panic);
	struct symbol symbol;
	size_t size;

	ASSERT(t, symbol_lookup(addr, &symbol));
	EXPECT(t, !strcmp(symbol.name, "panic"));
	EXPECT_EQ(t, symbol.type, 'T');
	EXPECT_EQ(t, symbol.start, addr);
	size = symbol.size;
	EXPECT(t, size >= 16);
	EXPECT(t, is_in(addr + size - 4, "panic"));
	EXPECT(t, !is_in(addr - 4, "panic"));
	EXPECT(t, !is_in(addr + size, "panic"));
}

static void
static_functions_are_found_too(struct test *t)
{
	struct symbol symbol;

	local_function();
	ASSERT(t, symbol_lookup((unsigned long)local_function, &symbol));
	EXPECT(t, !strcmp(symbol.name, "local_function"));
	EXPECT_EQ(t, symbol.type, 't');
	EXPECT(t, is_in((unsigned long)static_functions_are_found_too,
			"static_functions_are_found_too"));
}

static void
functions_are_found_by_name(struct test *t)
{
	EXPECT_EQ(t, symbol_address("panic"), code_address(panic));
	EXPECT_EQ(t, symbol_address("do_irq"), code_address(do_irq));
	EXPECT_EQ(t, symbol_address("printk"), code_address(printk));
	EXPECT_EQ(t, symbol_address("no_such_function"), 0);
	EXPECT_EQ(t, symbol_address(""), 0);
}

static void
addresses_outside_of_text_have_no_name(struct test *t)
{
	static int variable;
	struct symbol symbol = { .start = 7 };

	EXPECT(t, !symbol_lookup(0, &symbol));
	EXPECT(t, !symbol_lookup((unsigned long)__text_start - 4, &symbol));
	EXPECT(t, !symbol_lookup((unsigned long)&variable, &symbol));
	EXPECT(t, !symbol_lookup(~0ul, &symbol));
	EXPECT_EQ(t, symbol.start, 7);
}

/* Constants lie between the code and that of the start: a gap in the table. */
static void
constants_have_no_name(struct test *t)
{
	struct symbol symbol;

	EXPECT(t, !symbol_lookup((unsigned long)__text_end, &symbol));
	EXPECT(t, !symbol_lookup((unsigned long)__init_text_start - 4,
				 &symbol));
	EXPECT(t, symbol_lookup((unsigned long)__init_text_start, &symbol));
	EXPECT(t, !symbol_lookup((unsigned long)__init_text_end, &symbol));
}

static void
format_names_offset_and_size(struct test *t)
{
	char text[64], want[64];
	struct symbol symbol;

	ASSERT(t, symbol_lookup(code_address(panic), &symbol));
	snprintf(want, sizeof(want), "panic+0x8/0x%lx", symbol.size);
	symbol_format((unsigned long)panic + 8, text, sizeof(text));
	EXPECT(t, !strcmp(text, want));
	symbol_format(0x1234, text, sizeof(text));
	EXPECT(t, !strcmp(text, "0x00001234"));
}

/* --- The node: every line in order, each name found at its address --- */

struct listing {
	struct test *t;
	unsigned long last;
	unsigned lines;
	char line[160];
	size_t len;
};

static void
check_line(struct listing *l)
{
	unsigned long addr = 0;

	l->line[l->len] = '\0';
	for (int i = 0; i < 8; i++) {
		char c = l->line[i];

		addr = addr << 4;
		addr |= (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	EXPECT(l->t, addr > l->last);
	if (!EXPECT(l->t, is_in(addr, l->line + 11)))
		test_info(l->t, "%s", l->line);
	l->last = addr;
	l->lines++;
}

static void
take_text(const char *text, size_t len, void *arg)
{
	struct listing *l = arg;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n') {
			check_line(l);
			l->len = 0;
		} else if (l->len < sizeof(l->line) - 1) {
			l->line[l->len++] = text[i];
		}
	}
}

static void
the_node_lists_each_function_once_in_order(struct test *t)
{
	static char part[256];
	static struct listing l;
	const struct node *node = node_find("kallsyms");
	struct seq_buf s;

	ASSERT(t, node != NULL);
	l = (struct listing){ .t = t };
	seq_buf_init(&s, part, sizeof(part));
	seq_buf_set_sink(&s, take_text, &l);
	node->show(&s);
	seq_buf_flush(&s);
	EXPECT(t, l.lines > 100);
	test_info(t, "%u functions", l.lines);
}

TEST_SUITE("kallsyms",
	TEST_CASE(functions_are_found_by_address),
	TEST_CASE(static_functions_are_found_too),
	TEST_CASE(functions_are_found_by_name),
	TEST_CASE(addresses_outside_of_text_have_no_name),
	TEST_CASE(constants_have_no_name),
	TEST_CASE(format_names_offset_and_size),
	TEST_CASE(the_node_lists_each_function_once_in_order));
