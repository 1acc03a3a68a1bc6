# SPDX-License-Identifier: MIT
"""mm slab: the caches, one cache, one slab object by object."""

import gdb

from . import command, frames, objects, slabs, slob, target
from .command import many
from .slabs import FREE, IN_USE
from .target import MMError

SHOWN = 12                  # slabs of a cache, and stacks, without -v
WIDTH = 64                  # objects in a line
MOST = 4096


def legend(letters):
    """What the letters that were drawn mean."""
    texts = [f"{letter} {slabs.hand_text(letter)}" for letter in
             sorted(set(letters), key=lambda c: (c != IN_USE, c != FREE, c))]
    return "  " + "   ".join(texts)


def strip(slab, letters, margin="    "):
    for first in range(0, len(letters), WIDTH):
        yield (f"{margin}0x{slab.object(first):08x}  "
               + "".join(letters[first:first + WIDTH]))


def place(slab):
    """Which list a slab is on, in words."""
    for core in slab.cache.cores():
        if core.own and core.own[0] == slab.page:
            return f"own of core {core.cpu}"
        if slab.page in core.reserve:
            return f"reserve, core {core.cpu}"
    if slab.cache.design_name == "slab":
        return "free" if not slab.inuse else \
            "partial" if slab.freelist else "full"
    if slab.frozen:
        return "frozen by nobody!"
    if slab.freelist:
        return "partial"
    return "full" if slab.cache.debugs() else "full, on no list"


def slab_line(slab, letters):
    used = letters.count(IN_USE)
    return (f"  slab 0x{slab.start:08x}  pfn 0x{slab.pfn:x}  {place(slab)}: "
            f"{used} of {slab.objects} in use")


class Table:
    """All caches, the figures of cat slabinfo and two more."""

    def __init__(self):
        self.caches, self.trouble = slabs.caches()

    def lines(self, verbose):
        known, kind = frames.Frames(), slabs.design()
        yield (f"design {kind}; sizes in bytes, memory in KiB; HELD: free, but "
               "on the lists of cores, which count as used")
        yield (" NAME                SIZE EVERY    USED   TOTAL  HELD  PER ORDER"
               " SLABS PARTIAL     KIB" + ("  FLAGS" if verbose else ""))
        total = 0
        for cache in self.caches:
            use = slabs.Usage(cache, known)
            kib = (use.slabs << cache.order) * 4 if kind != "slob" else 0
            total += kib
            yield (f" {cache.name:18s} {cache.object_size:5d} {cache.size:5d} "
                   f"{use.active:7d} {use.total:7d} {use.held:5d} "
                   f"{cache.objects:4d} {cache.order:5d} "
                   f"{0 if kind == 'slob' else use.slabs:5d} {use.partial:7d} "
                   f"{kib:7d}"
                   + (f"  {cache.flag_text()}" if verbose else ""))
            for line in use.trouble:
                yield "  " + line
        yield from self.sum(kind, total)
        if self.trouble:
            yield " " + self.trouble
        yield "next: mm slab CACHE   mm slab ADDR   mm check slab"

    def sum(self, kind, total):
        if kind != "slob":
            yield f" {len(self.caches)} caches, {total} KiB in slabs"
            return
        shared = target.value("nr_slob_pages")
        whole = target.value("nr_whole_frames")
        yield (f" {len(self.caches)} caches, which are names only: all share "
               f"{shared} pages; {whole} more frames hold large objects "
               f"({(shared + whole) * 4} KiB)")


class OneCache:
    """A cache: how its objects lie, who holds which slab, each slab drawn."""

    def __init__(self, cache):
        self.cache = cache
        self.known = frames.Frames().read_all()
        pfns = slabs.slabs_by_cache(self.known).get(cache.address, [])
        self.slabs = [slabs.Slab(cache, self.known, pfn) for pfn in pfns]

    def lines(self, verbose):
        yield from self.head()
        if self.cache.design_name == "slob":
            yield (f"  {self.cache.nr_free} objects; slab=slob cuts them from "
                   "pages that all caches share, so there is no slab to draw")
            yield "next: mm slab ADDR   draws a page   mm slab"
            return
        for core in self.cache.cores():
            yield from self.core(core)
        shown = self.slabs if verbose else self.slabs[:SHOWN]
        drawn, counts = set(), {}
        for slab in shown[:MOST]:
            letters, trouble = slab.hands()
            drawn.update(letters)
            for letter in letters:
                counts[letter] = counts.get(letter, 0) + 1
            yield slab_line(slab, letters)
            yield from strip(slab, letters)
            for line in trouble:
                yield "    " + line
        yield legend(drawn) if drawn else "  it has no slab"
        if len(shown) < len(self.slabs):
            yield (f"  ... and {len(self.slabs) - len(shown)} slabs more: mm "
                   f"slab {self.cache.name} -v")
        first = f"0x{shown[0].first:x}" if shown else "ADDR"
        yield f"next: mm slab {first} -v   mm check slab"

    def head(self):
        cache = self.cache
        yield (f"cache {cache.name}   struct kmem_cache 0x{cache.address:08x}   "
               f"design {cache.design_name}   flags {cache.flag_text()}")
        yield (f"  objects of {cache.object_size} bytes, one every "
               f"{cache.size}, aligned to {cache.align}; {cache.objects} in a "
               f"slab of order {cache.order} ({4 << cache.order} KiB)"
               + (f"; shared by {cache.refcount} caches"
                  if cache.refcount > 1 else ""))
        if cache.design_name != "slob":
            yield (f"  free pointer at +{cache.pointer_offset}, stored xor "
                   f"0x{cache.random:08x} xor the object's address with its "
                   "halves exchanged")
            yield ("  " + many(cache.nr_slabs, "slab")
                   + (f", {cache.nr_partial} of them partial on the node"
                      if cache.design_name == "slub" else
                      f", {cache.nr_free} objects free in them"))

    def core(self, core):
        if self.cache.design_name == "slab":
            yield (f"  core {core.cpu}: array of {len(core.array)} free "
                   f"objects, room for {core.limit}")
            return
        if self.cache.debugs():
            if core.cpu == 0:
                yield "  debugged: cores keep no lists, every call asks the node"
            return
        parts = []
        for name, pair in (("own", core.own), ("away", core.away)):
            slab = self.slab_at(pair)
            if slab:
                parts.append(f"{name} list: slab 0x{slab.start:08x}, "
                             f"{self.length(slab, pair[1])} objects on it")
        if core.reserve:
            parts.append(many(len(core.reserve), "slab") + " in reserve")
        yield f"  core {core.cpu}: " + ("; ".join(parts) or "nothing")

    def slab_at(self, pair):
        if pair and self.known.holds(pair[0]):
            return slabs.Slab(self.cache, self.known,
                              self.known.pfn_of_page(pair[0]))
        return None

    @staticmethod
    def length(slab, first):
        try:
            return len(slab.chain(first))
        except slabs.Astray as error:
            return f"{len(error.good)} (then astray)"


class Traces:
    """--trace: the live (or free) objects by who allocated (freed) them."""

    def __init__(self, caches, freed):
        self.freed, self.found = freed, {}
        known = frames.Frames().read_all()
        listed = slabs.slabs_by_cache(known)
        for cache in caches:
            for pfn in listed.get(cache.address, [])[:MOST]:
                self.add(slabs.Slab(cache, known, pfn))

    def add(self, slab):
        letters, _ = slab.hands()
        for index, letter in enumerate(letters):
            if (letter == IN_USE) == self.freed:
                continue
            track = objects.tracks(slab, index)[self.freed]
            if track:
                entry = self.found.setdefault(
                    (slab.cache.name, track.key()), [0, track, 0])
                entry[0] += 1
                entry[2] += slab.cache.size

    def rows(self):
        """[(objects, Track, bytes, cache name)], most objects first."""
        rows = [(count, track, size, name)
                for (name, _), (count, track, size) in self.found.items()]
        return sorted(rows, key=lambda row: (-row[0], row[3], row[1].pcs))

    def lines(self, verbose):
        rows = self.rows()
        what = "freed last" if self.freed else "allocated"
        for count, track, _, name in rows if verbose else rows[:SHOWN]:
            yield (f"{count:6d} objects of {name} {what} by "
                   f"{target.call_text(track.pcs[0])}")
            for pc in track.pcs[1:]:
                yield f"         {target.call_text(pc)}"
        if not verbose and len(rows) > SHOWN:
            yield f"  ... and {len(rows) - SHOWN} stacks more: -v"
        if not rows:
            yield ("  nothing: users are kept in caches with slub_debug=U (boot "
                   "with slub_debug=FZPU,CACHE), and in a SAN=kasan build")


class SlabCommand(command.Command):
    """The object caches; one cache; one slab, object by object.

    mm slab [-v]               all caches, as cat slabinfo; -v: their flags
    mm slab CACHE [-v]         one: who holds which slab, each slab drawn
    mm slab ADDR [-v]          the slab at an address; -v: a line an object
    mm slab CACHE --trace alloc|free     who allocated or freed, by stack

      kmem_cache -> core 0: own slab -> [##0#0.#]   0 on core 0's list
                            away list -> [#a#####]   a given back by core 0
                 -> node:   partial  -> [#..####] <-> [.......]
                                          ||
                                          |free, in the slab's own list
                                          in use: in no list at all

    The lists are followed as the allocator follows them: free pointers are
    stored scrambled, and each chain is bounded by its slab. Under slab=slab
    the cores have arrays and not lists; under slab=slob caches are names, and
    ADDR draws a page of blocks."""

    name, usage = "slab", "[CACHE|ADDR] [-v] [--trace alloc|free]"
    options = {"-v": False, "--trace": str}
    counts = (0, 1)

    def complete(self, text, word):
        if word.startswith("-"):
            return super().complete(text, word)
        try:
            return [cache.name for cache in slabs.caches()[0]
                    if cache.name.startswith(word)]
        except (MMError, gdb.error):
            return []

    def run(self, words, options):
        verbose = "-v" in options
        if "--trace" in options:
            return self.traces(words, options["--trace"], verbose)
        if not words:
            return Table().lines(verbose)
        cache = self.cache(words[0])
        if cache:
            return OneCache(cache).lines(verbose)
        return self.at(target.evaluate(words[0]), verbose)

    @staticmethod
    def cache(word):
        """The cache that a word names or points to; None: an address."""
        found, _ = slabs.caches()
        for cache in found:
            if cache.name == word:
                return cache
        try:
            number = target.evaluate(word)
        except MMError:
            return slabs.cache_named(word, found)
        return next((c for c in found if c.address == number), None)

    def traces(self, words, which, verbose):
        if which not in ("alloc", "free"):
            self.fail(f"--trace {which}: alloc or free")
        found, _ = slabs.caches()
        if words:
            found = [slabs.cache_named(words[0], found)]
        yield from Traces(found, which == "free").lines(verbose)
        yield "next: mm owner --top 10   mm slab CACHE   mm what ADDR"

    def at(self, address, verbose):
        slab = slabs.slab_around(address)
        if not slab:
            raise MMError(f"0x{address:08x} is in no slab; mm what "
                          f"0x{address:x} may know it")
        if slab.cache.design_name == "slob" and not slab.objects:
            yield from slob.page_lines(slab)
            yield from slob.one(slab, address)
        elif slab.cache.design_name == "slob":
            yield from slob.one(slab, address)
        else:
            yield from self.one_slab(slab, address, verbose)
        yield f"next: mm what 0x{address:x}   mm page 0x{slab.pfn:x}"

    @staticmethod
    def one_slab(slab, address, verbose):
        letters, _ = slab.hands()
        yield slab_line(slab, letters).strip() + (
            f"; cache {slab.cache.name}, page 0x{slab.page:08x}, inuse "
            f"{slab.inuse}" + (", frozen" if slab.frozen else ""))
        yield from strip(slab, letters, "  ")
        yield legend(letters)
        if verbose:
            for index, letter in enumerate(letters):
                text = slabs.hand_text(letter)
                if letter not in (IN_USE, slabs.WAITING) and \
                        slab.cache.design_name == "slub":
                    following = slab.next_free(index)
                    text += f", next 0x{following:08x}" if following else \
                        ", the last"
                yield f"  {index:4d}  0x{slab.object(index):08x}  {text}"
        index = slab.around(address)
        if index is not None:
            yield from objects.one(slab, index, address)


def register():
    SlabCommand()
