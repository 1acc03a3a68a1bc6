# SPDX-License-Identifier: MIT
"""One object of a cache: where it begins, whose it is, who had it, is it whole.

    | red zone | object | red zone | free pointer | users | padding |
      0xbb       0x6b      0xbb                      two     0x5a
      0xcc in use                                  stacks

The users are kept where slub_debug=U asks for it, or in a KASAN build; the
size that was asked for in a KASAN build, or under slab=slob.
"""

import struct

from . import slabs, target, tasks
from .slabs import IN_USE, RED_ZONE, STORE_USER

RED = {True: 0xcc, False: 0xbb}
KASAN_ROOM = 32
DEPOT = "'mm/debug/stack_depot.c'::"    # others have a pool, too


class Track:
    """Who used an object, and when (ms of 2^20 ns), with the stack."""

    def __init__(self, pcs, pid, cpu=None, when=None):
        self.pcs, self.pid, self.cpu, self.when = pcs, pid, cpu, when

    def key(self):
        return tuple(self.pcs)

    def lines(self, what):
        names = {task.pid: task.name for task in known_tasks()}
        place = target.call_text(self.pcs[0])
        time = "" if self.when is None else \
            f" at {(self.when << 20) / 1e9:.3f} s"
        core = "" if self.cpu is None else f", core {self.cpu}"
        yield (f"  {what} by {place}{time}{core}, task {self.pid} "
               f"\"{names.get(self.pid, 'ended')}\"")
        for pc in self.pcs[1:]:
            yield f"      {target.call_text(pc)}"


def known_tasks():
    try:
        return tasks.tasks()[0]
    except target.MMError:
        return []


def track_layout():
    return (target.type_of("struct track").sizeof,
            target.offset_of("struct track", "when_ms"))


def tracks(slab, index):
    """(Track that allocated or None, Track that freed or None)"""
    cache = slab.cache
    if cache.flags & STORE_USER:
        return tuple(user_track(slab, index, n) for n in (0, 1))
    if target.kasan() and cache.design_name == "slub" and not cache.debugs():
        return kasan_tracks(slab, index)
    return None, None


def users_offset(cache):
    return max(cache.inuse, cache.pointer_offset + 4)


def user_track(slab, index, n):
    size, when = track_layout()
    at = slab.object(index) - slab.start + users_offset(slab.cache) + n * size
    raw = slab.data()[at:at + size]
    ms, pid, cpu, count = struct.unpack_from("<IHBB", raw, when)
    if not 0 < count <= when // 4:
        return None
    return Track(struct.unpack_from(f"<{count}I", raw), pid, cpu, ms)


def kasan_tracks(slab, index):
    at = slab.object(index) - slab.start + slab.cache.size - \
        slab.cache.red_left_pad - KASAN_ROOM
    alloc, free, alloc_pid, free_pid = struct.unpack_from(
        "<IIhh", slab.data(), at)
    return depot_track(alloc, alloc_pid), depot_track(free, free_pid)


def depot_track(number, pid):
    """A stack of the depot (mm/debug/stack_depot.c)."""
    pool = target.value(f"(unsigned long){DEPOT}pool")
    if not 0 < number < target.value(f"{DEPOT}pool_used"):
        return None
    _, _, count = struct.unpack(
        "<III", target.read_virtual(pool + 4 * number, 12))
    if not 0 < count <= 16:
        return None
    raw = target.read_virtual(pool + 4 * number + 12, 4 * count)
    return Track(struct.unpack(f"<{count}I", raw), pid)


# --- damage -----------------------------------------------------------------


def zones(slab, index, used):
    """[(name, start, bytes, value)] that must be whole around an object."""
    cache, at = slab.cache, slab.object(index) - slab.start
    if not cache.debugs():
        return
    red = RED[used]
    if cache.flags & RED_ZONE:
        yield "left red zone", at - cache.red_left_pad, cache.red_left_pad, red
        yield ("right red zone", at + cache.object_size,
               cache.inuse - cache.object_size, red)
    if not used and cache.poisons():
        yield "poison", at, cache.object_size - 1, 0x6b
        yield "end of the poison", at + cache.object_size - 1, 1, 0xa5
    end = users_offset(cache)
    if cache.flags & STORE_USER:
        end += 2 * track_layout()[0]
    yield "padding", at + end, cache.size - cache.red_left_pad - end, 0x5a


def damage(slab, index, used):
    """What is overwritten around an object: lines without a margin."""
    for name, at, size, value in zones(slab, index, used):
        raw = slab.data()[at:at + size]
        for i, byte in enumerate(raw):
            if byte != value:
                yield (f"{name} overwritten: 0x{slab.start + at + i:08x} is "
                       f"0x{byte:02x} instead of 0x{value:02x}")
                break


def integrity(slab, index, used):
    found = list(damage(slab, index, used))
    if found:
        yield from ("  " + line for line in found)
    elif slab.cache.debugs():
        names = [name for name, _, size, _ in zones(slab, index, used) if size]
        yield f"  intact: {', '.join(names)}"


# --- one object in words ------------------------------------------------------


def asked(slab, index, used):
    """The size that was asked for, as far as somebody keeps it."""
    cache = slab.cache
    if not used:
        return ""
    if target.kasan() and cache.design_name == "slub" and not cache.debugs():
        from . import shadow
        return (", size asked "
                f"{shadow.open_bytes(slab.object(index), cache.object_size)}")
    if cache.name.startswith(("kmalloc-", "dma-kmalloc-")):
        return f", size asked not kept (at most {cache.object_size})"
    return f", size asked {cache.object_size}"


def part_of(slab, offset):
    """Which part of an object's piece of the slab an offset is in."""
    cache = slab.cache
    if offset < 0:
        return f"{-offset} bytes before it, in its left red zone"
    if offset < cache.object_size:
        return None
    behind = f"{offset - cache.object_size} bytes behind its end"
    if offset < cache.inuse:
        return behind + (", in its right red zone"
                         if cache.flags & RED_ZONE else "")
    if cache.pointer_offset <= offset < cache.pointer_offset + 4:
        return behind + ", in its free pointer"
    return behind + ", in what the allocator keeps there"


def one(slab, index, address):
    """Lines on an object of SLUB or SLAB, as mm what and mm slab show them."""
    letters, trouble = slab.hands()
    letter, at = letters[index], slab.object(index)
    used = letter == IN_USE
    state = "ALLOCATED" if used else "FREE (" + slabs.hand_text(letter) + ")"
    offset = address - at
    sign = "+" if offset >= 0 else "-"
    yield (f"  slab cache {slab.cache.name}, object 0x{at:08x} "
           f"({sign}0x{abs(offset):x}), number {index} of {slab.objects}, "
           f"{state}{asked(slab, index, used)}")
    part = part_of(slab, offset)
    if part:
        yield "  the address is " + part
    allocated, freed = tracks(slab, index)
    if allocated:
        yield from allocated.lines("allocated")
    if freed:
        yield from freed.lines("freed" if not used else "freed before that")
    if not allocated and not freed and not slab.cache.flags & STORE_USER:
        yield (f"  who has it is not kept: boot with slub_debug=FZPU,"
               f"{slab.cache.name}, or build with SAN=kasan")
    yield from integrity(slab, index, used)
    for line in trouble:
        yield "  " + line


def describe(address):
    """For mm what: the object at an address; nothing if it is in no slab."""
    slab = slabs.slab_around(address)
    if not slab:
        return
    if slab.cache.design_name == "slob":
        from . import slob
        yield from slob.one(slab, address)
        return
    index = slab.around(address)
    if index is None:
        yield (f"  slab cache {slab.cache.name}, slab 0x{slab.start:08x}, "
               f"outside its {slab.objects} objects")
        return
    yield from one(slab, index, address)
