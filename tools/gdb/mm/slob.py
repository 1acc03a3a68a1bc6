# SPDX-License-Identifier: MIT
"""slab=slob: blocks of all sizes in the same pages.

    page  | hdr object | free 5 units | hdr object | hdr object | free |
            units, size   units, next     8 bytes of header each

Caches are only names here, so there is no slab of a cache to draw. What can be
drawn is a page: its blocks, in order.
"""

import struct

from . import slabs, target

UNIT = 8
PAGE_UNITS = 4096 // UNIT


class Block:
    """One block of a page, header included."""

    def __init__(self, start, unit, raw):
        self.unit, self.address = unit, start + unit * UNIT
        self.units, self.size, self.cache = struct.unpack_from(
            "<HHI", raw, unit * UNIT)

    def free(self):
        return self.cache == 0


def blocks(slab):
    """([Block], what is wrong or None) of a page that is shared."""
    found, unit, raw = [], 0, slab.data()
    while unit < PAGE_UNITS:
        block = Block(slab.start, unit, raw)
        if not 0 < block.units <= PAGE_UNITS - unit:
            return found, (f"the block at 0x{block.address:08x} says that it "
                           f"has {block.units} units of {UNIT} bytes")
        found.append(block)
        unit += block.units
    return found, None


def name_of(address):
    try:
        return slabs.Cache(address, "slob").name
    except target.MMError:
        return f"0x{address:08x} (no cache)"


def one(slab, address):
    """Lines on the block that holds an address."""
    if slab.objects:
        yield (f"  slab=slob: {slab.bytes >> 10} KiB for one object of cache "
               f"{name_of(slab.whole_cache)}, +0x{address - slab.start:x}")
        return
    found, trouble = blocks(slab)
    for block in found:
        if not block.address <= address < block.address + block.units * UNIT:
            continue
        if block.free():
            yield (f"  slab=slob: FREE block 0x{block.address:08x}, "
                   f"{block.units * UNIT} bytes")
            continue
        start = block.address + UNIT
        offset = address - start
        yield (f"  slab=slob: object 0x{start:08x} "
               f"({'+' if offset >= 0 else '-'}0x{abs(offset):x}) of cache "
               f"{name_of(block.cache)}, ALLOCATED, size asked {block.size}, "
               f"block of {block.units * UNIT} bytes")
    if trouble:
        yield "  " + trouble
    yield "  slab=slob keeps no users"


def page_lines(slab):
    """A page drawn block by block."""
    found, trouble = blocks(slab)
    used = sum(block.units for block in found if not block.free())
    yield (f"page 0x{slab.start:08x}, pfn 0x{slab.pfn:x}: {used} of "
           f"{PAGE_UNITS} units of {UNIT} bytes in use, counted as "
           f"{slab.inuse}")
    strip = ""
    for block in found:
        strip += "." * block.units if block.free() else \
            "[" + "#" * (block.units - 1)
    for at in range(0, len(strip), 64):
        yield f"  +0x{at * UNIT:03x}  {strip[at:at + 64]}"
    yield "  [ a header   # object   . free      a letter is 8 bytes"
    if trouble:
        yield "  " + trouble
