# SPDX-License-Identifier: MIT
"""Object caches as plain Python values: each object, and in whose hands it is.

Ideas
  Slab    the frames of a slab and their struct page; every frame in state SLAB
          names its cache, so all slabs are found through mem_map, also the
          full ones that SLUB keeps on no list.
  Chain   free objects are linked by pointers inside them, stored xored with
          the cache's random number and with their own address, its halves
          exchanged. A slab is read as one block and its chain followed here.
  Hands   an object is free in its slab, or on a list of a core, or in use:

            slab   [ # # . 0 # . a 0 ]
                         |  \\         page.freelist -> . -> .
                         |   core 0: own list -> 0 -> 0, away list -> a
                         in no chain: in use (#)

  Bounds  a chain is as long as its slab has objects, or it is broken.
"""

import struct

import gdb

from . import frames, lists, target
from .target import MMError

MOST_CACHES = 1024
CACHE_LINE = 32             # bytes, of the Cortex-A9
IN_USE, FREE, WAITING = "#", ".", "q"
FLAGS = {0: "HWCACHE_ALIGN", 1: "CACHE_DMA", 2: "PANIC", 3: "NO_MERGE",
         4: "RECLAIM_ACCOUNT", 5: "TYPESAFE_BY_RCU", 8: "CONSISTENCY_CHECKS",
         9: "RED_ZONE", 10: "POISON", 11: "STORE_USER", 12: "TRACE"}
TYPESAFE, RED_ZONE, POISON, STORE_USER = 1 << 5, 1 << 9, 1 << 10, 1 << 11
DEBUG_FLAGS = 0x1f00


class Astray(Exception):
    """A chain that is broken; .good: the indices until there."""

    def __init__(self, why, good):
        super().__init__(why)
        self.good = good


def design():
    """'slub', 'slab' or 'slob'."""
    try:
        return target.text_at(target.follow(
            target.variable("the_slab_design"))["name"])
    except gdb.error as error:
        raise MMError(f"cannot tell the slab design: {error}") from None


def swapped(address):
    return (address >> 16 | address << 16) & 0xffffffff


class Cache:
    """One struct kmem_cache."""

    def __init__(self, address, kind):
        self.address, self.design_name = address, kind
        value = target.object_at("struct kmem_cache", address)
        self.name = target.text_at(value["name"])
        for field in ("flags", "inuse", "size", "object_size", "objects",
                      "red_left_pad", "order", "align", "refcount",
                      "min_partial", "cpu_partial"):
            setattr(self, field, int(value[field]))
        self.pointer_offset = int(value["code"]["offset"])
        self.random = int(value["code"]["random"])
        self.lists = target.pointer(value["lists"])
        self.design = target.pointer(value["design"])
        self.ctor = target.pointer(value["ctor"])
        self.node = address + target.offset_of("struct kmem_cache", "node")
        node = value["node"]
        self.nr_partial, self.nr_slabs, self.nr_free = (
            int(node[field]) for field in ("nr_partial", "nr_slabs", "nr_free"))
        self.locked = bool(int(node["lock"]["locked"]))
        self.hands = None

    def debugs(self):
        return bool(self.flags & DEBUG_FLAGS)

    def poisons(self):
        return self.flags & POISON and not self.ctor and \
            not self.flags & TYPESAFE

    def flag_text(self):
        return "|".join(name for bit, name in FLAGS.items()
                        if self.flags >> bit & 1) or "none"

    def head(self, name):
        """Address of the list partial, full or free of the node."""
        return self.node + target.offset_of("struct kmem_cache_node", name)

    def listed(self, name, known, limit=1 << 18):
        """Slabs on one of the node's lists. Raises lists.Broken."""
        offset = target.offset_of("struct page", "slab", "list")
        nodes = lists.walk(self.head(name), limit)
        return [Slab(self, known, known.pfn_of_page(node - offset))
                for node in nodes if known.holds(node - offset)]

    def cores(self):
        """What the cores hold: [Core]. Read once."""
        if self.hands is None:
            self.hands = [Core(self, cpu, offset)
                          for cpu, offset in target.cores()]
        return self.hands


class Core:
    """One core's part of a cache: own slab, away list, reserve; or an array."""

    def __init__(self, cache, cpu, offset):
        self.cpu, self.own, self.away, self.reserve = cpu, None, None, []
        self.nr_away = self.nr_partial = 0
        self.array, self.limit = [], 0
        if cache.design_name == "slab":
            self.read_array((cache.design + offset) & 0xffffffff)
        elif cache.design_name == "slub":
            self.read_lists((cache.lists + offset) & 0xffffffff)

    def read_array(self, address):
        avail, self.limit = struct.unpack(
            "<HH", target.read_virtual(address, 4))
        raw = target.read_virtual(
            address + target.offset_of("struct array_cache", "objects"),
            4 * min(avail, 1024))
        self.array = list(struct.unpack(f"<{len(raw) // 4}I", raw))

    def read_lists(self, address):
        value = target.object_at("struct kmem_cache_cpu", address)
        for name in ("own", "away"):
            page = target.pointer(value[name]["page"])
            if page:
                setattr(self, name,
                        (page, target.pointer(value[name]["first"])))
        self.nr_away = int(value["nr_away"])
        self.nr_partial = int(value["nr_partial"])
        page = target.pointer(value["partial"])
        link = target.offset_of("struct page", "slab", "list")
        while page and len(self.reserve) < 64 and page not in self.reserve:
            self.reserve.append(page)
            page, = struct.unpack("<I", target.read_virtual(page + link, 4))


class Slab:
    """One slab: its struct page and its bytes."""

    form = None

    def __init__(self, cache, known, pfn):
        self.cache, self.pfn = cache, pfn
        page = known[pfn]
        self.page, self.order, self.state = page.address, page.order, page.state
        self.start = target.linear(pfn << 12)
        at = Slab.offsets()
        self.freelist, self.inuse, counts = struct.unpack_from(
            "<IHH", page.raw, at["freelist"])
        self.of_cache, = struct.unpack_from("<I", page.raw, at["cache"])
        self.whole_cache, = struct.unpack_from("<I", page.raw, at["list"])
        self.objects, self.frozen = counts & 0x7fff, counts >> 15
        self.bytes = 4096 << self.order
        self.raw = None
        self.first = self.start or 0
        if cache and cache.design_name == "slab":
            self.first += self.colour()
        elif cache:
            self.first += cache.red_left_pad

    @staticmethod
    def offsets():
        if Slab.form is None:
            Slab.form = {name: target.offset_of("struct page", "slab", name)
                         for name in ("list", "cache", "freelist")}
        return Slab.form

    def colour(self):
        """Where the first object begins, as colour_of() of slab.c has it."""
        step = max(self.cache.align, CACHE_LINE)
        rest = self.bytes - self.objects * self.cache.size
        return (self.pfn >> self.order) % (rest // step + 1) * step

    def data(self):
        if self.raw is None:
            self.raw = target.read_virtual(self.start, self.bytes)
        return self.raw

    def object(self, index):
        return self.first + index * self.cache.size

    def index_of(self, address):
        """Number of the object that begins at address, or None."""
        index, rest = divmod(address - self.first, self.cache.size)
        return index if not rest and 0 <= index < self.objects else None

    def around(self, address):
        """Number of the object whose piece of the slab holds address."""
        lead = 0 if self.cache.design_name == "slab" else \
            self.cache.red_left_pad
        index = (address - (self.first - lead)) // self.cache.size
        return index if 0 <= index < self.objects else None

    def next_free(self, index):
        """The decoded free pointer of an object."""
        at = self.object(index)
        stored, = struct.unpack_from(
            "<I", self.data(), at - self.start + self.cache.pointer_offset)
        return stored ^ self.cache.random ^ swapped(at)

    def chain(self, first):
        """Numbers of the objects that are linked from first on."""
        found, seen, address = [], set(), first
        while address:
            index = self.index_of(address)
            if index is None:
                raise Astray(f"free pointer 0x{address:08x} leads to no object "
                             f"of the slab 0x{self.start:08x}", found)
            if index in seen:
                raise Astray(f"the free list of the slab 0x{self.start:08x} "
                             f"does not end: 0x{address:08x} comes twice",
                             found)
            seen.add(index)
            found.append(index)
            address = self.next_free(index)
        return found

    def chains(self):
        """[(letter, first address)] of every chain that is of this slab."""
        result = [(FREE, self.freelist)]
        for core in self.cache.cores():
            for pair, letter in ((core.own, str(core.cpu)),
                                 (core.away, "abcd"[core.cpu])):
                if pair and pair[0] == self.page:
                    result.append((letter, pair[1]))
        return result

    def hands(self):
        """(a letter for each object, [what is wrong])."""
        letters, trouble = [IN_USE] * self.objects, []
        for letter, first in self.chains():
            try:
                indices = self.chain(first)
            except Astray as error:
                indices = error.good
                trouble.append(str(error))
            for index in indices:
                if letters[index] != IN_USE:
                    trouble.append(
                        f"object 0x{self.object(index):08x} is free twice: "
                        f"{hand_text(letters[index])}, and "
                        f"{hand_text(letter)}")
                letters[index] = letter
        self.mark_arrays(letters, trouble)
        self.mark_quarantine(letters)
        return letters, trouble

    def mark_arrays(self, letters, trouble):
        for core in self.cache.cores():
            for address in core.array:
                if not self.start <= address < self.start + self.bytes:
                    continue
                index = self.index_of(address)
                if index is None or letters[index] != IN_USE:
                    trouble.append(f"0x{address:08x} on the array of core "
                                   f"{core.cpu} is no object in use")
                else:
                    letters[index] = str(core.cpu)

    def mark_quarantine(self, letters):
        """KASAN: freed objects that wait are on no list, but closed."""
        if not target.kasan() or self.cache.debugs() or \
                self.cache.design_name != "slub":
            return
        from . import shadow
        closed = shadow.of(self.start, self.bytes)
        for index, letter in enumerate(letters):
            at = (self.object(index) - self.start) >> 3
            if letter == IN_USE and closed[at] == shadow.SLAB_FREE:
                letters[index] = WAITING


def hand_text(letter):
    if letter.isdigit():
        return f"free, on the list of core {letter}"
    return {IN_USE: "in use", FREE: "free, in its slab",
            WAITING: "freed, in KASAN's quarantine"}.get(
                letter, f"free, on core {'abcd'.find(letter)}'s away list")


def caches():
    """(all caches in the order of slabinfo, what is wrong with their list)"""
    kind, trouble = design(), None
    head = target.symbol("slab_caches")
    if not target.value("(unsigned long)slab_caches.next") or \
            not target.value("nr_cpus"):
        raise MMError("there are no caches yet: the kernel has not come to "
                      "kmem_cache_init()")
    offset = target.offset_of("struct kmem_cache", "list")
    try:
        nodes = lists.walk(head, MOST_CACHES)
    except lists.Broken as error:
        nodes, trouble = error.nodes, f"the caches: {error}"
    return [Cache(node - offset, kind) for node in nodes], trouble


def cache_named(name, among):
    for cache in among:
        if cache.name == name:
            return cache
    near = [cache.name for cache in among if name.lower() in cache.name]
    raise MMError(f"no cache is called \"{name}\"; " + (
        "there are " + ", ".join(near) if near else
        "mm slab lists them (like caches are merged)"))


def slabs_by_cache(known):
    """{address of a cache: [frame number of a slab]}, from mem_map."""
    slab, result = frames.layout().state_number["SLAB"], {}
    at = Slab.offsets()["cache"]
    names = memoryview(known.raw).cast("I")[at // 4::known.size // 4]
    for index, word in enumerate(known.flags_words()):
        if word & 15 == slab:
            result.setdefault(names[index], []).append(known.start + index)
    return result


def slab_around(address):
    """The Slab that a lowmem address lies in, or None."""
    high = target.value("(unsigned long)high_memory")
    if not 0xc0000000 <= address < high:
        return None
    known = frames.Frames()
    pfn = (address - 0xc0000000 + 0x60000000) >> 12
    if not known.valid(pfn):
        return None
    pfn = known.head(pfn)
    bare = Slab(None, known, pfn)
    if bare.state != "SLAB":
        return None
    return Slab(Cache(bare.of_cache, design()), known, pfn)


class Usage:
    """The figures of slabinfo, derived from the lists."""

    def __init__(self, cache, known):
        self.slabs, self.partial, self.held = cache.nr_slabs, 0, 0
        self.total = self.active = cache.nr_free
        self.trouble = []
        if cache.design_name == "slob":
            return
        self.total = cache.nr_slabs * cache.objects
        partial = self.walk(cache, known)
        if cache.design_name == "slab":
            unused = cache.nr_free
            self.held = sum(len(core.array) for core in cache.cores())
            self.active = self.total - unused - self.held
        else:
            unused = sum(slab.objects - slab.inuse for slab in partial)
            self.held = sum(self.held_by(cache, core, known)
                            for core in cache.cores())
            self.active = self.total - min(unused, self.total)

    def walk(self, cache, known):
        try:
            partial = cache.listed("partial", known)
        except lists.Broken as error:
            self.trouble.append(f"{cache.name} partial: {error}")
            partial = []
        self.partial = len(partial)
        return partial

    def held_by(self, cache, core, known):
        """Free objects on a core's own and away lists."""
        count = 0
        for pair in (core.own, core.away):
            if not pair or not known.holds(pair[0]):
                continue
            slab = Slab(cache, known, known.pfn_of_page(pair[0]))
            try:
                count += len(slab.chain(pair[1]))
            except Astray as error:
                count += len(error.good)
                self.trouble.append(f"{cache.name}, core {core.cpu}: {error}")
        return count
