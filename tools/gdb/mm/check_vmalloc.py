# SPDX-License-Identifier: MIT
"""mm check vmalloc: areas, free ranges and page tables against each other.

    | area | area | free ......... | area | waiting | free |
    sorted, disjoint, and together the whole space; each page of an area mapped
    to its frame, its guard and everything else of the space to nothing

The rules have the names that mm/kmem/vmalloc.c and vrange.c give them. V4 is
seen only from outside: nothing is mapped where no area is.
"""

from . import vmalloc, vmareas


def order(state):
    """V1 and R1: everything in the space, in order, side by side."""
    spans = [(a.start, a.end, "area") for a in state.busy] + \
        [(a.start, a.end, "waiting area") for a in state.waiting] + \
        [(a.start, a.end, "clean area") for a in state.clean] + \
        [(r.start, r.end, "free range") for r in state.free]
    spans.sort()
    last, before = state.start, None
    for start, end, what in spans:
        rule = "R1" if what == "free range" else "V1"
        if start >= end:
            yield f"{rule} the {what} at 0x{start:08x} ends at 0x{end:08x}"
        if start < last:
            yield (f"{rule} the {what} at 0x{start:08x} begins before "
                   f"0x{last:08x}, where the {before or 'space'} ends")
        if what == before == "free range" and start == last:
            yield (f"R1 the free range at 0x{start:08x} touches the one before "
                   "it: they must be one")
        last, before = max(last, end), what
    if last > state.end:
        yield f"V1 the last {before} ends at 0x{last:08x}, behind the space"


def sums(state):
    """V1, V3, R3: the counters."""
    free = sum(r.end - r.start for r in state.free)
    if free != state.free_bytes:
        yield (f"R3 the free ranges have {free} bytes, free says "
               f"{state.free_bytes}")
    for rule, group, claim, what in (
            ("V3", state.waiting, state.waiting_pages, "waiting"),
            ("V3", state.clean, state.clean_pages, "clean")):
        pages = sum(area.nr_pages + 1 for area in group)
        if pages != claim:
            yield f"{rule} {pages} pages are {what}, {what}_pages says {claim}"
    used = sum(a.end - a.start for a in state.busy) + \
        (state.waiting_pages + state.clean_pages + state.purging_pages) * 4096
    if used + free != state.size:
        yield (f"V1 busy, waiting and free add up to {used + free} bytes, the "
               f"space has {state.size}")


def gaps(state):
    """R2: largest of each node is that of its subtree."""
    at = {r.address: r for r in state.free}
    offset = state.free_nodes[0][0] - state.free[0].address \
        if state.free else 0
    for (_, below), here in zip(state.free_nodes, state.free):
        sizes = [here.end - here.start] + [
            at[child - offset].largest for child in below
            if child and child - offset in at]
        if max(sizes) != here.largest:
            yield (f"R2 largest of the free range at 0x{here.start:08x} is "
                   f"{here.largest}, of its subtree {max(sizes)}")


def mappings(state, known):
    """V2 and V4: pages are mapped to their frames, and nothing else is."""
    mapped = {va: w for va, w in vmalloc.entries(
        state.start, state.end).items() if state.start <= va < state.end}
    for area in state.busy:
        if area.end - area.start != (area.nr_pages + 1) * 4096:
            yield (f"V1 the area at 0x{area.start:08x} has {area.nr_pages} "
                   f"pages and {(area.end - area.start) >> 12} of addresses, "
                   "the guard included")
        for i, pfn in enumerate(area.frames(known)):
            w = mapped.pop(area.start + (i << 12), None)
            if not w or w.pa >> 12 != pfn:
                yield (f"V2 page {i} of the area at 0x{area.start:08x} is "
                       + ("not mapped" if not w else
                          f"mapped to 0x{w.pa >> 12:x}")
                       + (", its frame is unknown" if pfn is None else
                          f", its frame is 0x{pfn:x}"))
    for va, w in sorted(mapped.items()):
        area = state.area_at(va)
        yield (f"V2 the guard page 0x{va:08x} of the area at "
               f"0x{area.start:08x} is mapped to 0x{w.pa:08x}" if area else
               f"V4 0x{va:08x} is mapped to 0x{w.pa:08x}, and "
               f"{state.other_at(va)}")


def rules(known):
    """Contradictions of the vmalloc space."""
    state = vmareas.State()
    for text in state.trouble:
        yield f"R0 {text}"
    yield from order(state)
    yield from sums(state)
    yield from gaps(state)
    yield from mappings(state, known)
