# SPDX-License-Identifier: MIT
"""mm check slab: the caches, counted again from the frames and the chains.

    mem_map:  every frame in state SLAB        cache: nr_slabs, nr_partial
                  |                                   |
                  '-- chains, hands of each object ---'-- must agree

Rules U1-U4, A1-A3 and B1-B2 have the names that mm/kmem/slub.c, slub_debug.c,
slab.c and slob.c give them. Seen only from outside:

  C1  a slab of SLUB is in one place: a core's, or the node's list if it has
      free objects, or on no list if it has none
  C2  an object is free in one place, and each chain stays in its slab
  C3  nr_slab_reclaimable and nr_slab_unreclaimable are the frames in state SLAB
"""

from . import frames, lists, objects, slabs, slob, target
from .slabs import IN_USE, TYPESAFE

MOST_OBJECTS = 1 << 18


def name_of(slab):
    return f"{slab.cache.name}: slab 0x{slab.start:08x}"


def listed(cache, name, known, trouble):
    """Slabs on a list; what is wrong with it goes to trouble."""
    try:
        return cache.listed(name, known)
    except lists.Broken as error:
        trouble.append(f"U3 {cache.name}, {name}: {error}")
        return None


def count_rule(cache, partial, full, all_slabs):
    """U3, and that no slab is forgotten."""
    if len(partial) != cache.nr_partial:
        yield (f"U3 {cache.name}: {len(partial)} slabs on the partial list, "
               f"nr_partial {cache.nr_partial}")
    # Empty slabs of such a cache wait for readers, counted no more.
    waiting = [slab for slab in all_slabs if cache.flags & TYPESAFE and
               not slab.inuse and not slab.frozen and
               slab.pfn not in {other.pfn for other in partial}]
    found = len(all_slabs) - len(waiting)
    if found != cache.nr_slabs:
        yield (f"U3 {cache.name}: {found} slabs by mem_map, nr_slabs "
               f"{cache.nr_slabs}")
    if cache.debugs() and len(partial) + len(full) != cache.nr_slabs:
        yield (f"U3 {cache.name}: {len(partial)} partial and {len(full)} full "
               f"slabs on lists, nr_slabs {cache.nr_slabs}")


def places(cache):
    """{page: 'own of core 0'} of the slabs that cores hold."""
    result = {}
    for core in cache.cores():
        for page, what in [(core.own and core.own[0], "own")] + \
                [(page, "reserve") for page in core.reserve]:
            if page:
                result.setdefault(page, []).append(f"{what} of core {core.cpu}")
        if len(core.reserve) != core.nr_partial:
            result.setdefault(0, []).append(
                f"core {core.cpu} has {len(core.reserve)} slabs in reserve, "
                f"nr_partial {core.nr_partial}")
    return result


def slub(cache, known, all_slabs):
    """U1 to U4, C1 and C2 of one cache of SLUB."""
    trouble = []
    partial = listed(cache, "partial", known, trouble)
    full = listed(cache, "full", known, trouble) if cache.debugs() else []
    yield from trouble
    if trouble:
        return
    yield from count_rule(cache, partial, full, all_slabs)
    held = places(cache)
    for text in held.pop(0, []):
        yield f"U3 {cache.name}: {text}"
    pages = {slab.page for slab in partial}
    for slab in all_slabs:
        yield from slub_place(slab, held.get(slab.page, []), pages)
        yield from chains(slab)
        if cache.debugs():
            yield from whole(slab)
    for page in held.keys() - {slab.page for slab in all_slabs}:
        yield (f"C1 {cache.name}: page 0x{page:08x}, {held[page][0]}, is no "
               "slab of this cache")


def slub_place(slab, held, partial):
    """U1 and C1: is the slab where its counts say?"""
    where = list(held) + (["on the partial list"] if slab.page in partial
                          else [])
    if len(where) > 1:
        yield f"C1 {name_of(slab)} is in two places: {' and '.join(where)}"
    if slab.page in partial and (slab.frozen or not slab.freelist):
        yield (f"U1 {name_of(slab)} is on the partial list and "
               + ("frozen" if slab.frozen else "full"))
    if bool(held) != bool(slab.frozen):
        yield (f"C1 {name_of(slab)} is "
               + ("frozen, but no core has it" if slab.frozen else
                  f"{held[0]}, but not frozen"))
    if not where and slab.freelist and not slab.cache.flags & TYPESAFE:
        yield (f"C1 {name_of(slab)} has {slab.objects - slab.inuse} free "
               "objects and is on no list: they are lost")


def chains(slab):
    """U2 (A2) and C2: the free list's length, each object free once."""
    _, trouble = slab.hands()
    for text in trouble:
        yield f"C2 {slab.cache.name}: {text}"
    try:
        free = len(slab.chain(slab.freelist))
    except slabs.Astray:
        return                              # told above
    if free != slab.objects - slab.inuse:
        rule = "A2" if slab.cache.design_name == "slab" else "U2"
        yield (f"{rule} {name_of(slab)} has {free} free objects on its list, "
               f"by its counts {slab.objects - slab.inuse} (inuse "
               f"{slab.inuse} of {slab.objects})")


def whole(slab):
    """U4: red zones, poison and padding."""
    letters, _ = slab.hands()
    for index, letter in enumerate(letters):
        for text in objects.damage(slab, index, letter == IN_USE):
            yield (f"U4 {slab.cache.name}: object 0x{slab.object(index):08x}: "
                   f"{text}")


def slab(cache, known, all_slabs):
    """A1 to A3 of one cache of SLAB."""
    trouble, found, free = [], 0, 0
    for name in ("full", "partial", "free"):
        for one in listed(cache, name, known, trouble) or []:
            found += 1
            free += one.objects - one.inuse
            belongs = "free" if not one.inuse else \
                "partial" if one.freelist else "full"
            if belongs != name:
                yield (f"A1 {name_of(one)} with {one.inuse} of {one.objects} "
                       f"in use is on the {name} list")
    yield from trouble
    if not trouble and (found != cache.nr_slabs or free != cache.nr_free):
        yield (f"A3 {cache.name}: {found} slabs with {free} free objects, "
               f"counted as {cache.nr_slabs} with {cache.nr_free}")
    for one in all_slabs:
        yield from chains(one)
    for core in cache.cores():
        if len(core.array) > core.limit:
            yield (f"A2 {cache.name}: {len(core.array)} objects on the array "
                   f"of core {core.cpu}, which has room for {core.limit}")


def slob_pages(caches, known, listed_pfns):
    """B1 and B2: blocks fill their pages, counts of units and objects."""
    shared, whole_frames, found = 0, 0, {}
    for pfn in sorted(pfn for pfns in listed_pfns.values() for pfn in pfns):
        page = slabs.Slab(caches[0], known, pfn)
        if page.objects:
            whole_frames += 1 << page.order
            found[page.whole_cache] = found.get(page.whole_cache, 0) + 1
            continue
        shared += 1
        blocks, trouble = slob.blocks(page)
        if trouble:
            yield f"B1 page 0x{page.start:08x}: {trouble}"
            continue
        used = sum(b.units for b in blocks if not b.free())
        if used != page.inuse:
            yield (f"B2 page 0x{page.start:08x}: {used} units in use, counted "
                   f"as {page.inuse}")
        for b in blocks:
            if not b.free():
                found[b.cache] = found.get(b.cache, 0) + 1
    for what, got, claim in (
            ("pages", shared, target.value("nr_slob_pages")),
            ("frames of large objects", whole_frames,
             target.value("nr_whole_frames"))):
        if got != claim:
            yield f"B2 {got} {what} by mem_map, counted as {claim}"
    for cache in caches:
        if found.get(cache.address, 0) != cache.nr_free:
            yield (f"B2 {cache.name}: {found.get(cache.address, 0)} objects in "
                   f"pages, counted as {cache.nr_free}")


def frames_rule(known, listed_pfns):
    """C3: the node's counters of slab frames."""
    from . import vmstat
    have = sum(1 << known[pfn].order for pfns in listed_pfns.values()
               for pfn in pfns)
    counts = vmstat.read()
    claim = counts["nr_slab_reclaimable"] + counts["nr_slab_unreclaimable"]
    if have != claim:
        yield (f"C3 {have} frames are slabs, nr_slab_reclaimable + "
               f"nr_slab_unreclaimable say {claim}")


def rules(known):
    """Contradictions of all caches."""
    caches, trouble = slabs.caches()
    if trouble:
        yield f"U3 {trouble}"
    listed_pfns = slabs.slabs_by_cache(known)
    kind = slabs.design()
    if kind == "slob":
        yield from slob_pages(caches, known, listed_pfns)
    else:
        rule = slub if kind == "slub" else slab
        for cache in caches:
            all_slabs = [slabs.Slab(cache, known, pfn)
                         for pfn in listed_pfns.pop(cache.address, [])]
            yield from rule(cache, known, all_slabs)
        for address, pfns in listed_pfns.items():
            yield (f"C1 {len(pfns)} slabs, the first pfn 0x{pfns[0]:x}, say "
                   f"that they are of cache 0x{address:08x}, which is none")
    yield from frames_rule(known, slabs.slabs_by_cache(known))


def notes():
    """What may explain a contradiction."""
    for cache in slabs.caches()[0]:
        if cache.locked:
            yield (f" note: the lock of {cache.name} is held, so its lists may "
                   "be half changed")
