/* SPDX-License-Identifier: MIT */
/*
 * Nodes: whatever they show, it must be text that ends in a newline, fit
 * for a console, a file and a pipe; and a reader with a small buffer must
 * get a valid beginning of it.
 */
#include <kernel/node.h>
#include <kernel/resource.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/string.h>

struct reading {
	struct test *t;
	const char *name;	/* the node that is read / was read before */
	size_t bytes;
	unsigned bad;		/* characters that are no text */
	char last;
	unsigned nr_nodes;
};

static void
reading_sink(const char *text, size_t len, void *arg)
{
	struct reading *r = arg;
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] != '\n' && text[i] != '\t' &&
		    (text[i] < 0x20 || text[i] > 0x7e))
			r->bad++;
	}
	r->bytes += len;
	if (len)
		r->last = text[len - 1];
}

static void
read_whole(const struct node *node, void *arg)
{
	struct reading *r = arg;
	struct seq_buf s;
	char buf[256];	/* longer than any line */

	r->bytes = 0;
	r->bad = 0;
	r->last = 0;
	seq_buf_init(&s, buf, sizeof(buf));
	seq_buf_set_sink(&s, reading_sink, r);
	node->show(&s);
	seq_buf_flush(&s);
	/* Linux's list of locks has no head: no lock, no line. */
	if (!r->bytes && !strcmp(node->name, "locks"))
		return;
	if (!r->bytes || r->last != '\n' || r->bad || s.overflow)
		test_fail(r->t, node->name, 0, "%zu bytes, last 0x%02x, %u no "
			  "text, overflow %d", r->bytes, r->last, r->bad,
			  s.overflow);
}

static void
every_node_shows_lines_of_text(struct test *t)
{
	struct reading r = { .t = t };

	node_for_each(read_whole, &r);
}

static void
read_start(const struct node *node, void *arg)
{
	struct reading *r = arg;
	struct seq_buf s;
	char buf[16];

	buf[15] = 'x';
	seq_buf_init(&s, buf, 15);
	node->show(&s);
	if (s.len >= 15 || buf[s.len] != '\0' || buf[15] != 'x')
		test_fail(r->t, node->name, 0, "does not keep to its buffer");
}

static void
no_node_writes_past_a_small_buffer(struct test *t)
{
	struct reading r = { .t = t };

	node_for_each(read_start, &r);
}

static void
check_order(const struct node *node, void *arg)
{
	struct reading *r = arg;

	r->nr_nodes++;
	if (r->name)
		EXPECT(r->t, strcmp(r->name, node->name) < 0);
	EXPECT(r->t, node_find(node->name) == node);
	r->name = node->name;
}

static void
nodes_are_found_and_listed_in_order(struct test *t)
{
	struct reading r = { .t = t };

	node_for_each(check_order, &r);
	EXPECT(t, r.nr_nodes >= 4);
	EXPECT(t, node_find("version") != NULL);
	EXPECT(t, node_find("versio") == NULL);
	EXPECT(t, node_find("") == NULL);
}

/* Read the node called name into buf. */
static void
read_into(struct test *t, const char *name, char *buf, size_t size)
{
	const struct node *node = node_find(name);
	struct seq_buf s;

	seq_buf_init(&s, buf, size);
	if (EXPECT(t, node != NULL))
		node->show(&s);
	EXPECT(t, !s.overflow);
}

static void
iomem_nests_the_kernel_in_memory(struct test *t)
{
	static char text[4096];
	const char *ram;

	read_into(t, "iomem", text, sizeof(text));
	ram = strstr(text, " : System RAM\n");
	ASSERT(t, ram);
	EXPECT(t, strstr(ram, " : Kernel code\n") != NULL);
	EXPECT(t, strstr(text, "10009000-10009fff : uart-pl011\n") != NULL);
	EXPECT(t, strstr(text, "\n  6") != NULL);
}

static void
a_range_that_overlaps_in_part_is_refused(struct test *t)
{
	EXPECT_EQ(t, request_mem_region(0x5ffff000, 0x2000, "x"), -EBUSY);
	EXPECT_EQ(t, request_mem_region(0x60000000, 0, "x"), -EINVAL);
	EXPECT_EQ(t, request_mem_region(0xfffff000, 0x2000, "x"), -EINVAL);
}

/* Neighbours stand side by side; only what lies inside is indented. */
static void
iomem_does_not_nest_neighbours(struct test *t)
{
	static char text[4096];
	static bool done;		/* what is entered stays */

	if (!done) {
		EXPECT_EQ(t, request_mem_region(0x50000000, 0x1000, "left"),
			  0);
		EXPECT_EQ(t, request_mem_region(0x50001000, 0x1000, "right"),
			  0);
	}
	done = true;
	read_into(t, "iomem", text, sizeof(text));
	EXPECT(t, strstr(text, "\n50000000-50000fff : left\n"
			       "50001000-50001fff : right\n") != NULL);
}

static void
kernel_page_tables_names_its_areas(struct test *t)
{
	static char text[16384];

	read_into(t, "kernel_page_tables", text, sizeof(text));
	EXPECT(t, strstr(text, "---[ lowmem ]---") != NULL);
	EXPECT(t, strstr(text, "---[ fixmap ]---") != NULL);
	EXPECT(t, strstr(text, "---[ vectors ]---") != NULL);
	EXPECT(t, strstr(text, "---[ user ]---") == NULL);
}

TEST_SUITE("node",
	TEST_CASE(every_node_shows_lines_of_text),
	TEST_CASE(no_node_writes_past_a_small_buffer),
	TEST_CASE(nodes_are_found_and_listed_in_order),
	TEST_CASE(iomem_nests_the_kernel_in_memory),
	TEST_CASE(a_range_that_overlaps_in_part_is_refused),
	TEST_CASE(iomem_does_not_nest_neighbours),
	TEST_CASE(kernel_page_tables_names_its_areas));
