# SPDX-License-Identifier: MIT
"""mm shadow: what KASAN knows of the bytes around an address."""

from . import command, objects, slabs, target
from .target import MMError

OFFSET = 0xdf800000         # shadow(addr) = addr / 8 + OFFSET; asm/memory.h
CHECKED_FROM = 0xbf000000
START, END = OFFSET + (CHECKED_FROM >> 3), 0xff800000
ROW, AROUND = 16, 2         # bytes of shadow in a line; lines around
SLAB_FREE = 0xfb
MEANING = {
    0xf1: "below the variables of a function",
    0xf2: "between the variables of a function",
    0xf3: "above the variables of a function",
    0xf6: "a vmalloc area that was freed", 0xf7: "behind a vmalloc area",
    0xf8: "a variable whose block has ended", 0xf9: "behind a global variable",
    0xfb: "a freed object", 0xfc: "between objects",
    0xfe: "behind a large kmalloc", 0xff: "a free frame",
}


def of(address, size):
    """The shadow of [address, address + size)."""
    return target.read_virtual((address >> 3) + OFFSET, (size + 7) >> 3)


def meaning(byte):
    if byte == 0:
        return "all 8 bytes may be used"
    if byte < 8:
        return f"the first {byte} of 8 bytes may be used"
    return f"none may be used: {MEANING.get(byte, 'unknown reason')}"


def open_bytes(address, most):
    """How many bytes from address on may be used, up to most."""
    count = 0
    for byte in of(address, most):
        if byte:
            return min(most, count + (byte if byte < 8 else 0))
        count += 8
    return min(most, count)


def what_part(address):
    """For mm what: an address inside the shadow itself."""
    if not target.kasan() or not START <= address < END:
        return
    first = ((address - OFFSET) << 3) & 0xffffffff
    byte = target.read_virtual(address, 1)[0]
    yield (f"  KASAN shadow of 0x{first:08x}-0x{first + 7:08x}: 0x{byte:02x}, "
           f"{meaning(byte)}")


class Shadow(command.Command):
    """The bytes of KASAN's shadow around an address (SAN=kasan).

    mm shadow ADDR

      memory   |-8 bytes-|-8 bytes-|-4 asked for-|-red zone-...
      shadow   |   00    |   00    |     04      |  fc  fc  ...
                 ^ 0xdf800000 + ADDR / 8

    A byte speaks for 8: 00 all may be used, 01-07 so many, others none, and
    the value says why. Under a row, | marks where an object begins, [ ] the
    byte asked for."""

    name, usage = "shadow", "ADDR"
    counts = (1,)

    def run(self, words, _options):
        address = target.evaluate(words[0])
        if not target.kasan():
            yield ("this kernel has no shadow: nothing of KASAN is in it. "
                   "make gdb SAN=kasan builds and starts one that has")
            yield f"next: mm what 0x{address:x}   mm slab 0x{address:x}"
            return
        if address < CHECKED_FROM:
            raise MMError(f"0x{address:08x} has no shadow: below "
                          f"0x{CHECKED_FROM:08x} the MMU refuses, not KASAN")
        at = (address >> 3) + OFFSET
        byte = target.read_virtual(at, 1)[0]
        yield (f"0x{address:08x}   shadow at 0x{at:08x} = 0x{byte:02x}: "
               f"{meaning(byte)}")
        if 0 < byte < 8:
            yield (f"  byte {address & 7} of the 8 "
                   + ("may" if address & 7 < byte else "may not")
                   + " be used")
        yield from self.rows(address, at)
        yield from objects.describe(address)
        yield f"next: mm what 0x{address:x}   mm walk 0x{at:x}"

    @staticmethod
    def rows(address, at):
        seen = set()
        for row in range((at & ~(ROW - 1)) - AROUND * ROW,
                         (at & ~(ROW - 1)) + (AROUND + 1) * ROW, ROW):
            if not START <= row < END:
                continue
            raw = target.read_virtual(row, ROW)
            seen.update(raw)
            cells = "".join(f"[{byte:02x}]" if row + i == at else
                            f" {byte:02x} " for i, byte in enumerate(raw))
            first = ((row - OFFSET) << 3) & 0xffffffff
            yield f"{'>' if row <= at < row + ROW else ' '} 0x{first:08x}:{cells}"
            yield from Shadow.marks(first)
        for byte in sorted(seen):
            if byte:
                yield f"    {byte:02x}  {meaning(byte)}"

    @staticmethod
    def marks(first):
        """Where objects of a slab begin in a row of 128 bytes."""
        slab = slabs.slab_around(first)
        if not slab or slab.cache.design_name != "slub":
            return
        starts = {(slab.object(i) - first) >> 3 for i in range(slab.objects)
                  if 0 <= slab.object(i) - first < ROW * 8}
        if starts:
            yield " " * 13 + "".join(
                " |  " if i in starts else "    " for i in range(ROW)) \
                + f"objects of {slab.cache.name}"


def register():
    Shadow()
