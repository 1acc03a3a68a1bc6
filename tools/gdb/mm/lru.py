# SPDX-License-Identifier: MIT
"""mm lru: the lists of pages by use, and what is remembered of those that left."""

import struct

from . import command, frames, lists, locks, target, usage
from .command import many

NAMES = ("inactive_anon", "active_anon", "inactive_file", "active_file")
FILE = "'mm/reclaim/workingset.c'::"
MASK = 0xffffffff


class Lruvec:
    """The lists of one zone."""

    def __init__(self, zone):
        value = zone.value["lruvec"]
        self.zone, self.value = zone, value
        self.nr = [int(value["nr"][n]) for n in range(len(NAMES) + 1)]
        self.isolated = [int(value["nr_isolated"][n]) for n in range(2)]
        self.cost = [int(value[name]) for name in ("anon_cost", "file_cost")]
        self.first = zone.address + target.offset_of("struct zone", "lruvec",
                                                     "lists")

    def head(self, n):
        return self.first + 8 * n

    def pages(self, n, known):
        """(frame numbers, newest first; what is wrong with the list or None)"""
        offset = target.offset_of("struct page", "user", "lru")
        try:
            return frames.list_of(known, self.head(n), known.end - known.start,
                                  offset), None
        except lists.Broken as error:
            return error.nodes, str(error)


def list_of(page):
    """The list that the flags of a page name, as list_of() in lru.c; or None."""
    names = page.flag_names()
    if "lru" not in names:
        return None
    if "unevictable" in names:
        return "unevictable"
    return NAMES[(0 if "swapbacked" in names else 2) + ("active" in names)]


class Shadows:
    """The table of workingset.c: what was evicted, and when."""

    def __init__(self):
        def number(name):
            return target.value(f"(unsigned long){FILE}{name}")
        self.table, self.bits = number("table"), number("table_shift")
        self.age_shift = number("age_shift")
        self.now = target.value(f"(unsigned long){FILE}evictions.value")

    def words(self):
        if not self.table or not 0 < self.bits <= 20:
            return ()
        size = 4 << self.bits
        return struct.unpack(f"<{size // 4}I",
                             target.read_virtual(self.table, size))

    def distance(self, word):
        """Evictions since the one that wrote the word."""
        return ((self.now >> self.age_shift) - word & 0xffff) << self.age_shift

    def of(self, owner, index):
        """The distance of a page that left, or None; as workingset_refault()."""
        if not self.table or not self.now:
            return None
        h = (owner * 0x9e3779b1 ^ index) & MASK
        h = h * 0x85ebca6b & MASK
        h ^= h >> 15
        at = self.table + 4 * (h >> 32 - self.bits)
        word, = struct.unpack("<I", target.read_virtual(at, 4))
        return self.distance(word) if word and word >> 16 == h & 0xffff \
            else None


def shadow_text(owner, index, room):
    """What would become of an evicted page if it came back now."""
    distance = Shadows().of(owner, index)
    if distance is None:
        return "no eviction of it is remembered"
    return (f"evicted {many(distance, 'eviction')} ago: back now it would be "
            + (f"active ({distance} <= {room}: there was room)"
               if distance <= room else
               f"inactive ({distance} > {room}: no list could have kept it)"))


def room(file):
    """Pages that might have made room for it: room() in workingset.c."""
    vecs = [Lruvec(zone) for zone in frames.zones()]
    return sum(v.nr[1] + v.nr[3] + (0 if file else v.nr[2]) for v in vecs)


class LruCommand(command.Command):
    """The lists of pages by use: how long, who is at which end, who left.

    mm lru [ZONE]      each list: counted, walked, and its two ends
    mm lru [ZONE] -n N with N pages of each end (2)
    mm lru --shadows   what is remembered of pages that were evicted

      new --> [ inactive ........ ] --old, not used--> evicted, leaves a
                 ^          \\ used                     word (a shadow)
                 |           \\---> [ active ........ ]
                 \\------------------- old end ---/

    A page that is in use by programs or files and on no list is isolated
    (reclaim has it in hand) or unevictable (mlock)."""

    name, usage = "lru", "[ZONE] [-n N] [--shadows]"
    options = {"-n": int, "--shadows": False}
    counts = (0, 1)

    def run(self, words, options):
        if options.get("--shadows"):
            return self.shadows()
        return self.zones(words, options.get("-n", 2))

    def zones(self, words, ends):
        if not 0 <= ends <= 64:
            self.fail("-n: 0 to 64 pages of each end")
        found = frames.zones()
        if words:
            found = frames.zone_named(words[0], found)
        known = frames.Frames().read_all()
        policy = target.follow(target.variable("reclaim_policy"))
        yield (f"policy {target.text_at(policy['name'])}   swappiness "
               f"{target.value('sysctl_swappiness')}")
        for zone in found:
            yield from self.one(Lruvec(zone), known, ends)
        yield "next: mm rmap PFN   mm page PFN   mm lru --shadows"

    @staticmethod
    def one(vec, known, ends):
        zone, contradictions = vec.zone, 0
        yield (f"node {zone.nid} zone {zone.name}   isolated: anon "
               f"{vec.isolated[0]}, file {vec.isolated[1]}   cost: anon "
               f"{vec.cost[0]}, file {vec.cost[1]}   unevictable {vec.nr[4]}")
        for n, name in enumerate(NAMES):
            pfns, wrong = vec.pages(n, known)
            agrees = len(pfns) == vec.nr[n] and not wrong
            strange = [p for p in pfns if list_of(known[p]) != name]
            contradictions += not agrees or bool(strange)
            yield (f"  {name:14s} {vec.nr[n]:6d} pages"
                   + (" (verified)" if agrees else
                      f", by walking {len(pfns)} (CONTRADICTION)"))
            if wrong:
                yield f"    {wrong}"
            for pfn in strange[:4]:
                yield (f"    pfn 0x{pfn:x} is on it, but its flags say "
                       f"{list_of(known[pfn]) or 'on no list'}")
            yield from show_ends(pfns, known, ends)
        if contradictions:
            yield from locks.warning("the lists' lock",
                                     locks.spinlock(vec.value["lock"]))

    @staticmethod
    def shadows():
        table = Shadows()
        words = [word for word in table.words() if word]
        ages = sorted(table.distance(word) for word in words)
        yield (f"{many(table.now, 'eviction')}, {many(len(words), 'word')} of "
               f"{1 << table.bits} in use, counted in steps of "
               f"{1 << table.age_shift}")
        yield (f"  a page that comes back is active if at most so many were "
               f"evicted meanwhile: file {room(True)}, anon {room(False)}")
        if ages:
            yield (f"  ages: youngest {ages[0]}, middle {ages[len(ages) // 2]}"
                   f", oldest {ages[-1]}; "
                   f"{sum(a <= room(True) for a in ages)} within reach")
        yield "next: mm swap SLOT tells it of one   mm lru"


def show_ends(pfns, known, ends):
    """Its newest and its oldest pages, and how many lie in between."""
    if len(pfns) <= 2 * ends:
        parts = [("", pfns)]
    else:
        parts = [("new", pfns[:ends]), ("old", pfns[len(pfns) - ends:])]
    for label, part in parts:
        for pfn in part:
            use = usage.Use(known[pfn])
            yield (f"    {label:3s} 0x{pfn:x}  {use.text():40s} mapped "
                   f"{use.page.mapcount}  {use.flags()}")
        if label == "new":
            yield f"        ... {len(pfns) - 2 * ends} more"


def register():
    LruCommand()
