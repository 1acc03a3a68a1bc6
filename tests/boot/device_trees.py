# SPDX-License-Identifier: MIT
"""Device trees good, odd and hostile.

Good and odd ones must boot with every page of the memory described, and not
one more. For the others: one clear line, then a clean stop with status 1.
"""

import os
import struct

from runner.boots import PROMPT, Boot, memory, tree

MIB = 1 << 20
RAM = 0x60000000
# The smallest first bank that does, beside 128 MiB far above: KASAN's shadow
# comes out of it.
SMALL = (64 if os.environ.get("SAN") == "kasan" else 32) * MIB


def patched(offset, value, data=None):
    """The board's tree with one word of it overwritten (big endian)."""
    data = bytearray(data or tree())
    data[offset:offset + 4] = struct.pack(">I", value)
    return bytes(data)


def bad(name, blob, message):
    """A boot that has to be refused with this message."""
    return Boot(name, [message], [PROMPT], 1, say=(), tree=blob)


def reserved(*nodes):
    """A /reserved-memory with nodes (name, start, size, properties)."""
    text = "".join("%s@%x { reg = <%#x %#x>; %s };\n" % (n, s, s, z, more)
                   for n, s, z, more in nodes)
    return ("/ { reserved-memory { #address-cells = <1>; #size-cells = <1>; "
            "ranges; %s}; };" % text)


def nested(depth):
    """A tree whose nodes are this deep."""
    return tree("/ { %s %s };" % ("n { " * depth, "}; " * depth))


GOOD = [
    Boot("one_bank_handed_over",
         [r"by device tree, 262144 KiB of memory in 1 bank\b", PROMPT],
         tree=memory((RAM, 256 * MIB))),
    Boot("two_banks_with_a_hole",
         [r"131072 KiB of memory in 2 banks", PROMPT],
         tree=memory((RAM, 64 * MIB), (RAM + 128 * MIB, 64 * MIB))),
    Boot("hole_of_one_page",
         [r"131068 KiB of memory in 2 banks", PROMPT],
         tree=memory((RAM, 64 * MIB),
                     (RAM + 64 * MIB + 4096, 64 * MIB - 4096))),
    Boot("eight_banks_in_any_order",
         [r"114688 KiB of memory in 8 banks|114688 KiB of memory in 7 banks",
          PROMPT],
         tree=memory(*[(RAM + i * 32 * MIB, (14 + (i == 0) * 14) * MIB)
                       for i in (3, 0, 6, 2, 5, 1, 4)])),
    Boot("banks_that_touch_are_one",
         [r"131072 KiB of memory in 1 bank\b", PROMPT],
         tree=memory((RAM + 64 * MIB, 64 * MIB), (RAM, 64 * MIB))),
    Boot("second_memory_node",
         [r"131072 KiB of memory in 2 banks", PROMPT],
         tree=memory((RAM, 64 * MIB), extra='/ { memory@68000000 { '
                     'device_type = "memory"; '
                     'reg = <0x68000000 0x4000000>; }; };')),
    # U-Boot up to 512 MiB: a second bank of 4 bytes where nothing is.
    Boot("tiny_absent_bank_is_left_out",
         [r"262144 KiB of memory in 1 bank\b", PROMPT],
         tree=memory((RAM, 256 * MIB), (0x80000000, 4))),
    Boot("bank_that_does_not_end_on_a_page",
         [r"65536 KiB of memory in 1 bank\b", PROMPT],
         tree=memory((RAM, 64 * MIB + 100))),
    Boot("memory_only_high_above_a_hole", mem=1024,
         expect=[r"in 2 banks", PROMPT],
         tree=memory((RAM, SMALL), (RAM + 800 * MIB, 128 * MIB))),
    # Where U-Boot moves it when it may: near the end of memory.
    Boot("tree_in_high_memory", mem=1024, r2=0x9f000000,
         expect=[r"1048576 KiB of memory in 1 bank", PROMPT],
         tree=memory((RAM, 1024 * MIB))),
    Boot("tree_behind_all_memory", r2=0x6f000000,
         expect=[r"65536 KiB of memory in 1 bank", PROMPT],
         tree=memory((RAM, 64 * MIB))),
    Boot("initrd_in_high_memory", mem=1024, initrd=b"x" * 50000,
         expect=[PROMPT],
         tree=memory((RAM, 1024 * MIB), extra="/ { chosen { "
                     "linux,initrd-start = <0x9e000000>; "
                     "linux,initrd-end = <0x9e00c350>; }; };")),
    Boot("initrd_outside_memory_is_ignored",
         [r"initrd 0x9e000000-0x9e00c350 is not in memory, ignored", PROMPT],
         tree=memory((RAM, 64 * MIB), extra="/ { chosen { "
                     "linux,initrd-start = <0x9e000000>; "
                     "linux,initrd-end = <0x9e00c350>; }; };")),
    Boot("initrd_over_the_kernel_is_ignored",
         [r"initrd .*ignored", PROMPT],
         tree=memory((RAM, 64 * MIB), extra="/ { chosen { "
                     "linux,initrd-start = <0x60010000>; "
                     "linux,initrd-end = <0x60020000>; }; };")),
    Boot("initrd_that_ends_before_it_starts", [PROMPT],
         tree=memory((RAM, 64 * MIB), extra="/ { chosen { "
                     "linux,initrd-start = <0x61000000>; "
                     "linux,initrd-end = <0x60f00000>; }; };")),
    Boot("reserved_region_over_the_kernel", [PROMPT],
         tree=memory((RAM, 64 * MIB), reserve=[(RAM, 4 * MIB)])),
    # All of it, or its beginning only.
    *(Boot(f"no_map_region_over_{what}_the_kernel",
           [r"boot: a no-map region covers the kernel: mapped all the same",
            PROMPT],
           tree=memory((RAM, 64 * MIB), extra=reserved(
               ("k", RAM, size * MIB, "no-map;"))))
      for what, size in (("all_of", 8), ("a_part_of", 1))),
    # The first tables must come from the 16 MiB that the early map covers.
    Boot("reserved_region_over_all_early_memory", status=1, say=(),
         expect=[r"boot: all of the first 16 MiB is reserved"],
         forbid=[PROMPT, "panic:"],
         tree=memory((RAM, 64 * MIB), reserve=[(RAM, 16 * MIB)])),
    Boot("reserved_regions_over_almost_all_memory", status=1, say=(),
         expect=[r"boot: almost all memory is reserved"],
         forbid=[PROMPT, "panic:"],
         tree=memory((RAM, 64 * MIB), reserve=[(RAM + 8 * MIB, 56 * MIB),
                                               (RAM + 2 * MIB, 5 * MIB)])),
    Boot("memory_that_is_not_there_is_left_out",
         [r"boot: no memory at 0x64000000-0x6fffffff", PROMPT],
         mem=64, tree=memory((RAM, 256 * MIB))),
    Boot("memreserve_is_kept", [PROMPT, r"64000000-640fffff"],
         say=("cat iomem", "verify", "poweroff"),
         tree=memory((RAM, 256 * MIB), reserve=[(0x64000000, MIB)])),
    Boot("reserved_memory_nodes_are_kept",
         [PROMPT, r"64000000-643fffff.*firmware", r"66000000-66000fff.*log"],
         say=("cat iomem", "verify", "poweroff"),
         tree=memory((RAM, 256 * MIB), extra=reserved(
             ("firmware", 0x64000000, 4 * MIB, "no-map;"),
             ("log", 0x66000000, 4096, "")))),
    Boot("reserved_regions_overlap_each_other", [PROMPT],
         tree=memory((RAM, 256 * MIB), extra=reserved(
             ("a", 0x64000000, 4 * MIB, ""), ("b", 0x64200000, 4 * MIB, "")),
             reserve=[(0x64100000, MIB)])),
    Boot("reserved_outside_memory_does_no_harm", [PROMPT],
         tree=memory((RAM, 64 * MIB), extra=reserved(
             ("a", 0x90000000, MIB, "no-map;")))),
    Boot("bootargs_of_the_tree", [r"command line: loglevel=7 quux", PROMPT],
         tree=tree(bootargs="loglevel=7 quux")),
]

DAMAGED = r"^.*boot: the device tree is unusable: its contents are damaged"

BAD = [
    bad("overlapping_banks", memory((RAM, 64 * MIB), (RAM + MIB, 64 * MIB)),
        r"boot: memory banks overlap: 0x60000000-0x\w+ and 0x60100000-0x\w+"),
    bad("same_bank_twice", memory((RAM, 64 * MIB), (RAM, 64 * MIB)),
        r"boot: memory banks overlap"),
    bad("bank_around_the_end_of_addresses", memory((0xfff00000, 0xfff00000)),
        r"boot: memory bank 0xfff00000 \+ 0xfff00000 wraps around"),
    bad("bank_beyond_the_end_of_ram", memory((RAM, 0x80000000)),
        r"boot: memory bank .* is not inside 0x60000000-0x9fffffff"),
    bad("banks_where_the_board_has_no_ram", memory((0x10000000, 64 * MIB)),
        r"boot: the device tree names no usable memory: bank 0x10000000"),
    bad("too_little_memory_2_mib", memory((RAM, 2 * MIB)),
        r"boot: too little memory: at least \d+ MiB"),
    bad("kernel_outside_memory", memory((0x64000000, 64 * MIB)),
        r"boot: the kernel lies outside the memory"),
    bad("no_memory_node", tree("/delete-node/ &{/memory@60000000};"),
        r"boot: the device tree names no usable memory"),
    bad("memory_of_no_bytes", memory((RAM, 0)),
        r"boot: the device tree names no usable memory"),
    bad("memory_node_without_reg",
        tree("/ { memory@60000000 { /delete-property/ reg; }; };"),
        r"boot: the device tree names no usable memory"),
    bad("memory_reg_of_odd_length",
        tree("/ { memory@60000000 { reg = <0x60000000>; }; };"),
        r"boot: device tree: reg of /memory@60000000 has 4 bytes"),
    bad("seventeen_banks",
        memory(*[(RAM + i * 8 * MIB, 4 * MIB) for i in range(17)]),
        r"boot: more than 16 memory banks"),
    bad("too_many_reserved_ranges",
        memory((RAM, 256 * MIB),
               reserve=[(0x64000000 + i * 8192, 4096) for i in range(40)]),
        r"boot: more than 32 reserved ranges"),
    bad("not_a_tree", b"This is not a device tree at all." * 8,
        r"boot: .*neither a device tree nor ATAGs"),
    bad("cut_in_the_middle", tree()[:1200], DAMAGED),
    bad("cut_behind_the_header", tree()[:40], DAMAGED),
    bad("size_zero", patched(4, 0), r"boot: the device tree is unusable"),
    bad("size_beyond_all_memory", patched(4, 0xffffffff),
        r"boot: the device tree is unusable: its size is beyond the limit"),
    bad("structure_outside_the_tree", patched(8, 0x7fffffff), DAMAGED),
    bad("strings_outside_the_tree", patched(12, 0x7fffffff), DAMAGED),
    bad("version_from_the_future", patched(24, 99),
        r"boot: the device tree is unusable: it is no device tree of version"),
    bad("structure_begins_with_rubbish",
        patched(struct.unpack(">I", tree()[8:12])[0], 0x12345678), DAMAGED),
    bad("nodes_nested_a_thousand_deep", nested(1000), DAMAGED),
]

BOOTS = GOOD + BAD
