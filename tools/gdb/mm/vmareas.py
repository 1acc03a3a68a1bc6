# SPDX-License-Identifier: MIT
"""The vmalloc space as plain Python values: areas, free ranges, the way there.

    busy: tree by address          free: tree by address, with largest gaps
        [area]                         [range]
        /    \\                         /     \\
     [area]  [area]                [range]  [range]

Trees may be broken: every node is remembered, and the steps are bounded.
"""

import struct

import gdb

from . import lists, target, trees
from .target import MMError

MOST = 1 << 16
KINDS = ("vmalloc", "vmap", "ioremap")


class Area:
    """One struct vm_area; the last page of its range is the guard."""

    def __init__(self, address):
        value = target.object_at("struct vm_area", address)
        self.address = address
        self.start = target.pointer(value["range"]["start"])
        self.end = target.pointer(value["range"]["end"])
        self.nr_pages = target.pointer(value["nr_pages"])
        self.pages = target.pointer(value["pages"])
        self.pa, self.caller = (target.pointer(value[field])
                                for field in ("pa", "caller"))
        kind = int(value["kind"])
        self.kind = KINDS[kind] if kind < len(KINDS) else f"kind {kind}?"

    def holds(self, address):
        return self.start <= address < self.end

    def guard(self):
        return self.end - 4096

    def frames(self, known):
        """Frame number of each page; None where the array says nonsense."""
        count = min(self.nr_pages, MOST)
        if self.kind == "ioremap":
            return [(self.pa >> 12) + i for i in range(count)]
        raw = target.read_virtual(self.pages, 4 * count)
        return [known.pfn_of_page(page) if known.holds(page) else None
                for page in struct.unpack(f"<{count}I", raw)]


class Range:
    """One free struct vrange."""

    def __init__(self, address):
        value = target.object_at("struct vrange", address)
        self.address = address
        self.start, self.end, self.largest = (
            target.pointer(value[field])
            for field in ("start", "end", "largest"))


class State:
    """struct vmalloc_state, with what its trees and lists hold."""

    def __init__(self):
        try:
            value = target.variable("vmalloc_state")
        except gdb.error as error:
            raise MMError(f"cannot read vmalloc_state: {error}") from None
        self.start, self.size = (target.pointer(value[field])
                                 for field in ("start", "size"))
        if not self.size:
            raise MMError("there is no vmalloc space yet: the kernel has not "
                          "come to vmalloc_init()")
        self.end = self.start + self.size
        self.free_bytes = target.pointer(value["free"]["free"])
        self.waiting_pages, self.clean_pages, self.purging_pages = (
            int(value[field]) for field in
            ("waiting_pages", "clean_pages", "purging_pages"))
        self.trouble = []
        offset = target.offset_of("struct vm_area", "range", "node")
        self.busy = [Area(node - offset) for node, _ in
                     self.tree(value["busy"]["node"], "busy areas")]
        offset = target.offset_of("struct vrange", "node")
        self.free_nodes = self.tree(value["free"]["root"]["node"],
                                    "free ranges")
        self.free = [Range(node - offset) for node, _ in self.free_nodes]
        self.waiting = self.listed("waiting")
        self.clean = self.listed("clean")

    def tree(self, root, what):
        """[(node, (left, right))] in order of address."""
        return trees.walk(target.pointer(root), what, self.trouble)

    def listed(self, name):
        head = target.symbol(f"vmalloc_state.{name}")
        offset = target.offset_of("struct vm_area", "list")
        try:
            nodes = lists.walk(head, MOST)
        except lists.Broken as error:
            nodes = error.nodes
            self.trouble.append(f"{name}: {error}")
        return [Area(node - offset) for node in nodes]

    def area_at(self, address):
        return next((a for a in self.busy if a.holds(address)), None)

    def other_at(self, address):
        """In words: what holds an address of the space that no area has."""
        for name, group in (("waits for a flush of the TLBs", self.waiting),
                            ("is flushed, its frames soon free", self.clean)):
            for area in group:
                if area.holds(address):
                    return (f"freed: the area 0x{area.start:08x}-0x"
                            f"{area.end:08x} of {area.nr_pages} pages {name}")
        for gap in self.free:
            if gap.start <= address < gap.end:
                return (f"free range 0x{gap.start:08x}-0x{gap.end:08x}, "
                        f"{(gap.end - gap.start) >> 10} KiB")
        return "no area, no free range: the trees do not know this address"


def kernel_table():
    """Physical address of the kernel's first-level table."""
    return (target.symbol("swapper_pg_dir") or 0) - 0xc0000000 + 0x60000000
