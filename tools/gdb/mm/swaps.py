# SPDX-License-Identifier: MIT
"""mm swap: areas, their slots, and who uses one."""

import struct

import gdb

from . import command, frames, lists, locks, lru, spaces, tables, target
from . import usage
from .command import many, size_text
from .target import MMError

CACHED, COUNT, BAD = 0x8000, 0x7fff, 0x7fff     # mm/cache/swap.h
MOST = 30
MOST_NODES = 4096           # of a page tree
COLUMNS, ROWS = 64, 8
LETTERS = {"H": "header", ".": "free", "s": "in swap alone",
           "c": "and in memory too", "o": "in memory, no entry names it",
           "x": "bad"}


class Area:
    """One struct swap_area."""

    def __init__(self, number, address):
        value = target.object_at("struct swap_area", address)
        self.number, self.address, self.value = number, address, value
        self.name = target.text_at(value["name"])
        self.kind = target.text_at(value["kind"])
        self.slots, self.usable, self.used, self.next = (
            int(value[field]) for field in
            ("nr_slots", "nr_usable", "nr_used", "next"))
        self.prio, self.active = int(value["prio"]), bool(value["active"])
        self.maps, self.caches, self.bits = (
            target.pointer(value[field]) for field in ("map", "cache", "free"))
        if not 0 < self.slots <= 1 << 24:
            raise MMError(f"area {number} has {self.slots} slots?")
        self.counts = struct.unpack(
            f"<{self.slots}H", target.read_virtual(self.maps, 2 * self.slots))

    def letter(self, slot):
        count = self.counts[slot]
        if not slot:
            return "H"
        if count == BAD:
            return "x"
        if not count:
            return "."
        if count & CACHED:
            return "c" if count & COUNT else "o"
        return "s"

    def pages(self):
        """{slot: address of the struct page in the swap cache}"""
        words = struct.unpack(f"<{self.slots}I", target.read_virtual(
            self.caches, 4 * self.slots))
        return {slot: page for slot, page in enumerate(words) if page}

    def taken(self):
        return sum(1 for slot in range(1, self.slots)
                   if self.counts[slot] not in (0, BAD))

    def entry(self, slot):
        return slot << 8 | self.number << 3


def areas():
    """All that are in use, or on their way in or out."""
    base = target.symbol("swap_areas")
    if base is None:
        return []
    table = struct.unpack(f"<{MOST}I", target.read_virtual(base, 4 * MOST))
    return [Area(n, at) for n, at in enumerate(table) if at]


def lock_state():
    try:
        return locks.warning("swap_lock", locks.spinlock(
            target.variable("swap_lock")))
    except gdb.error:
        return []


def users(entry):
    """([(task or None, Space, va)], trouble) of entries that name a slot."""
    found, trouble = spaces.all_spaces()
    owners, result = spaces.owners(), []
    for space in found:
        for w in space.entries():
            if w.kind == tables.SOFTWARE and w.l2 == entry:
                result.append((owners.get(space.address, [None])[0], space,
                               w.va))
    return result, trouble


def tree_entries(root):
    """{index: entry} of a page tree (mm/cache/page_tree.c), bounded."""
    node_type = "struct page_tree_node"
    size = target.type_of(node_type).sizeof
    first = target.offset_of(node_type, "slots")
    result, waiting, seen = {}, [], set()
    if root & 1:
        waiting.append((root & ~1, 0))
    elif root:
        result[0] = root
    while waiting and len(seen) < MOST_NODES:
        node, base = waiting.pop()
        if node in seen:
            raise MMError(f"page tree: the node 0x{node:08x} is met twice")
        seen.add(node)
        raw = target.read_virtual(node, size)
        shift = raw[0]
        for digit, entry in enumerate(struct.unpack_from("<64I", raw, first)):
            if entry and shift:
                waiting.append((entry, base + (digit << shift)))
            elif entry:
                result[base + digit] = entry
    return result


def shared():
    """([(address_space, index, swap entry)], trouble): shared memory in swap."""
    head = target.symbol("'mm/cache/shmem_swap.c'::swapped_mappings")
    if not head:
        return [], None
    offset = target.offset_of("struct address_space", "swap_list")
    try:
        nodes, trouble = lists.walk(head, 4096), None
    except lists.Broken as error:
        nodes, trouble = error.nodes, f"files in swap: {error}"
    result = []
    for node in nodes:
        mapping = node - offset
        try:
            tree = target.object_at("struct address_space", mapping)["pages"]
            found = tree_entries(target.pointer(tree["root"]))
        except MMError as error:
            trouble = str(error)
            continue
        result += [(mapping, index, entry & ~3) for index, entry in
                   found.items() if entry & 2]
    return result, trouble


def in_files(entry):
    """Lines: whose file has the slot in its tree; and what is wrong."""
    found, trouble = shared()
    lines = [f"    page {index} of {usage.file_name(mapping)}"
             for mapping, index, other in found if other == entry]
    return lines, trouble


class SwapCommand(command.Command):
    """Swap: its areas and slots, the swap cache, and who uses a slot.

    mm swap            all areas, each slot a letter
    mm swap [A:]SLOT   one slot (of area A, 0): who has it, and its page; an
                       expression does: mm swap vmf->orig_pte.value >> 8

      page table entry   31....8 | 7..3 | 000      the slot's number, the area
      slot of the area   map[slot] = entries that name it, + cached
                         cache[slot] --> struct page, while it is in memory too
      shared memory      the slot stands in the file's tree, and counts one

    H header   . free   s in swap alone   c in memory too   x bad
    o in memory, and no entry names the slot: it is free soon"""

    name, usage = "swap", "[[AREA:]SLOT]"
    counts = (0, 1)
    complete_with = gdb.COMPLETE_NONE

    def run(self, words, _options):
        return self.slot(words[0]) if words else self.all()

    @staticmethod
    def all():
        found = areas()
        if not found:
            yield "no swap area is in use"
        for area in found:
            taken, cached = area.taken(), area.pages()
            agrees = "(verified)" if taken == area.used else \
                f"by the map {taken} (CONTRADICTION P1)"
            yield (f"area {area.number}: {area.name} ({area.kind}), priority "
                   f"{area.prio}, {size_text(area.usable << 12)}"
                   + ("" if area.active else ", on its way out"))
            yield (f"  {many(area.usable, 'slot')}, used {area.used} {agrees}, "
                   f"in the swap cache {len(cached)}; the search goes on at "
                   f"{area.next}")
            yield from draw(area)
        yield from lock_state()
        yield "next: mm swap SLOT   mm lru   mm vma"

    def slot(self, word):
        area, slot = self.place(word)
        count = area.counts[slot]
        yield (f"slot {area.number}:{slot} of {area.name}: map 0x{count:04x}, "
               f"{LETTERS[area.letter(slot)]}; in a page table 0x"
               f"{area.entry(slot):08x}")
        if area.letter(slot) in "Hx.":
            yield "next: mm swap"
            return
        found, trouble = users(area.entry(slot))
        for task, space, va in found:
            vma = space.vma_at(va)
            yield ("  " + (f"{task.pid:5d} {task.name:16s}" if task else
                           "    - (nobody)       ")
                   + f" 0x{va:08x}  "
                   + (f"VMA {vma.range_text()} {vma.rights()}" if vma else
                      "in no VMA"))
        files, wrong = in_files(area.entry(slot))
        yield from files
        total = len(found) + len(files)
        agrees = "agrees" if total == count & COUNT else "CONTRADICTION P3"
        yield (f"  {many(total, 'user')} found, counted {count & COUNT} "
               f"({agrees})")
        yield from (f"  {text}" for text in (trouble, wrong) if text)
        page = area.pages().get(slot)
        yield from cached(area, slot, page)
        yield from lock_state()
        yield (f"next: mm rmap 0x{page:x}   mm swap" if page else
               f"next: mm vma {found[0][0].pid} 0x{found[0][2]:x}   mm swap"
               if found and found[0][0] else "next: mm swap")

    def place(self, word):
        number, _, slot = word.rpartition(":")
        number, slot = (target.number(part or "0") for part in (number, slot))
        for area in areas():
            if area.number == number:
                if 0 <= slot < area.slots:
                    return area, slot
                self.fail(f"area {number} has slots 0 to {area.slots - 1}")
        raise MMError(f"there is no swap area {number}")


def cached(area, slot, page):
    """The page of a slot in the swap cache; else what a refault would be."""
    if not page:
        yield "  not in memory; " + lru.shadow_text(0, area.entry(slot),
                                                    lru.room(False))
        return
    known = frames.Frames()
    if not known.holds(page):
        yield f"  its page would be 0x{page:08x}, which is no struct page"
        return
    use = usage.Use(known[known.pfn_of_page(page)])
    agrees = use.page.state == "SWAPCACHE" and \
        use.private == area.entry(slot)
    yield (f"  in memory: pfn 0x{use.page.pfn:x} {use.page.state} refcount "
           f"{use.page.refcount} mapcount {use.page.mapcount} {use.flags()}"
           + ("" if agrees else "   CONTRADICTION P2: it names "
              + usage.slot_text(use.private)))


def draw(area):
    """The slots, a letter for each or for several; '+' for those that differ."""
    per = 1
    while -(-area.slots // per) > COLUMNS * ROWS:
        per *= 2
    seen = set()
    for row in range(0, area.slots, COLUMNS * per):
        text = ""
        for at in range(row, min(row + COLUMNS * per, area.slots), per):
            part = {area.letter(slot) for slot in
                    range(at, min(at + per, area.slots))}
            text += part.pop() if len(part) == 1 else "+"
        seen |= set(text)
        yield f"  {row:8d}  {text}"
    words = [f"{letter} {text}" for letter, text in LETTERS.items()
             if letter in seen]
    if "+" in seen:
        words.append("+ of several kinds")
    yield (f"  a letter is {many(per, 'slot')}: " + "   ".join(words))


def register():
    SwapCommand()
