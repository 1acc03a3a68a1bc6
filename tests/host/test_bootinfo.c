/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader said: trees and ATAG lists as QEMU and U-Boot write
 * them, and descriptions of memory that are wrong in each way there is, with
 * the line that each gives.
 */
#include <stdlib.h>
#include <string.h>

#include <asm/memory.h>
#include <kernel/bootinfo.h>
#include <lib/atags.h>
#include <lib/errno.h>
#include <lib/string.h>
#include "dtb_builder.h"
#include "harness.h"

static struct dtb builder;
static struct boot_info bi;
static char why[160];

/* Begin a tree whose addresses and sizes have that many cells. */
static void
tree_begin(unsigned address_cells, unsigned size_cells)
{
	dtb_begin(&builder);
	dtb_node(&builder, "");
	dtb_prop_cells(&builder, "#address-cells", 1, address_cells);
	dtb_prop_cells(&builder, "#size-cells", 1, size_cells);
	dtb_prop_string(&builder, "model", "V2P-CA9");
}

/* End it, and let the kernel read it. */
static int
tree_parse(void)
{
	size_t size;
	int error;
	u8 *blob;

	dtb_end_node(&builder);
	blob = dtb_finish(&builder, &size);
	why[0] = '\0';
	error = bootinfo_parse(&bi, blob, size, why, sizeof(why));
	free(blob);
	return error;
}

/* Memory of two banks, each (start, size); a size of 0 makes it none. */
static int
parse_two_banks(u32 start1, u32 size1, u32 start2, u32 size2)
{
	tree_begin(1, 1);
	dtb_node(&builder, "memory@60000000");
	dtb_prop_string(&builder, "device_type", "memory");
	dtb_prop_cells(&builder, "reg", 4, start1, size1, start2, size2);
	dtb_end_node(&builder);
	return tree_parse();
}

static bool
bank_is(unsigned i, u32 start, u32 end)
{
	return i < bi.nr_banks && bi.banks[i].start == start &&
	       bi.banks[i].end == end;
}

static void
one_bank_as_qemu_writes_it(struct test *t)
{
	tree_begin(1, 1);
	dtb_node(&builder, "chosen");
	dtb_prop_string(&builder, "bootargs", "test=all panic=-1");
	dtb_prop_cells(&builder, "linux,initrd-start", 1, 0x68000000);
	dtb_prop_cells(&builder, "linux,initrd-end", 1, 0x68001388);
	dtb_end_node(&builder);
	dtb_node(&builder, "memory@60000000");
	dtb_prop_string(&builder, "device_type", "memory");
	dtb_prop_cells(&builder, "reg", 2, 0x60000000, 0x10000000);
	dtb_end_node(&builder);
	ASSERT_EQ(t, tree_parse(), 0);
	EXPECT_EQ(t, bi.source, BOOT_DTB);
	EXPECT_EQ(t, bi.nr_banks, 1);
	EXPECT(t, bank_is(0, 0x60000000, 0x70000000));
	EXPECT_EQ(t, bi.initrd_start, 0x68000000);
	EXPECT_EQ(t, bi.initrd_end, 0x68001388);
	EXPECT_EQ(t, strcmp(bi.command_line, "test=all panic=-1"), 0);
	EXPECT_EQ(t, strcmp(bi.model, "V2P-CA9"), 0);
	EXPECT_EQ(t, strcmp(bi.note, ""), 0);
	EXPECT(t, !bi.has_kaslr_seed);
	EXPECT(t, bi.dtb_size > 100);
	EXPECT_EQ(t, bootinfo_memory_size(&bi), 0x10000000);
}

static void
u_boots_bank_of_4_bytes_is_dropped(struct test *t)
{
	ASSERT_EQ(t, parse_two_banks(0x60000000, 0x20000000, 0x80000000, 4),
		  0);
	EXPECT_EQ(t, bi.nr_banks, 1);
	EXPECT(t, bank_is(0, 0x60000000, 0x80000000));
	EXPECT(t, strstr(bi.note, "bank 0x80000000 + 0x4 ignored"));
}

static void
adjacent_banks_are_joined(struct test *t)
{
	ASSERT_EQ(t, parse_two_banks(0x80000000, 0x20000000, 0x60000000,
				     0x20000000), 0);
	EXPECT_EQ(t, bi.nr_banks, 1);
	EXPECT(t, bank_is(0, 0x60000000, 0xa0000000));
}

static void
banks_with_a_hole_are_sorted(struct test *t)
{
	ASSERT_EQ(t, parse_two_banks(0x90000000, 0x01000000, 0x60000000,
				     0x04000000), 0);
	EXPECT_EQ(t, bi.nr_banks, 2);
	EXPECT(t, bank_is(0, 0x60000000, 0x64000000));
	EXPECT(t, bank_is(1, 0x90000000, 0x91000000));
	EXPECT_EQ(t, bootinfo_memory_size(&bi), 0x05000000);
}

static void
banks_are_cut_to_whole_pages(struct test *t)
{
	ASSERT_EQ(t, parse_two_banks(0x60000801, 0x00200000, 0x70000000,
				     0x00100fff), 0);
	EXPECT(t, bank_is(0, 0x60001000, 0x60200000));
	EXPECT(t, bank_is(1, 0x70000000, 0x70100000));
}

static void
empty_banks_are_nothing(struct test *t)
{
	ASSERT_EQ(t, parse_two_banks(0x60000000, 0x01000000, 0x70000000, 0),
		  0);
	EXPECT_EQ(t, bi.nr_banks, 1);
	EXPECT_EQ(t, bi.note[0], '\0');
}

static void
banks_elsewhere_are_noted(struct test *t)
{
	ASSERT_EQ(t, parse_two_banks(0x10000000, 0x01000000, 0x60000000,
				     0x01000000), 0);
	EXPECT_EQ(t, bi.nr_banks, 1);
	EXPECT(t, strstr(bi.note, "bank 0x10000000 + 0x1000000 ignored"));
	ASSERT_EQ(t, parse_two_banks(0xa0000000, 0x01000000, 0x60000000,
				     0x01000000), 0);
	EXPECT_EQ(t, bi.nr_banks, 1);
	ASSERT_EQ(t, parse_two_banks(0x5f000000, 0x01000000, 0x60000000,
				     0x01000000), 0);
	EXPECT_EQ(t, bi.nr_banks, 1);
}

static void
overlapping_banks_are_refused(struct test *t)
{
	EXPECT_EQ(t, parse_two_banks(0x60000000, 0x10000000, 0x6ffff000,
				     0x10000000), -ERANGE);
	EXPECT_EQ(t, strcmp(why, "memory banks overlap: 0x60000000-0x6fffffff and 0x6ffff000-0x7fffefff"), 0);
	EXPECT_EQ(t, parse_two_banks(0x60000000, 0x10000000, 0x60000000,
				     0x10000000), -ERANGE);
	EXPECT_EQ(t, parse_two_banks(0x68000000, 0x00100000, 0x60000000,
				     0x10000000), -ERANGE);
}

static void
banks_that_wrap_around_are_refused(struct test *t)
{
	EXPECT_EQ(t, parse_two_banks(0x60000000, 0xf0000000, 0x70000000, 0),
		  -ERANGE);
	EXPECT(t, strstr(why, "wraps around"));
	tree_begin(2, 2);
	dtb_node(&builder, "memory");
	dtb_prop_cells(&builder, "reg", 4, 0xffffffff, 0xfffff000, 0, 0x2000);
	dtb_end_node(&builder);
	EXPECT_EQ(t, tree_parse(), -ERANGE);
}

static void
banks_partly_outside_ram_are_refused(struct test *t)
{
	EXPECT_EQ(t, parse_two_banks(0x60000000, 0x80000000, 0, 0), -ERANGE);
	EXPECT(t, strstr(why, "is not inside 0x60000000-0x9fffffff"));
	EXPECT_EQ(t, parse_two_banks(0x50000000, 0x20000000, 0, 0), -ERANGE);
}

static void
no_memory_is_said(struct test *t)
{
	tree_begin(1, 1);
	EXPECT_EQ(t, tree_parse(), -ENOMEM);
	EXPECT_EQ(t, strcmp(why, "the device tree names no usable memory"), 0);
	EXPECT_EQ(t, parse_two_banks(0x60000000, 0x1000, 0, 0), -ENOMEM);
	EXPECT(t, strstr(why, "bank 0x60000000 + 0x1000 ignored"));
}

static void
too_many_banks_are_refused(struct test *t)
{
	unsigned i;

	tree_begin(1, 1);
	for (i = 0; i <= BOOT_MAX_BANKS; i++) {
		char name[24];

		snprintf(name, sizeof(name), "memory@%x",
			 0x60000000 + i * 0x200000);
		dtb_node(&builder, name);
		dtb_prop_cells(&builder, "reg", 2, 0x60000000 + i * 0x200000,
			       0x100000);
		dtb_end_node(&builder);
	}
	EXPECT_EQ(t, tree_parse(), -E2BIG);
	EXPECT_EQ(t, strcmp(why, "more than 16 memory banks"), 0);
}

static void
cells_of_64_bits_are_read(struct test *t)
{
	tree_begin(2, 2);
	dtb_node(&builder, "memory@60000000");
	dtb_prop_cells(&builder, "reg", 8, 0, 0x60000000, 0, 0x08000000,
		       8, 0x80000000, 0, 0x80000000);
	dtb_end_node(&builder);
	dtb_node(&builder, "chosen");
	dtb_prop_cells(&builder, "linux,initrd-start", 2, 0, 0x62000000);
	dtb_prop_cells(&builder, "linux,initrd-end", 2, 0, 0x62001000);
	dtb_prop_cells(&builder, "kaslr-seed", 2, 0x12345678, 0x9abcdef0);
	dtb_end_node(&builder);
	ASSERT_EQ(t, tree_parse(), 0);
	EXPECT_EQ(t, bi.nr_banks, 1);
	EXPECT(t, bank_is(0, 0x60000000, 0x68000000));
	EXPECT_EQ(t, bi.initrd_start, 0x62000000);
	EXPECT_EQ(t, bi.initrd_end, 0x62001000);
	EXPECT(t, bi.has_kaslr_seed);
	EXPECT_EQ(t, bi.kaslr_seed, 0x123456789abcdef0ULL);
	EXPECT(t, strstr(bi.note, "0x880000000 + 0x80000000 ignored"));
}

static void
reg_of_no_whole_pairs_is_refused(struct test *t)
{
	tree_begin(1, 1);
	dtb_node(&builder, "memory@60000000");
	dtb_prop_cells(&builder, "reg", 3, 0x60000000, 0x10000000, 1);
	dtb_end_node(&builder);
	EXPECT_EQ(t, tree_parse(), -EINVAL);
	EXPECT_EQ(t, strcmp(why, "device tree: reg of /memory@60000000 has 12 bytes, no whole number of 1 + 1 cells"), 0);
	tree_begin(1, 0);
	dtb_node(&builder, "memory@60000000");
	dtb_prop_cells(&builder, "reg", 1, 0x60000000);
	dtb_end_node(&builder);
	EXPECT_EQ(t, tree_parse(), -EINVAL);
}

/* device_type decides; a name helps only where there is none. */
static void
memory_nodes_are_told_by_device_type(struct test *t)
{
	tree_begin(1, 1);
	dtb_node(&builder, "ram@60000000");
	dtb_prop_string(&builder, "device_type", "memory");
	dtb_prop_cells(&builder, "reg", 2, 0x60000000, 0x00100000);
	dtb_end_node(&builder);
	dtb_node(&builder, "memory@70000000");
	dtb_prop_string(&builder, "device_type", "flash");
	dtb_prop_cells(&builder, "reg", 2, 0x70000000, 0x00100000);
	dtb_end_node(&builder);
	dtb_node(&builder, "memory@71000000");
	dtb_prop_string(&builder, "status", "disabled");
	dtb_prop_cells(&builder, "reg", 2, 0x71000000, 0x00100000);
	dtb_end_node(&builder);
	dtb_node(&builder, "memory-controller@72000000");
	dtb_prop_cells(&builder, "reg", 2, 0x72000000, 0x00100000);
	dtb_end_node(&builder);
	dtb_node(&builder, "memory");
	dtb_end_node(&builder);
	ASSERT_EQ(t, tree_parse(), 0);
	EXPECT_EQ(t, bi.nr_banks, 1);
	EXPECT(t, bank_is(0, 0x60000000, 0x60100000));
}

/* The head of a tree with reserved ranges; its /reserved-memory is open. */
static void
reserved_begin(void)
{
	tree_begin(1, 1);
	dtb_reserve(&builder, 0x68000000, 0x1388);
	dtb_reserve(&builder, 0x69000000, 0);
	dtb_node(&builder, "memory@60000000");
	dtb_prop_cells(&builder, "reg", 2, 0x60000000, 0x10000000);
	dtb_end_node(&builder);
	dtb_node(&builder, "reserved-memory");
	dtb_prop_cells(&builder, "#address-cells", 1, 2);
	dtb_prop_cells(&builder, "#size-cells", 1, 2);
	dtb_prop(&builder, "ranges", NULL, 0);
}

static void
reserved_node(const char *name, const char *flag, u32 start, u32 size)
{
	dtb_node(&builder, name);
	if (flag)
		dtb_prop(&builder, flag, NULL, 0);
	dtb_prop_cells(&builder, "reg", 4, 0, start, 0, size);
	dtb_end_node(&builder);
}

static void
reserved_ranges_are_listed_with_flags(struct test *t)
{
	reserved_begin();
	reserved_node("vram@4c000000", "no-map", 0x4c000000, 0x800000);
	reserved_node("pool@61000000", "reusable", 0x61000000, 0x100000);
	reserved_node("secure-firmware-area@62000000", NULL, 0x62000000, 0x1000);
	dtb_node(&builder, "dynamic");
	dtb_prop_cells(&builder, "size", 2, 0, 0x1000);
	dtb_end_node(&builder);
	dtb_node(&builder, "off@63000000");
	dtb_prop_string(&builder, "status", "disabled");
	dtb_prop_cells(&builder, "reg", 4, 0, 0x63000000, 0, 0x1000);
	dtb_end_node(&builder);
	dtb_node(&builder, "two");
	dtb_prop_cells(&builder, "reg", 8, 0, 0x64000000, 0, 0, 0, 0x65000000,
		       0, 0x2000);
	dtb_end_node(&builder);
	dtb_end_node(&builder);
	ASSERT_EQ(t, tree_parse(), 0);
	ASSERT_EQ(t, bi.nr_reserved, 5);
	EXPECT_EQ(t, bi.reserved[0].start, 0x68000000);
	EXPECT_EQ(t, bi.reserved[0].end, 0x68001388);
	EXPECT_EQ(t, strcmp(bi.reserved[0].name, "memreserve"), 0);
	EXPECT_EQ(t, strcmp(bi.reserved[1].name, "vram@4c000000"), 0);
	EXPECT(t, bi.reserved[1].nomap && !bi.reserved[1].reusable);
	EXPECT_EQ(t, bi.reserved[1].end, 0x4c800000);
	EXPECT(t, !bi.reserved[2].nomap && bi.reserved[2].reusable);
	EXPECT_EQ(t, strcmp(bi.reserved[3].name, "secure-firmware-area@"), 0);
	EXPECT(t, !bi.reserved[3].nomap && !bi.reserved[3].reusable);
	EXPECT_EQ(t, bi.reserved[4].start, 0x65000000);
	EXPECT(t, strstr(bi.note, "dynamic has no reg"));
}

static void
bad_reserved_ranges_are_refused(struct test *t)
{
	unsigned i;

	reserved_begin();
	reserved_node("wraps", NULL, 0xfffff000, 0x2000);
	dtb_end_node(&builder);
	EXPECT_EQ(t, tree_parse(), -ERANGE);
	EXPECT(t, strstr(why, "(wraps) wraps around"));

	reserved_begin();
	dtb_node(&builder, "odd");
	dtb_prop_cells(&builder, "reg", 3, 1, 2, 3);
	dtb_end_node(&builder);
	dtb_end_node(&builder);
	EXPECT_EQ(t, tree_parse(), -EINVAL);
	EXPECT(t, strstr(why, "/reserved-memory/odd is damaged"));

	reserved_begin();
	for (i = 0; i < BOOT_MAX_RESERVED; i++)
		reserved_node("r", NULL, 0x60000000 + i * 0x1000, 0x1000);
	dtb_end_node(&builder);
	EXPECT_EQ(t, tree_parse(), -E2BIG);
	EXPECT_EQ(t, strcmp(why, "more than 32 reserved ranges"), 0);

	tree_begin(1, 1);
	dtb_reserve(&builder, 1, ~0ULL);
	EXPECT_EQ(t, tree_parse(), -ERANGE);
}

static int
parse_chosen(const char *bootargs, u32 bytes, u32 initrd_start, u32 initrd_end)
{
	tree_begin(1, 1);
	dtb_node(&builder, "memory@60000000");
	dtb_prop_cells(&builder, "reg", 2, 0x60000000, 0x10000000);
	dtb_end_node(&builder);
	dtb_node(&builder, "chosen");
	dtb_prop(&builder, "bootargs", bootargs, bytes);
	dtb_prop_cells(&builder, "linux,initrd-start", 1, initrd_start);
	dtb_prop_cells(&builder, "linux,initrd-end", 1, initrd_end);
	dtb_end_node(&builder);
	return tree_parse();
}

static void
bad_initrds_are_left_out(struct test *t)
{
	ASSERT_EQ(t, parse_chosen("", 1, 0x68001000, 0x68000000), 0);
	EXPECT_EQ(t, bi.initrd_start, bi.initrd_end);
	EXPECT(t, strstr(bi.note, "initrd 0x68001000-0x68000000 ignored"));
	ASSERT_EQ(t, parse_chosen("", 1, 0x6fff0000, 0x70000001), 0);
	EXPECT_EQ(t, bi.initrd_start, bi.initrd_end);
	EXPECT(t, strstr(bi.note, "is not in memory"));
	ASSERT_EQ(t, parse_chosen("", 1, 0x68000000, 0x68000000), 0);
	EXPECT_EQ(t, bi.note[0], '\0');
	ASSERT_EQ(t, parse_chosen("", 1, 0x6fff0000, 0x70000000), 0);
	EXPECT_EQ(t, bi.initrd_end, 0x70000000);
}

static void
command_lines_are_bounded_and_printable(struct test *t)
{
	char text[1100];

	ASSERT_EQ(t, parse_chosen("a\tb\x80", 4, 0, 0), 0);
	EXPECT_EQ(t, strcmp(bi.command_line, "a?b?"), 0);
	memset(text, 'x', sizeof(text));
	ASSERT_EQ(t, parse_chosen(text, sizeof(text), 0, 0), 0);
	EXPECT_EQ(t, strlen(bi.command_line), BOOT_COMMAND_LINE - 1);
	EXPECT(t, strstr(bi.note, "command line cut at 1023 bytes"));
	ASSERT_EQ(t, parse_chosen(text, BOOT_COMMAND_LINE - 1, 0, 0), 0);
	EXPECT_EQ(t, strlen(bi.command_line), BOOT_COMMAND_LINE - 1);
	EXPECT_EQ(t, bi.note[0], '\0');
}

/* Found by fuzzing: a node's name with a newline made two lines of one. */
static void
names_in_messages_are_printable(struct test *t)
{
	reserved_begin();
	reserved_node("a\nb", NULL, 0xfffff000, 0x2000);
	dtb_end_node(&builder);
	EXPECT_EQ(t, tree_parse(), -ERANGE);
	EXPECT(t, strstr(why, "(a?b) wraps around"));
	reserved_begin();
	dtb_node(&builder, "c\x1b[2Jd");
	dtb_end_node(&builder);
	dtb_end_node(&builder);
	ASSERT_EQ(t, tree_parse(), 0);
	EXPECT(t, strstr(bi.note, "c?[2Jd has no reg"));
}

/* The note is cut where it is full, and says nothing past its end. */
static void
notes_are_bounded(struct test *t)
{
	unsigned i;

	tree_begin(1, 1);
	dtb_node(&builder, "memory@60000000");
	dtb_prop_cells(&builder, "reg", 2, 0x60000000, 0x10000000);
	dtb_end_node(&builder);
	for (i = 0; i < 20; i++) {
		dtb_node(&builder, "memory@0");
		dtb_prop_cells(&builder, "reg", 2, i * 0x1000, 0x1000);
		dtb_end_node(&builder);
	}
	ASSERT_EQ(t, tree_parse(), 0);
	EXPECT_EQ(t, strlen(bi.note), sizeof(bi.note) - 1);
	EXPECT(t, strstr(bi.note, "ignored; bank 0x1000 + 0x1000 ignored; "));
}

static void
neither_tree_nor_atags_is_said(struct test *t)
{
	static const u8 zeros[64];

	EXPECT_EQ(t, bootinfo_parse(&bi, NULL, 64, why, sizeof(why)), -ENODEV);
	EXPECT(t, strstr(why, "neither a device tree nor ATAGs (r2 is 0)"));
	EXPECT_EQ(t, bootinfo_parse(&bi, zeros, sizeof(zeros), why,
				    sizeof(why)), -EINVAL);
	EXPECT(t, strstr(why, "neither a device tree nor ATAGs"));
	EXPECT_EQ(t, bootinfo_parse(&bi, zeros, 4, why, sizeof(why)), -EINVAL);
	EXPECT(t, strstr(why, "only 4 bytes"));
}

static void
damaged_trees_are_said(struct test *t)
{
	size_t size;
	u8 *blob;

	tree_begin(1, 1);
	dtb_end_node(&builder);
	blob = dtb_finish(&builder, &size);
	EXPECT_EQ(t, bootinfo_parse(&bi, blob, size - 4, why, sizeof(why)),
		  -EINVAL);
	EXPECT(t, strstr(why, "its size is beyond the limit"));
	dtb_put32(blob + 8, 0xfffffff0);
	EXPECT_EQ(t, bootinfo_parse(&bi, blob, size, why, sizeof(why)),
		  -EINVAL);
	EXPECT(t, strstr(why, "its contents are damaged"));
	free(blob);
}

/* --- ATAGs ---------------------------------------------------------------- */

static u32 atags[128];

static int
parse_atags(const u32 *list, size_t bytes)
{
	memset(atags, 0, sizeof(atags));
	memcpy(atags, list, bytes);
	why[0] = '\0';
	return bootinfo_parse(&bi, atags, sizeof(atags), why, sizeof(why));
}

#define PARSE_ATAGS(...) ({ \
	const u32 list_[] = { __VA_ARGS__ }; \
	parse_atags(list_, sizeof(list_)); \
})

static void
atags_as_qemu_writes_them(struct test *t)
{
	ASSERT_EQ(t, PARSE_ATAGS(5, ATAG_CORE, 1, 4096, 0,
				 4, ATAG_MEM, 0x08000000, 0x60000000,
				 4, ATAG_INITRD2, 0x64000000, 5000,
				 4, ATAG_CMDLINE, 0x20746968, 0x006b6f20,
				 0, 0), 0);
	EXPECT_EQ(t, bi.source, BOOT_ATAGS);
	EXPECT_EQ(t, bi.nr_banks, 1);
	EXPECT(t, bank_is(0, 0x60000000, 0x68000000));
	EXPECT_EQ(t, bi.initrd_start, 0x64000000);
	EXPECT_EQ(t, bi.initrd_end, 0x64000000 + 5000);
	EXPECT_EQ(t, strcmp(bi.command_line, "hit  ok"), 0);
}

static void
atags_with_several_banks(struct test *t)
{
	ASSERT_EQ(t, PARSE_ATAGS(2, ATAG_CORE,
				 4, ATAG_MEM, 0x01000000, 0x70000000,
				 3, 0x54410007, 0,
				 4, ATAG_MEM, 0x01000000, 0x60000000,
				 0, 0), 0);
	EXPECT_EQ(t, bi.nr_banks, 2);
	EXPECT(t, bank_is(0, 0x60000000, 0x61000000));
	EXPECT(t, bank_is(1, 0x70000000, 0x71000000));
}

static void
bad_atags_are_said(struct test *t)
{
	EXPECT_EQ(t, PARSE_ATAGS(2, ATAG_CORE, 0, 0), -ENOMEM);
	EXPECT_EQ(t, strcmp(why, "the ATAGs name no usable memory"), 0);
	EXPECT_EQ(t, PARSE_ATAGS(2, ATAG_CORE, 3, ATAG_MEM, 1, 0, 0), -EINVAL);
	EXPECT(t, strstr(why, "MEM record is too short"));
	EXPECT_EQ(t, PARSE_ATAGS(2, ATAG_CORE, 2, ATAG_INITRD2, 0, 0),
		  -EINVAL);
	EXPECT(t, strstr(why, "INITRD2 record is too short"));
	EXPECT_EQ(t, PARSE_ATAGS(2, ATAG_CORE, 0, ATAG_MEM), -EINVAL);
	EXPECT(t, strstr(why, "ATAGs are damaged"));
	EXPECT_EQ(t, PARSE_ATAGS(2, ATAG_CORE, 4, ATAG_MEM, 0x10000000,
				 0xf8000000, 0, 0), -ERANGE);
	EXPECT_EQ(t, PARSE_ATAGS(2, ATAG_CORE,
				 4, ATAG_MEM, 0x02000000, 0x60000000,
				 4, ATAG_MEM, 0x02000000, 0x61000000, 0, 0),
		  -ERANGE);
	EXPECT_EQ(t, bootinfo_parse_atags(&bi, "none", 4, why, sizeof(why)),
		  -EINVAL);
	EXPECT(t, strstr(why, "no ATAGs"));
}

/* The machine passed ATAGs; the kernel carries a tree. */
static void
atags_override_the_carried_tree(struct test *t)
{
	static const u32 list[] = { 2, ATAG_CORE,
				    4, ATAG_MEM, 0x01000000, 0x60000000,
				    3, ATAG_CMDLINE, 0x00000061, 0, 0 };
	size_t size;
	u8 *blob;

	tree_begin(1, 1);
	dtb_reserve(&builder, 0x60100000, 0x1000);
	dtb_node(&builder, "memory@60000000");
	dtb_prop_cells(&builder, "reg", 2, 0x60000000, 0x40000000);
	dtb_end_node(&builder);
	dtb_node(&builder, "chosen");
	dtb_prop_string(&builder, "bootargs", "from the tree");
	dtb_end_node(&builder);
	dtb_end_node(&builder);
	blob = dtb_finish(&builder, &size);
	bootinfo_init(&bi);
	ASSERT_EQ(t, bootinfo_parse_dtb(&bi, blob, size, why, sizeof(why)), 0);
	ASSERT_EQ(t, bootinfo_parse_atags(&bi, list, sizeof(list), why,
					  sizeof(why)), 0);
	ASSERT_EQ(t, bootinfo_check(&bi, why, sizeof(why)), 0);
	EXPECT_EQ(t, bi.source, BOOT_ATAGS);
	EXPECT_EQ(t, bi.nr_banks, 1);
	EXPECT(t, bank_is(0, 0x60000000, 0x61000000));
	EXPECT_EQ(t, strcmp(bi.command_line, "a"), 0);
	EXPECT_EQ(t, strcmp(bi.model, "V2P-CA9"), 0);
	EXPECT_EQ(t, bi.nr_reserved, 1);
	/* What was passed is no tree, whose memory could be given back. */
	EXPECT_EQ(t, bi.dtb_size, 0);
	free(blob);
}

/* --- mem= --------------------------------------------------------------- */

static void
limit_keeps_the_lowest_memory(struct test *t)
{
	parse_two_banks(0x60000000, 0x01000000, 0x70000000, 0x01000000);
	ASSERT_EQ(t, bootinfo_apply_mem_param(&bi, "24M"), 0);
	EXPECT_EQ(t, bi.nr_banks, 2);
	EXPECT(t, bank_is(0, 0x60000000, 0x61000000));
	EXPECT(t, bank_is(1, 0x70000000, 0x70800000));
	ASSERT_EQ(t, bootinfo_apply_mem_param(&bi, "0x00801fff"), 0);
	EXPECT_EQ(t, bi.nr_banks, 1);
	EXPECT(t, bank_is(0, 0x60000000, 0x60801000));
	ASSERT_EQ(t, bootinfo_apply_mem_param(&bi, "3G"), 0);
	EXPECT(t, bank_is(0, 0x60000000, 0x60801000));
}

static void
limit_with_an_address_keeps_that_range(struct test *t)
{
	parse_two_banks(0x60000000, 0x01000000, 0x70000000, 0x01000000);
	ASSERT_EQ(t, bootinfo_apply_mem_param(&bi, "0x10100000@0x60f00001"),
		  0);
	EXPECT_EQ(t, bi.nr_banks, 2);
	EXPECT(t, bank_is(0, 0x60f01000, 0x61000000));
	EXPECT(t, bank_is(1, 0x70000000, 0x71000000));
	ASSERT_EQ(t, bootinfo_apply_mem_param(&bi, "1M@0x70000000"), 0);
	EXPECT_EQ(t, bi.nr_banks, 1);
	EXPECT(t, bank_is(0, 0x70000000, 0x70100000));
}

static void
bad_limits_change_nothing(struct test *t)
{
	static const char *const bad[] = { "", "x", "1M@", "1M@x", "1Mx",
					   "0", "4095", "1M@0x80000000",
					   "1M@0x60000000x",
					   "0xffffffffffffffff@0x60000000",
					   "1@0xffffffffffffffff" };
	unsigned i;

	parse_two_banks(0x60000000, 0x01000000, 0x70000000, 0x01000000);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!EXPECT_EQ(t, bootinfo_apply_mem_param(&bi, bad[i]),
			       -EINVAL))
			test_info(t, "mem=%s", bad[i]);
	}
	EXPECT_EQ(t, bi.nr_banks, 2);
	EXPECT_EQ(t, bootinfo_memory_size(&bi), 0x02000000);
}

TEST_SUITE("bootinfo",
	   TEST_CASE(one_bank_as_qemu_writes_it),
	   TEST_CASE(u_boots_bank_of_4_bytes_is_dropped),
	   TEST_CASE(adjacent_banks_are_joined),
	   TEST_CASE(banks_with_a_hole_are_sorted),
	   TEST_CASE(banks_are_cut_to_whole_pages),
	   TEST_CASE(empty_banks_are_nothing),
	   TEST_CASE(banks_elsewhere_are_noted),
	   TEST_CASE(overlapping_banks_are_refused),
	   TEST_CASE(banks_that_wrap_around_are_refused),
	   TEST_CASE(banks_partly_outside_ram_are_refused),
	   TEST_CASE(no_memory_is_said),
	   TEST_CASE(too_many_banks_are_refused),
	   TEST_CASE(cells_of_64_bits_are_read),
	   TEST_CASE(reg_of_no_whole_pairs_is_refused),
	   TEST_CASE(memory_nodes_are_told_by_device_type),
	   TEST_CASE(reserved_ranges_are_listed_with_flags),
	   TEST_CASE(bad_reserved_ranges_are_refused),
	   TEST_CASE(bad_initrds_are_left_out),
	   TEST_CASE(command_lines_are_bounded_and_printable),
	   TEST_CASE(names_in_messages_are_printable),
	   TEST_CASE(notes_are_bounded),
	   TEST_CASE(neither_tree_nor_atags_is_said),
	   TEST_CASE(damaged_trees_are_said),
	   TEST_CASE(atags_as_qemu_writes_them),
	   TEST_CASE(atags_with_several_banks),
	   TEST_CASE(bad_atags_are_said),
	   TEST_CASE(atags_override_the_carried_tree),
	   TEST_CASE(limit_keeps_the_lowest_memory),
	   TEST_CASE(limit_with_an_address_keeps_that_range),
	   TEST_CASE(bad_limits_change_nothing));
