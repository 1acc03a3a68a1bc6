# SPDX-License-Identifier: MIT
"""mm owner: what is allocated now, by the code that asked for it."""

import struct

import gdb

from . import command, frames, slab, slabs, target
from .command import many
from .target import MMError

STACKS = 1024               # records of mm/debug/page_owner.c; 0 is "others"
TOP = 10
# Who only passes pages on: the call site is the first call outside.
FRAMES = ("mm/phys/", "mm/debug/", "include/")
INSIDE = (*FRAMES, "mm/kmem/")


def owner_symbol(name):
    return target.value(f"(unsigned long)'mm/debug/page_owner.c'::{name}")


def running():
    """Does page_owner record? (page_owner=on)"""
    try:
        return bool(owner_symbol("frames"))
    except MMError:
        return False


def file_of(pc):
    line = gdb.find_pc_line((pc - 4) & 0xffffffff)
    return line.symtab.filename if line.symtab else ""


def call_site(pcs, inside=INSIDE):
    """The first call that is not the allocator's own."""
    for pc in pcs:
        if not file_of(pc).startswith(inside):
            return pc
    return pcs[0] if pcs else 0


def name_of(pc):
    return (target.source_of(pc) or f"0x{pc:x}").split("+")[0].split(" ")[0]


class Stack:
    """Live memory with one call stack: pages, or objects of a cache."""

    def __init__(self, pcs, size, count, what):
        self.pcs, self.size, self.count, self.what = pcs, size, count, what
        # For objects, the kernel has cut the allocator's calls already.
        self.site = pcs[0] if isinstance(what, str) else call_site(pcs)

    def site_text(self):
        if not self.pcs:
            return "(stack not recorded: the table was full)"
        text, at = target.call_text(self.site), self.pcs.index(self.site)
        return text + (f"  through {name_of(self.pcs[at - 1])}()" if at
                       else "")

    def folded(self, root):
        names = [name_of(pc) for pc in reversed(self.pcs)]
        return f"{';'.join([root, *names])} {self.size}"


def page_stacks():
    """[Stack] of page_owner: size in pages, count in blocks."""
    base = owner_symbol("stacks")
    if not base:
        raise MMError("page_owner is off; boot with page_owner=on")
    size = target.type_of("struct stack_record").sizeof
    raw, found = target.read_virtual(base, STACKS * size), []
    for at in range(0, STACKS * size, size):
        _, pages, blocks, nr = struct.unpack_from("<IIII", raw, at)
        if pages:
            nr = min(nr, size // 4 - 4)
            found.append(Stack(struct.unpack_from(f"<{nr}I", raw, at + 16),
                               pages, blocks, at // size))
    return found


def object_stacks():
    """[Stack] of the caches that keep users: size in bytes, by cache."""
    return [Stack(track.pcs, size, count, name) for count, track, size, name
            in slab.Traces(slabs.caches()[0], False).rows()]


class Record:
    """What page_owner keeps of one frame."""

    def __init__(self, raw, at=0):
        self.alloc, self.free, word = struct.unpack_from("<HHI", raw, at)
        self.allocated, self.order = word & 1, word >> 1 & 15


def records():
    """[Record] of the heads of blocks that are allocated."""
    known = frames.Frames()
    raw = target.read_virtual(owner_symbol("frames"),
                              8 * (known.end - known.start))
    return [Record(raw, at) for at in range(0, len(raw), 8) if raw[at + 4] & 1]


def describe(pfn):
    """For mm page and mm what: who allocated a frame, or freed it last."""
    if not running():
        return
    known = frames.Frames()
    record = Record(target.read_virtual(
        owner_symbol("frames") + 8 * (known.head(pfn) - known.start), 8))
    size = target.type_of("struct stack_record").sizeof
    for number, what in ((record.alloc if record.allocated else 0,
                          "allocated"), (record.free, "freed last")):
        if not 0 < number < STACKS:
            continue
        raw = target.read_virtual(owner_symbol("stacks") + number * size, size)
        nr = min(struct.unpack_from("<I", raw, 12)[0], size // 4 - 4)
        pcs = struct.unpack_from(f"<{nr}I", raw, 16)
        site = call_site(pcs, FRAMES)
        yield f"  {what} by {target.call_text(site)}"
        for pc in pcs[list(pcs).index(site) + 1:]:
            yield f"      {target.call_text(pc)}"


class Owner(command.Command):
    """Live allocations by call site.

    mm owner [--top N] [--by caller|order] [--fold] [--slab] [-v]

      pfn 0x61000 -> stack 17            stack 17: kstack_alloc < ...
      pfn 0x61001 -> stack 17    ====>             2 blocks, 2 pages
      pfn 0x61002 -> stack 5             stack 5: ...

    Pages are known with page_owner=on, objects of caches with slub_debug=U or
    in a SAN=kasan build (--slab).
    --by caller   (as without) the first call outside the allocator; -v shows
                  the stacks; --by order: sizes of blocks, who has most of each
    --fold        lines for flamegraph.pl or speedscope: a;b;c N; N counts
                  pages, with --slab bytes"""

    name, usage = "owner", "[--top N] [--by caller|order] [--fold] [--slab] [-v]"
    options = {"--top": int, "--by": str, "--fold": False, "--slab": False,
               "-v": False}
    counts = (0,)

    def run(self, _words, options):
        by, top = options.get("--by", "caller"), options.get("--top", TOP)
        if by not in ("caller", "order"):
            self.fail(f"--by {by}: caller or order")
        objects = "--slab" in options
        found = object_stacks() if objects else page_stacks()
        if "--fold" in options:
            return self.fold(found, objects)
        if by == "order":
            if objects:
                self.fail("--by order is about pages, not --slab")
            return self.by_order(found, top)
        return self.by_caller(found, top, objects, "-v" in options)

    @staticmethod
    def fold(found, objects):
        for stack in sorted(found, key=lambda stack: -stack.size):
            yield stack.folded(f"cache {stack.what}" if objects else "pages")

    @staticmethod
    def by_caller(found, top, objects, verbose):
        if not found:
            yield ("no objects are known: boot with slub_debug=FZPU, or build "
                   "with SAN=kasan")
            yield "next: mm slab"
            return
        groups = {}
        for stack in found:
            groups.setdefault((stack.site, stack.what if objects else 0),
                              []).append(stack)
        rows = sorted(groups.values(),
                      key=lambda group: (-sum(s.size for s in group),
                                         group[0].site))
        total = sum(stack.size for stack in found)
        unit, piece = ("bytes", "objects") if objects else ("pages", "blocks")
        yield (f"live: {total} {unit} in {sum(s.count for s in found)} {piece}, "
               f"from {many(len(rows), 'call site')}, "
               f"{many(len(found), 'stack')}")
        yield f" {unit:>8s} {piece:>8s}      %  CALL SITE"
        for group in rows[:max(top, 0)]:
            size = sum(stack.size for stack in group)
            count = sum(stack.count for stack in group)
            what = f"{group[0].what}: " if objects else ""
            yield (f" {size:8d} {count:8d} {100 * size / total:6.1f}  {what}"
                   f"{group[0].site_text()}")
            for stack in group if verbose else ():
                yield f"{'':26s}{stack.size} {unit}:"
                for pc in stack.pcs:
                    yield f"{'':28s}{target.call_text(pc)}"
        yield ("next: mm slab CACHE --trace alloc" if objects else
               "next: mm owner -v   mm owner --by order   mm owner --slab")

    @staticmethod
    def by_order(found, top):
        stacks = {stack.what: stack for stack in found}
        orders = {}
        for record in records():
            counts = orders.setdefault(record.order, {})
            counts[record.alloc] = counts.get(record.alloc, 0) + 1
        yield " order   blocks    pages  MOST OF THEM"
        for order in sorted(orders, key=lambda n: -sum(orders[n].values())
                            << n)[:max(top, 0)]:
            blocks = sum(orders[order].values())
            most = max(orders[order], key=lambda n: (orders[order][n], -n))
            text = stacks[most].site_text() if most in stacks else "?"
            yield (f" {order:5d} {blocks:8d} {blocks << order:8d}  "
                   f"{orders[order][most]} by {text}")
        yield "next: mm owner --by caller   mm buddy"


def register():
    Owner()
