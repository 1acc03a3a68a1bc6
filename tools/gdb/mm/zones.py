# SPDX-License-Identifier: MIT
"""mm zones and mm buddy: where free memory is, and in which pieces."""

from . import command, frames, lists
from .command import size_text

LONG = {"UNMOVABLE": "unmovable", "MOVABLE": "movable",
        "RECLAIMABLE": "reclaimable", "HIGHATOMIC": "highatomic",
        "CMA": "CMA", "ISOLATE": "isolate"}
MOST_SHOWN = 16            # blocks of a list with -v


def zone_line(zone):
    return (f"Zone {zone.name:7s} pfn 0x{zone.start:05x}-0x{zone.end - 1:05x}"
            f"  managed {zone.managed}  free {zone.nr_free}  min {zone.min} "
            f"low {zone.low} high {zone.high}")


def pressure(zone):
    """Where the free frames stand between the watermarks."""
    if zone.nr_free < zone.min:
        return "below min: only reserves are left"
    if zone.nr_free < zone.low:
        return "below low: reclaim is woken"
    if zone.nr_free < zone.high:
        return "below high: reclaim would go on"
    return "relaxed"


class Zones(command.Command):
    """The zones: how much memory each has, and how much of it is free.

    mm zones [ZONE]

      spanned  first frame to last    ##########........####......
      present  of these, memory       ##########        ####......
      managed  given to the allocator      (# image, mem_map)  ......

      free frames  0 ---- min ---- low ---- high ------------> managed
                     only    wake     enough
                     reserves  reclaim

    All numbers are frames of 4096 bytes. protection: what a request that
    would have liked DMA, Normal, HighMem must leave free in this zone."""

    name, usage = "zones", "[ZONE]"
    counts = (0, 1)

    def run(self, words, _options):
        found = frames.zones()
        for zone in frames.zone_named(words[0], found) if words else found:
            yield (f"node {zone.nid} zone {zone.name}   pfn "
                   f"0x{zone.start:05x}-0x{zone.end - 1:05x}   "
                   f"struct zone 0x{zone.address:08x}")
            yield (f"    spanned {zone.spanned}  present {zone.present}  "
                   f"managed {zone.managed}  (frames of 4 KiB; managed is "
                   f"{zone.managed >> 8} MiB)")
            yield (f"    free {zone.nr_free}  min {zone.min}  low {zone.low}  "
                   f"high {zone.high}   {pressure(zone)}")
            yield (f"    protection against requests for DMA {zone.reserve[0]}"
                   f", Normal {zone.reserve[1]}, HighMem {zone.reserve[2]}")
        yield f"next: mm buddy {found[-1].name}   mm map"


class Lists:
    """The free lists of one zone, walked."""

    def __init__(self, known, zone):
        self.zone, self.blocks, self.claims = zone, {}, {}
        self.trouble = []
        for order, kind, head, claim in zone.free_lists():
            self.claims[order, kind] = claim
            try:
                found = frames.list_of(known, head, zone.spanned + 1)
            except lists.Broken as error:
                found = error.nodes
                self.trouble.append(
                    f"{zone.name} order {order} "
                    f"{frames.layout().types[kind]}: {error}")
            self.blocks[order, kind] = found

    def count(self, order, kind=None):
        return sum(len(found) for (o, k), found in self.blocks.items()
                   if o == order and kind in (None, k))

    def frames(self):
        """Free frames, as zone->nr_free counts them: without isolated ones."""
        isolate = frames.layout().types
        return sum(len(found) << order
                   for (order, kind), found in self.blocks.items()
                   if isolate.get(kind) != "ISOLATE")

    def unusable(self, order):
        """Part of the free frames in blocks too small for this order."""
        total = sum(len(found) << o for (o, _), found in self.blocks.items())
        small = sum(len(found) << o for (o, _), found in self.blocks.items()
                    if o < order)
        return small / total if total else 0.0

    def verdict(self):
        lists_say, nr_free = self.frames(), self.zone.nr_free
        same = lists_say == nr_free and not self.trouble and all(
            len(found) == self.claims[key]
            for key, found in self.blocks.items())
        return (f"free by lists {lists_say}   nr_free {nr_free}   "
                f"{'(verified)' if same else '(CONTRADICTION)'}")


class Buddy(command.Command):
    """The free lists: how many free blocks of each order, of each type.

    mm buddy [ZONE] [-o N] [-v] [--check]

      zone.free_area[order].free_list[type] -> block <-> block <-> (head)

      order 0  [ ][ ]                    blocks of 1 frame    4K
      order 1  [    ]                               2         8K
      order 2  [         ][         ]               4        16K
       ...                                  up to 1024        4M

    blocks and pages are counted by walking the lists. unusable: the part of
    the free memory that lies in smaller blocks than this order, so that a
    request of this order cannot have it (0.00 none, 1.00 all).
    -o N     only order N        -v  list the blocks, by frame number
    --check  every block against every rule (as mm check buddy)"""

    name, usage = "buddy", "[ZONE] [-o N] [-v] [--check]"
    options = {"-o": int, "-v": False, "--check": False}
    counts = (0, 1)

    def complete(self, text, word):
        if text.split(" ")[-1].startswith("-"):
            return super().complete(text, word)
        try:
            return [zone.name for zone in frames.zones()
                    if zone.name.lower().startswith(word.lower())]
        except frames.MMError:
            return []

    def run(self, words, options):
        found = frames.zones()
        chosen = frames.zone_named(words[0], found) if words else found
        order = options.get("-o")
        if order is not None and not 0 <= order < chosen[0].orders:
            self.fail(f"order {order}: orders are 0 to {chosen[0].orders - 1}")
        known = frames.Frames().read_all()
        for zone in chosen:
            yield from self.zone(Lists(known, zone), options)
        if "--check" in options:
            from . import check
            yield from check.report(check.buddy(known, chosen), "buddy")
        yield (f"next: mm check buddy   mm buddy {chosen[0].name} -v   "
               "mm page PFN")

    def zone(self, walked, options):
        types = frames.layout().types
        shown = [kind for kind in sorted(types) if kind < 3 or any(
            walked.blocks[key] for key in walked.blocks if key[1] == kind)]
        yield zone_line(walked.zone)
        yield (" order  size " + "".join(
            f"{LONG.get(types[kind], types[kind]):>12s}" for kind in shown)
            + "   blocks   pages  unusable")
        for order in range(walked.zone.orders):
            if options.get("-o", order) != order:
                continue
            blocks = walked.count(order)
            yield (f"  {order:4d} {size_text(4096 << order):>5s} " + "".join(
                f"{walked.count(order, kind):12d}" for kind in shown) +
                f"{blocks:9d}{blocks << order:8d}      "
                f"{walked.unusable(order):.2f}")
            if "-v" in options:
                yield from self.blocks(walked, order, types)
        for trouble in walked.trouble:
            yield " " + trouble
        yield " " + walked.verdict()

    @staticmethod
    def blocks(walked, order, types):
        for kind in sorted(types):
            pfns = walked.blocks[order, kind]
            if not pfns:
                continue
            text = " ".join(f"0x{pfn:x}" for pfn in pfns[:MOST_SHOWN])
            more = len(pfns) - MOST_SHOWN
            yield (f"         {LONG.get(types[kind], types[kind])}: {text}"
                   + (f" ... and {more} more" if more > 0 else ""))


def register():
    Zones()
    Buddy()
