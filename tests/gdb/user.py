# SPDX-License-Identifier: MIT
"""Inside gdb: programs and their address spaces.

The machine runs `cat /proc/self/smaps` twice and then mapdemo (tests/gdb/run).
What the kernel printed of cat's space is compared with what is read from
outside, when cat is about to end; then entries are damaged, and told.
"""

import os
import re
import sys

import gdb

sys.path.insert(0, os.path.join(os.getcwd(), "tests", "gdb"))
from ktap import (  # noqa: E402
    Damage, address, case, console, do, expect, has, lines_of, run, same)
from mm import programs, spaces, target, vma  # noqa: E402


def pid():
    return spaces.current_task().pid


def rows(text):
    """{(start, end): (rights, pages there, backing)} of mm vma."""
    return {(start, end): (rights, int(there), backing) for
            start, end, rights, there, backing in re.findall(
                r"^ 0x(\w{8})-0x(\w{8}) +\w+ (\S+) +(\d+)  .{32}  (.*)$", text,
                re.M)}


def strip_of(text, start):
    return re.search(rf"^ 0x{start:08x}-\S+ +\w+ \S+ +\d+  (.{{32}})", text,
                     re.M)[1].rstrip()


# --- what is mapped -------------------------------------------------------------


@case
def stops_where_a_program_begins():
    has(do("mm break-user box --once"), "in box, where it begins")
    do("continue")
    same(programs.loaded.name, "box", "symbols")
    same(target.register("pc"), programs.entry_of(
        programs.symbol_file("box")), "pc")
    has(do("bt"), "_start")
    has(do("mm symbols"), "program: box (follows what runs)")


@case
def in_a_program_the_kernel_can_still_be_looked_at():
    expect(target.in_program(), "this should be user mode")
    for command in ("tasks", "zones", "buddy", "slab", "slab kmalloc-64",
                    "vmalloc", "snap a", "diff a", "map", "page 0x61000",
                    "what do_irq", "walk do_irq", "maps", "vma"):
        text = do("mm " + command)
        expect("cannot" not in text and lines_of(text)[-1].startswith("next: "),
               f"mm {command}: {text}")
    for part in ("buddy", "pages", "pt", "slab", "vmalloc", "as"):
        has(do(f"mm check {part}"), f"check {part}: verified")


@case
def cat_is_stopped_before_it_ends():
    stop = gdb.Breakpoint("sys_exit_group")
    for _ in range(20):
        do("continue")
        if spaces.current_task().name == "cat":
            break
    stop.delete()
    same(spaces.current_task().name, "cat", "who ends")


@case
def vma_is_the_smaps_of_the_process():
    text = console()
    ours = rows(do("mm vma"))
    printed = text[:text.rindex("VmFlags")] if "VmFlags" in text else text
    blocks = re.findall(r"^(\w{8})-(\w{8}) (\S{4}) \w{8} \S+ \d+ *(\S*)\n"
                        r"(?:.*\n)*?Rss: +(\d+) kB", printed, re.M)
    want = {(start, end): (rights, int(kb) // 4, name or "anonymous")
            for start, end, rights, name, kb in blocks}
    expect(len(want) >= 5, f"smaps on the console: {text}")
    same(ours, want, "VMAs")
    same(do(f"mm vma {pid()}"), do("mm vma"), "by its number")


@case
def maps_shows_promises_entries_and_both():
    both, vma, pt = (do(f"mm maps -p {pid()} {option}")
                     for option in ("--both", "--vma", "--pt"))
    promised = [line for line in lines_of(vma) if line.startswith("0x")]
    same([line for line in lines_of(both) if line.startswith("0x")], promised,
         "VMAs")
    has(both, f"{len(promised)} VMAs, 0 entries that their VMA does not cover")
    expect("!!" not in both, both)

    def covered(lines):
        return sum(int(end, 16) - int(start, 16) for start, end in
                   re.findall(r"0x(\w{8})-0x(\w{8}) +\d+K page", lines))
    same(covered(both), covered(pt), "bytes mapped")
    space = spaces.current_space()[1]
    same(covered(pt) >> 12, sum(w.mapped() for w in space.entries()), "entries")
    same(do("mm maps -p 0 --pt"), pt, "-p 0")


@case
def walk_of_a_process_agrees_with_qemu():
    space, count = spaces.current_space()[1], 0
    for w in space.entries():
        theirs = target.gva2gpa(w.va)
        same(do(f"mm walk 0x{w.va:x} -p {pid()} --pa-only").strip(),
             f"0x{theirs:08x}", hex(w.va))
        count += 1
    expect(count > 20, f"only {count} entries")
    text = do(f"mm walk 0x{space.vmas[0].start:x} -p 1")
    has(text, "task 1 \"init\"")
    has(text, "/bin/box")
    has(do(f"mm walk 0x4 -p {pid()}"), "SIGSEGV, SEGV_MAPERR")


@case
def one_vma_is_told_in_detail():
    space = spaces.current_space()[1]
    stack = next(v for v in space.vmas if v.has("GROWSDOWN"))
    text = do(f"mm vma {pid()} 0x{stack.end - 4:x}")
    for part in ("[stack]", "GROWSDOWN", "present", "a write:  nothing"):
        has(text, part)
    has(do(f"mm vma {pid()} 0x{stack.start:x}"),
        "do_anonymous_page(): a page of its own, zeroed")
    has(do(f"mm vma {pid()} 0x{stack.start - 8192:x}"), "expand_stack()")
    has(do(f"mm what 0x{stack.end - 4:x}"),
        f"of task {pid()} \"cat\": VMA {stack.range_text()} rw-p [stack]")


@case
def the_table_of_spaces_has_every_process():
    users = {task.pid for group in spaces.owners().values() for task in group}
    expect({1, pid()} <= users, f"{users}")
    table = "\n".join(vma.VmaCommand.all())
    for number in users:
        expect(re.search(rf"^ +{number} ", table, re.M), table)


# --- damage -----------------------------------------------------------------------


def entry_address(space, va):
    """Where the entry lies in the kernel's memory."""
    return space.entry(va).l2_pa - 0x60000000 + 0xc0000000


@case
def letters_say_what_an_entry_is():
    space = spaces.current_space()[1]
    stack = next(v for v in space.vmas if v.has("GROWSDOWN"))
    where = entry_address(space, stack.end - 4096)
    entry = space.entry(stack.end - 4096).l2
    zero = address("'mm/as/table.c'::zero_frame")
    for number, letter in ((entry & ~7 | 4, "-"), (0x1238, "s"), (0, "."),
                           (entry | 0x200, "="),
                           (entry & 0xfff | 0x200 | zero << 12, "z")):
        with Damage(where, number):
            text = do("mm vma")
            same(strip_of(text, stack.start)[-1], letter, f"0x{number:x}")
            has(text, f"{letter} {spaces.STATES[letter]}")
    same(strip_of(do("mm vma"), stack.start)[-1], "#", "as it was")


@case
def an_entry_beyond_its_promise_is_told_by_maps_and_check():
    space = spaces.current_space()[1]
    text_vma, data = space.vmas[0], space.vmas[1]
    for vma, change, what in (
            (text_vma, lambda e: e & ~0x200, "writable, its VMA is not"),
            (text_vma, lambda e: e | 0x80, "writable, its VMA is not"),
            (data, lambda e: e & ~1, "executable, its VMA is not"),
            (data, lambda e: e & ~0x20, "for the kernel alone")):
        where = entry_address(space, vma.start)
        with Damage(where, change(space.entry(vma.start).l2)):
            text = do("mm maps -p 0 --both")
            has(text, "!!")
            has(text, what)
            has(do("mm check as"), f" A1 space 0x{space.address:08x}: "
                f"0x{vma.start:08x} is {what}")
    hole = next(below.end for below, above in zip(space.vmas, space.vmas[1:])
                if below.end < above.start
                and space.entry(below.end).level == 2)
    with Damage(entry_address(space, hole), 0x61000f3f):
        has(do("mm maps -p 0 --both"), "mapped, but in no VMA")
        has(do("mm check as"), "mapped, but in no VMA")
    has(do("mm check as"), "check as: verified")


@case
def counts_and_trees_of_spaces_are_checked():
    space = spaces.current_space()[1]
    for field, rule in (("rss[1]", "A2"), ("rss[2]", "A2"), ("nr_tables", "A3"),
                        ("map_count", "V3")):
        where = address(f"&((struct mm_struct *){space.address})->{field}")
        with Damage(where, address(f"*(unsigned *){where}") + 1):
            has(do("mm check as"), f" {rule} space 0x{space.address:08x}")
    root = address(f"&((struct mm_struct *){space.address})->vmas.node")
    node = address(f"*(unsigned *){root}")
    for where, number in ((node + 4, node), (node + 4, 0xdead0000), (node, 8)):
        with Damage(where, number):
            has(do("mm check as"), " V1 ")
            expect(lines_of(do("mm vma")), "mm vma says nothing")
    vma = space.vmas[1]
    with Damage(address(f"&((struct vm_area_struct *){vma.address})->vm_start"),
                space.vmas[0].start):
        has(do("mm check as"), "overlap")
    has(do("mm check as"), "check as: verified")


# --- breakpoints and faults -----------------------------------------------------------


@case
def a_breakpoint_in_one_program_passes_the_others_by():
    programs.loaded.take("mapdemo")
    place, hits = programs.address_of("mapdemo", "main"), []

    class Witness(gdb.Breakpoint):
        def stop(self):
            hits.append(programs.name_of(programs.running_exe()))
            return False

    witness = Witness(f"*0x{place:x}")
    wrong = programs.UserBreakpoint("segments", place, False)
    has(do("mm break-user mapdemo mapdemo.c:56 --once"), "in mapdemo")
    do("continue")
    expect("mapdemo" in hits, f"who came to 0x{place:x}: {hits}")
    same(spaces.program_of(spaces.current_task()), "/bin/mapdemo", "stopped")
    same(gdb.newest_frame().find_sal().line, 56, "line")
    witness.delete()
    wrong.delete()


@case
def a_program_s_fault_is_explained_and_the_answer_comes_true():
    private = int(gdb.parse_and_eval("private")) & 0xffffffff
    stop = gdb.Breakpoint("do_page_fault")
    for _ in range(30):
        do("continue")
        if address("fault->addr") & ~0xfff == private:
            break
    stop.delete()
    same(address("fault->addr") & ~0xfff, private, "the fault we wait for")
    store = address("regs->pc")
    text = do("mm fault")
    for part in ("status 0x07, translation, page", "rw-p /tmp/mapdemo",
                 "do_file_page(): a copy of the file's page"):
        has(text, part)
    expect("the kernel calls this" not in text, text)
    text = do("bt")
    has(text, "<signal handler called>")
    has(text, "main () at user/examples/mapdemo.c")
    gdb.Breakpoint(f"*0x{store:x}", temporary=True)
    do("continue")
    space = spaces.current_space()[1]
    w = space.entry(private)
    expect(w.mapped() and w.writable and w.dirty, do(f"mm walk {private}"))
    has(do(f"mm page 0x{w.pa:x}"), "anon")


# --- manners ------------------------------------------------------------------------


@case
def mistakes_are_answered_in_one_line():
    for command in ("vma 999", "vma 2", "vma 1 2 3", "maps --pt --vma",
                    "maps -p 999", "walk 0 -p 1 --ttbr 0", "walk 0 -p 999",
                    "break-user", "break-user nothing",
                    "break-user mapdemo nothing_there",
                    "break-user mapdemo do_page_fault", "symbols nothing"):
        text = do("mm " + command)
        same(len(lines_of(text)), 1, f"lines of mm {command}: {text}")
        expect(text.startswith("mm "), text)
    for what, name in (("break-user map", "mapdemo"), ("symbols ma", "mapdemo"),
                       ("symbols au", "auto")):
        has(do(f"complete mm {what}"), name)


run("gdb-user")
