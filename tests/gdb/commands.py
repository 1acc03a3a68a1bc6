# SPDX-License-Identifier: MIT
"""Inside gdb: each command's output against facts.

The facts come from elsewhere: the kernel's own nodes and commands, typed at
its prompt; QEMU's translation; constants of the sources. Then memory is damaged
from here, a bit at a time, and each damage has to be told.
"""

import os
import random
import re
import sys

import gdb

sys.path.insert(0, os.path.join(os.getcwd(), "tests", "gdb"))
from ktap import (  # noqa: E402
    Damage, address, case, do, expect, facts, has, learn, lines_of, run, same)
from mm import frames, tables, target  # noqa: E402

COMMANDS = ("walk", "what", "maps", "regs", "fault", "page", "zones", "buddy",
            "check", "map", "tasks", "slab", "vmalloc", "shadow", "owner",
            "snap", "diff", "vma", "symbols", "oom", "rmap", "lru", "swap")
FACTS = ("cat buddyinfo", "cat zoneinfo", "cat kernel_page_tables", "map", "ps",
         "page 0x61000", "ptwalk 0xc0012345", "ptwalk 0xc1234567")


def squeeze(text):
    return " ".join(text.split())


# --- before the kernel runs -------------------------------------------------


@case
def at_reset_every_command_answers_in_words():
    for name in COMMANDS:
        words = {"walk": "0xc0010000", "what": "0xc0010000",
                 "page": "0x61000", "shadow": "0xc0010000",
                 "rmap": "0x61000", "snap": "x", "diff": "x"}.get(name, "")
        text = do(f"mm {name} {words}")
        expect(0 < len(lines_of(text)) < 40, f"mm {name} says: {text}")
    has(do("mm walk 0xc0010000"), "the MMU is off")


@case
def stops_at_the_prompt_and_hears_the_facts():
    learn([*FACTS, *kmem_cases.FACTS])


# --- against facts ------------------------------------------------------------


def sample_addresses():
    """Of all kinds: in, at the ends of and behind each range, and at random."""
    rng = random.Random(1)
    result = [0, 4, 0xfff, 0x1000, 0x8000, 0xbeffffff, 0xbf000000, 0xbfe00000,
              0xbfffffff, 0xc0000000, 0xffefffff, 0xfff00000, 0xffff0000,
              0xffff0fff, 0xffff1000, 0xffffffff]
    for start, end in re.findall(r"^0x(\w+)-0x(\w+) ", do("mm maps"), re.M):
        start, end = int(start, 16), int(end, 16) or 1 << 32
        result += [start, end - 1, end & 0xffffffff,
                   rng.randrange(start, end), start - 1]
    result += [rng.randrange(1 << 32) for _ in range(20)]
    return result


@case
def walk_agrees_with_qemu_for_addresses_of_all_kinds():
    samples = sample_addresses()
    expect(len(samples) >= 50, f"only {len(samples)} samples")
    mapped = 0
    for va in samples:
        theirs = target.gva2gpa(va)
        want = "unmapped" if theirs is None else f"0x{theirs:08x}"
        same(do(f"mm walk 0x{va:x} --pa-only").strip(), want, f"0x{va:08x}")
        mapped += theirs is not None
    expect(mapped >= 25, f"only {mapped} of the samples are mapped")


@case
def walk_reads_the_entries_that_the_kernel_reads():
    for va in ("0xc0012345", "0xc1234567"):
        ours, theirs = do(f"mm walk {va}"), facts[f"ptwalk {va}"]
        for level in re.findall(r"L\d +entry @PA \w+ = \w+", theirs):
            has(squeeze(ours), squeeze(level), va)
        has(ours, re.search(r"PA 0x\w+ +page 0x\w+ +pfn 0x\w+", theirs)[0])
        has(ours, "agrees")


@case
def walk_knows_every_kind_of_descriptor():
    for l1, l2, kind, pa in (
            (0x00000000, 0, tables.NONE, None),
            (0x61016402, 0, tables.SECTION, 0x61023456),
            (0x61056402, 0, tables.SUPERSECTION, 0x61123456),
            (0x60fff003, 0, tables.NONE, None),
            (0x60fff001, 0, tables.NONE, None),
            (0x60fff001, 0x100, tables.SOFTWARE, None),
            (0x60fff001, 0x61230411, tables.LARGE, 0x61233456),
            (0x60fff001, 0x61237c13, tables.SMALL, 0x61237456)):
        w = tables.walk({0x60067044: l1, 0x60fff08c: l2}.get, 0x6006406a,
                        0xc1123456)
        same(w.kind, kind, f"kind of 0x{l1:x} 0x{l2:x}")
        if pa is not None:
            same(hex(w.pa), hex(pa), f"PA of 0x{l1:x} 0x{l2:x}")


@case
def fault_status_follows_the_descriptor():
    page = tables.decode(0, 1, 0x6000000e | 0x600 | 0x10)    # ro, young, x
    old = tables.decode(0, 1, 0x6000000e)
    section = tables.decode(0, 0x60008402)                   # ro, young
    for w, dacr, access, want in (
            (tables.decode(0, 0), 1, {}, 5), (tables.decode(0, 1, 0), 1, {}, 7),
            (page, 1, {}, None), (page, 1, {"write": True}, 0xf),
            (page, 1, {"user": True}, 0xf), (old, 1, {}, 6),
            (page, 0, {}, 0xb), (section, 0, {}, 9),
            (section, 1, {"write": True}, 0xd), (page, 3, {"write": True}, None),
            (tables.decode(0, 0x60000002), 1, {}, 3)):
        same(tables.fault_status(w, dacr, **access), want,
             f"0x{w.l1:x} 0x{w.l2:x} DACR {dacr} {access}")


@case
def maps_is_the_node_kernel_page_tables():
    ours = [line.rstrip() for line in lines_of(do("mm maps"))]
    theirs = [line.rstrip() for line in
              lines_of(facts["cat kernel_page_tables"])]
    same(ours[:-1], theirs, "ranges")
    same(lines_of(do("mm maps --wx"))[0], "writable and executable: 0 KiB",
         "W+X")


@case
def buddy_is_the_node_buddyinfo():
    for zone, counts in re.findall(r"zone +(\w+) +([\d ]+)",
                                   facts["cat buddyinfo"]):
        text = do(f"mm buddy {zone}")
        ours = [line.split() for line in lines_of(text)
                if re.match(r" +\d+ +\d+[KM] ", line)]
        same([int(row[-3]) for row in ours], [int(n) for n in counts.split()],
             f"blocks of {zone}")
        has(text, "(verified)")
        for order, row in enumerate(ours):
            same(int(row[-2]), int(row[-3]) << order, "pages")
    has(do("mm buddy --check"), "check buddy: verified")


@case
def buddy_shows_one_order_and_its_blocks():
    text = do("mm buddy Normal -o 10 -v")
    pfns = [int(pfn, 16) for pfn in re.findall(r"0x\w+", text.split("order")[1])]
    expect(pfns and all(pfn % 1024 == 0 for pfn in pfns), text)
    same(len(re.findall(r"^ +\d+ +\d+[KM] ", text, re.M)), 1, "rows")


@case
def zones_is_the_node_zoneinfo():
    for name, body in re.findall(r"zone +(\w+)\n(.*?)(?=Node|\Z)",
                                 facts["cat zoneinfo"], re.S):
        text = squeeze(do(f"mm zones {name}"))
        for field in ("spanned", "present", "managed", "min", "low", "high"):
            number = re.search(rf"^ +{field} +(\d+)", body, re.M)[1]
            has(text, f"{field} {number}", name)
        has(text, "free " + re.search(r"pages free +(\d+)", body)[1], name)


@case
def map_is_the_kernels_map():
    rows = re.findall(r"^  0x\w+  .*$", facts["map"], re.M)
    expect(len(rows) > 16, "the kernel's map has few rows")
    same(re.findall(r"^  0x\w+  .*$", do("mm map"), re.M), rows, "rows")


@case
def page_is_found_four_ways():
    text = do("mm page 0x61000")
    where = re.search(r"^page (0x\w+) ", text)[1]
    for way in ("0x61000000", "0xc1000000", where, "0xc1000abc"):
        same(do(f"mm page {way}"), text, way)
    theirs = facts["page 0x61000"]
    number = re.search(r"^page (?:0x)?(\w+)", theirs)[1]
    same(int(where, 16), int(number, 16), "struct page")
    order, refcount = re.search(r"order (\d+) refcount (\d+)", theirs).groups()
    has(squeeze(text), f"order {order}:")
    has(text, f"refcount {refcount}")


@case
def what_tells_each_kind_of_address():
    page = address("mem_map") + 32 * 100
    for expression, want in (
            ("do_irq", "do_irq (kernel/irq.c:"), ("&node_data", "node_data"),
            ("$sp", "kernel stack of task"), (f"{page}", "struct page of pfn"),
            ("0x10009000", "UART0"), ("8", "NULL pointer"),
            ("0x61234", "as a frame number: PA 0x61234000"),
            ("0x61234567", "VA 0xc1234567"), ("0xffc00000", "FIX_"),
            ("0xffff0000", "vectors page"), ("0xbf000000", "not mapped"),
            ("(unsigned)&current_task + percpu_offset[0]",
             "per-CPU data of core 0: current_task"),
            ("(unsigned)&current_task + percpu_offset[1]",
             "per-CPU data of core 1: current_task"),
            ("(*(struct task **)((unsigned)&current_task + "
             "percpu_offset[0]))->stack - 4", "guard page"),
            ("0x00c01234", "nothing"), ("0x100", "list poison")):
        has(do(f"mm what {expression}"), want, expression)


@case
def regs_are_those_that_the_boot_code_set():
    text = do("mm regs")
    has(text, "0x30c5387d", "SCTLR")
    table = address("&swapper_pg_dir") - 0xc0000000 + 0x60000000
    has(text, f"TTBR0  table at PA 0x{table:08x}, for every address")
    has(text, "domain 0: client")
    has(text, "0x0c0a00a4", "PRRR")


@case
def tasks_are_those_of_ps():
    theirs = re.findall(r"^ +(\d+) +\d+ \w+.*?\d+ +\d+ (\S+)", facts["ps"], re.M)
    ours = re.findall(r"^ +(\d+) +\d+ .*0x\w+-0x\w+  (\S+)", do("mm tasks"), re.M)
    expect(len(theirs) >= 3, facts["ps"])
    same(sorted(ours), sorted(theirs), "pid and name")


@case
def tasks_shows_the_stack_of_a_sleeper_and_changes_nothing():
    before = [address(f"${name}") for name in ("pc", "sp", "r4", "r11", "lr")]
    pid = re.search(r"^ +(\d+) .* rcu ", do("mm tasks"), re.M)[1]
    text = do(f"mm tasks {pid}")
    has(text, "rcu_thread")
    has(text, "context_start")
    after = [address(f"${name}") for name in ("pc", "sp", "r4", "r11", "lr")]
    same(after, before, "registers")


@case
def printers_say_what_a_value_is():
    has(do("print *(struct page *)mem_map"), "page pfn 0x60000")
    has(do("print zone_table[0]->lock"), "spinlock: free")
    has(do("print task_list"), "others")
    has(do("print swapper_pg_dir[0xc10]"), "section (1 MiB)")


# The object caches, vmalloc and what goes with them: cases of their own.
# They allocate and free, so the facts on free frames come first.
import kmem_cases  # noqa: E402

# --- manners ----------------------------------------------------------------


@case
def mistakes_are_answered_in_one_line():
    for command in ("walk", "walk nonsense", "walk 0xc0010000 --foo",
                    "page 1", "page", "buddy Nowhere", "buddy -o 11",
                    "buddy -o", "check everything", "fault 1", "tasks 999",
                    "slab nothing", "slab 0xbf000000", "slab --trace x",
                    "vmalloc 0xc0000000", "shadow", "diff", "diff q",
                    "owner", "owner --by x", "owner --top", "what",
                    "what 1 + ", "goto 5", "when", "who-wrote 0x1000",
                    "break-test nothing", "break-test buddy:nothing"):
        text = do("mm " + command)
        same(len(lines_of(text)), 1, f"lines of mm {command}: {text}")
        expect(text.startswith("mm "), text)


@case
def each_command_has_help_with_a_drawing_and_a_next_step():
    for name in COMMANDS:
        text = do("help mm " + name)
        expect(len(lines_of(text)) > 6 and re.search(r"[|<>#+-]{2}", text),
               f"help mm {name}: {text}")
        words = {"walk": "$pc", "what": "$pc", "page": "0x61000",
                 "fault": "0x805 0x10", "shadow": "0xc0010000", "snap": "x",
                 "diff": "x", "rmap": "0x61000",
                 "owner": "--slab"}.get(name, "")
        text = lines_of(do(f"mm {name} {words}"))
        expect(text[-1].startswith("next: "), f"mm {name}: {text[-1]}")
    for name in COMMANDS:
        has(do(f"complete mm {name[0]}"), f"mm {name}\n", "<TAB>")
    has(do("complete mm buddy N"), "Normal")


@case
def quiz_asks_without_telling():
    text = do("mm walk 0xc1234567 --quiz")
    has(text, "?")
    expect("0x61234567" not in text, text)


# --- damage -------------------------------------------------------------------


def longest_list():
    """(zone, order, type, head address, frame numbers) with several blocks."""
    known = frames.Frames().read_all()
    best = None
    for zone in frames.zones():
        for order, kind, head, _ in zone.free_lists():
            pfns = frames.list_of(known, head, 1 << 20)
            if best is None or len(pfns) > len(best[4]):
                best = (zone, order, kind, head, pfns)
    return known, best


@case
def a_list_that_runs_in_a_circle_is_told():
    known, (zone, order, _, _, pfns) = longest_list()
    expect(len(pfns) >= 4, "no list of four blocks")
    link = known.address_of(pfns[3]) + frames.layout().free_list
    with Damage(link, known.address_of(pfns[1]) + frames.layout().free_list):
        text = do(f"mm buddy {zone.name}")
        has(text, "does not close after")
        has(text, "CONTRADICTION")
        has(do("mm check buddy"), f"{zone.name} order {order}")
    has(do("mm check buddy"), "check buddy: verified")


@case
def links_to_nowhere_do_not_stop_the_command():
    known, (zone, _, _, head, pfns) = longest_list()
    node = known.address_of(pfns[0]) + frames.layout().free_list
    for wild in (0, 0x100, 0xdeadbeec, 0x60000000, 0xffffffff, node,
                 address("&node_data")):
        with Damage(node, wild):
            has(do(f"mm buddy {zone.name}"), "does not close after",
                f"next = 0x{wild:x}")
        if wild == node:
            continue
        with Damage(head, wild):
            text = do(f"mm buddy {zone.name}")
            has(text, "CONTRADICTION", f"head.next = 0x{wild:x}")
    has(do("mm check buddy"), "check buddy: verified")


def page_word(known, pfn, offset=0):
    return known.address_of(pfn) + offset


@case
def each_rule_of_the_free_lists_is_broken_and_caught():
    known, (zone, order, kind, _, pfns) = longest_list()
    pfn, form = pfns[1], frames.layout()
    flags = known[pfn].flags
    count = address(f"&zone_table[{zone.index}]->free_area[{order}]"
                    f".nr_free[{kind}]")
    mask = address(f"&zone_table[{zone.index}]->nr_free")
    kernel = form.state_number["KERNEL"]
    for where, number, rule in (
            (page_word(known, pfn), flags & ~15 | kernel, "B1"),
            (page_word(known, pfn), flags ^ 1 << 8, "B1"),
            (page_word(known, pfn), flags ^ 1 << 4, "B1"),
            (page_word(known, pfn, form.refcount), 1, "S2"),
            (count, len(pfns) + 1, "B3"), (mask, zone.nr_free + 1, "B4")):
        with Damage(where, number):
            has(do("mm check buddy"), f" {rule} ", f"0x{where:x} = 0x{number:x}")
    used = next(p for p in range(known.start, known.end)
                if known[p].state == "KERNEL")
    word = known[used].flags
    with Damage(page_word(known, used), word & ~15 | form.state_number["FREE"]):
        has(do("mm check buddy"), " B6 ")
    with Damage(page_word(known, used, form.refcount), 0):
        has(do("mm check pages"), " S3 ")
    with Damage(page_word(known, pfn + 1), word):
        has(do("mm check pages"), " S1 ")
    has(do("mm check"), "check pages: verified")


@case
def each_rule_of_the_tables_is_broken_and_caught():
    table = address("&swapper_pg_dir")
    section = table + 4 * 0xc10
    entry = address(f"*(unsigned *){section}")
    for where, number, rule in (
            (section, entry & ~0x10, "P2"), (section, entry ^ 1 << 15, "P3"),
            (section, entry | 1 << 12, "P4"), (table, entry, "P5"),
            (section, entry | 1 << 17, "P6"), (section, entry | 1 << 11, "P7"),
            (section, entry ^ 1 << 20, "P9")):
        with Damage(where, number):
            has(do("mm check pt"), f" {rule} ", f"0x{number:x}")
            if rule == "P2":
                has(do("mm maps --wx"), "W+X!")
    first = address(f"*(unsigned *){table + 4 * 0xc00}")
    with Damage(table + 4 * 0xc00 + 4 * 0x20, first + 0x400):
        has(do("mm check pt"), " P8 ")
    with Damage(table + 4 * 0xbf0, 0xf0000001):
        has(do("mm check pt"), " P1 ")
    has(do("mm check pt"), "check pt: verified")


@case
def a_mad_mem_map_is_one_line():
    for where, number in (("&mem_map", 0), ("&mem_map", 0xdead0000),
                          ("&mem_map_end", 0)):
        with Damage(address(where), number):
            for command in ("page 0x61000", "buddy", "check", "map",
                            "what 0x61000", "walk 0xc1000000", "maps"):
                text = do("mm " + command)
                expect(lines_of(text), f"mm {command} says nothing")


# --- exceptions -----------------------------------------------------------------


@case
def frames_go_on_through_an_interrupt():
    gdb.Breakpoint("do_irq", temporary=True)
    do("continue")
    text = do("bt")
    has(text, "<signal handler called>")
    first = lines_of(text)[-1]              # where the core, or a task, began
    expect(re.search("context_start|secondary_high|boot_cpu_high", first), text)
    expect("corrupt" not in text, text)


@case
def frames_go_on_at_each_instruction_of_entry_and_return():
    gdb.Breakpoint("*&vector_irq", temporary=True)
    do("continue")
    while address("$cpsr") & 0x1f != 0x13:      # irq mode: sp is another one
        do("stepi")
    there = address("*(unsigned *)($r0 + 12)")
    seen = [0, 0]
    for part, end in enumerate(("do_irq", "return_to_kernel")):
        if part:
            gdb.Breakpoint("*&return_to_kernel", temporary=True)
            do("continue")
        stack = None
        for _ in range(60):
            if gdb.newest_frame().name() == "do_irq" or address("$pc") == there:
                break
            older = gdb.newest_frame().older()
            expect(older is not None and older.pc() == there,
                   f"{end}: from {do('x/i $pc')} to " + do("bt 3"))
            caller = older.read_register("sp"), older.read_register("lr")
            expect(stack in (None, caller), f"{do('x/i $pc')}: sp, lr {caller}")
            stack = caller
            seen[part] += 1
            do("stepi")
    expect(min(seen) >= 9, f"instructions looked at: {seen}")


@case
def frames_go_on_through_a_data_abort_and_fault_explains_it():
    from ktap import type_lines
    gdb.Breakpoint("do_page_fault", temporary=True)
    type_lines(["oops null-write"])
    do("continue")
    text = do("bt")
    for part in ("handle_data_abort", "<signal handler called>",
                 "oops_null_write", "monitor_main", "context_start"):
        has(text, part)
    expect("corrupt" not in text, text)
    text = do("mm fault")
    for part in ("write at 0x00000010", "status 0x05, translation, section",
                 "NULL pointer dereference", "oops_null_write",
                 "the L1 entry does not map"):
        has(text, part)


run("gdb-commands")
