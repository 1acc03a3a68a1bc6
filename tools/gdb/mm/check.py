# SPDX-License-Identifier: MIT
"""mm check: derive everything a second time and compare.

The kernel checks itself (`verify`); this does it from outside, with the
kernel stopped at any instruction, even inside a panic. The rules have the
names that mm/phys/buddy.c gives them. A block in the middle of being moved is
a contradiction too: stopped inside the allocator, some are to be expected.
"""



from . import (check_slab, check_vmalloc, command, frames, spaces, tables,
               target)
from .zones import Lists

MOST = 12                   # contradictions that are shown


def buddy(known, zones):
    """B1 to B6, for these zones. Yields contradictions."""
    form, listed = frames.layout(), {}
    for zone in zones:
        walked = Lists(known, zone)
        yield from walked.trouble
        yield from counts(walked, form)
        for (order, kind), pfns in walked.blocks.items():
            for pfn in pfns:
                if pfn in listed:
                    yield (f"B1 pfn 0x{pfn:x} is on two lists: order "
                           f"{listed[pfn]} and order {order}")
                listed[pfn] = order
                yield from block(known, zone, pfn, order, kind)
    free = form.state_number["FREE"]
    for index, word in enumerate(known.flags_words()):
        pfn = known.start + index
        if word & 15 == free and pfn not in listed and any(
                zone.spans(pfn) for zone in zones):
            yield (f"B6 pfn 0x{pfn:x} says that it is the head of a free block,"
                   " but no list has it")


def counts(walked, form):
    """B3 and B4: lengths against counters."""
    zone = walked.zone
    masks = zone.value["order_mask"]
    for (order, kind), pfns in walked.blocks.items():
        where = f"{zone.name} order {order} {form.types[kind]}"
        claim = walked.claims[order, kind]
        if len(pfns) != claim:
            yield f"B3 {where}: {len(pfns)} blocks on the list, nr_free {claim}"
        if bool(pfns) != bool(int(masks[kind]) >> order & 1):
            yield (f"B3 {where}: {len(pfns)} blocks on the list, order_mask "
                   f"0x{int(masks[kind]):x}")
    if walked.frames() != zone.nr_free:
        yield (f"B4 {zone.name}: {walked.frames()} frames on the lists, nr_free "
               f"{zone.nr_free}")


def block(known, zone, pfn, order, kind):
    """B1, B2 and B5 of one free block."""
    page, types = known[pfn], frames.layout().types
    name = f"pfn 0x{pfn:x} (page 0x{page.address:08x})"
    if page.state != "FREE":
        yield f"B1 {name} is on a free list and in state {page.state}"
    if page.order != order:
        yield f"B1 {name} is on the list of order {order} and says {page.order}"
    if page.zone_index != zone.index:
        yield f"B1 {name} is on a list of {zone.name}, of another zone by flags"
    if page.migratetype != kind:
        yield f"B1 {name} is on the {types[kind]} list and says otherwise"
    if page.bits or page.refcount or page.mapcount:
        yield (f"S2 {name} is free, with refcount {page.refcount}, mapcount "
               f"{page.mapcount}, flags 0x{page.flags:x}")
    if (pfn - known.start) & ((1 << order) - 1):
        yield f"B1 {name} is not aligned to order {order}"
    if not (zone.spans(pfn) and zone.spans(pfn + (1 << order) - 1)):
        yield f"B1 {name} of order {order} is not inside {zone.name}"
    other = frames.pageblock_type(known, pfn)
    if other is not None and other != types[kind]:
        yield f"B5 {name} is on the {types[kind]} list, its pageblock is {other}"
    twin = known.start + ((pfn - known.start) ^ (1 << order))
    if order < 10 and known.valid(twin) and pfn < twin and \
            known[twin].flags == page.flags and \
            mixes(frames.pageblock_type(known, twin), other):
        yield (f"B2 pfn 0x{pfn:x} and its buddy 0x{twin:x} are both free, order "
               f"{order}")


def mixes(one, two):
    plain = ("UNMOVABLE", "MOVABLE", "RECLAIMABLE")
    return one == two or one in plain and two in plain


def page_states(known, zones):
    """S1 to S3: every frame is in one block, and heads have sane counts."""
    form = frames.layout()
    tail = form.state_number["TAIL"]
    free = {form.state_number["FREE"], form.state_number["ISOLATED"]}
    quiet = {form.state_number["RESERVED"], form.state_number["OFFLINE"]}
    words, refcounts = known.flags_words(), memoryview(known.raw).cast("i")
    step, at, index = known.size // 4, form.refcount // 4, 0
    while index < len(words):
        state, order = words[index] & 15, words[index] >> 8 & 15
        pfn = known.start + index
        if state == tail:
            yield f"S1 pfn 0x{pfn:x} is a tail, but no block reaches it"
            index += 1
            continue
        if state not in form.states:
            yield f"S1 pfn 0x{pfn:x} is in no known state: {state}"
        size = 1 if state in quiet else 1 << order
        for i in range(index + 1, min(index + size, len(words))):
            if words[i] & 15 != tail:
                yield (f"S1 pfn 0x{known.start + i:x} is inside the block of "
                       f"order {order} at 0x{pfn:x}, but no tail of it")
                break
        count = refcounts[index * step + at]
        if state in free and count:
            yield f"S2 pfn 0x{pfn:x} is free and has {count} references"
        if state not in free and state not in quiet and count <= 0:
            yield (f"S3 pfn 0x{pfn:x} is {form.states.get(state)} and has "
                   f"{count} references")
        index += size


def entry(w, known, tables_seen):
    """What is wrong with one entry."""
    name = f"0x{w.va:08x} (entry 0x{w.l2 if w.level == 2 else w.l1:08x})"
    if w.kind == tables.ABSENT:
        yield f"P1 {name}: its second-level table is not in memory"
        return
    if w.level == 2 and w.va >> 20 not in tables_seen:
        tables_seen.add(w.va >> 20)
        yield from table_frame(w, known)
    if not w.mapped():
        return
    if w.kernel_write() and w.kernel_exec():
        yield f"P2 {name} is writable and executable"
    if w.ap2 != (0 if w.writable and w.dirty else 1):
        yield (f"P3 {name}: AP2 is {w.ap2} with writable {w.writable}, dirty "
               f"{w.dirty}; it must be !(writable && dirty)")
    if w.memattr in (4, 5, 6, 7):
        yield f"P4 {name}: memory type {tables.MEMATTR[w.memattr]}"
    if w.va < 0x1000:
        yield f"P5 {name}: page 0 is mapped"
    if w.va >= 0xbf000000 and w.ng:
        yield f"P6 {name} is a kernel mapping, but not global"
    if w.ap1 and w.va >= 0xbf000000 and w.va >> 12 != 0xffff0:
        yield f"P7 {name} is a kernel mapping that users may use"


def table_frame(w, known):
    """P8: four neighbours share one page of tables; its frame says so."""
    pa = tables.table_of(w.l1)
    if pa & 0xc00 != (w.va >> 20 & 3) << 10:
        yield (f"P8 0x{w.va:08x}: its table is at 0x{pa:08x}, not at quarter "
               f"{w.va >> 20 & 3} of a page")
    if known and known.valid(pa >> 12):
        page = known[known.head(pa >> 12)]
        if page.state not in ("TABLE", "RESERVED", "KERNEL"):
            yield (f"P8 the table of 0x{w.va:08x} is in frame 0x{pa >> 12:x}, "
                   f"which is {page.text()}")


def lowmem(w, high):
    if 0xc0000000 <= w.va < high and w.mapped() and \
            w.pa != w.va - 0xc0000000 + 0x60000000:
        yield (f"P9 0x{w.va:08x} is in the linear map, but is mapped to "
               f"0x{w.pa:08x}")


def page_tables(known):
    """P1 to P10 of every entry in use. Yields contradictions."""
    high = target.value("(unsigned long)high_memory")
    seen, last, count = set(), None, 0
    hidden = target.in_program()
    for w in tables.entries(target.read_words, target.ttbr()):
        yield from entry(w, known, seen)
        yield from lowmem(w, high)
        if w.mapped() and w.attributes() != last and count < 200:
            count += 1
            last = w.attributes()
            if hidden and not w.ap1:
                continue            # QEMU judges the program's rights
            theirs = target.gva2gpa(w.va)
            if theirs not in ("?", w.pa) and w.af:
                yield (f"P10 0x{w.va:08x} is 0x{w.pa:08x} by the tables, "
                       "QEMU gva2gpa says "
                       + ("unmapped" if theirs is None else f"0x{theirs:08x}"))


def zone_sums(known, zones):
    """Z1: the frames of a zone by state add up."""
    form, words = frames.layout(), known.flags_words()
    offline = form.state_number["OFFLINE"]
    for zone in zones:
        inside = words[zone.start - known.start:zone.end - known.start]
        present = sum(1 for word in inside if word & 15 != offline)
        if present != zone.present:
            yield (f"Z1 {zone.name}: {present} frames are memory by their "
                   f"state, present says {zone.present}")
        foreign = sum(1 for word in inside
                      if word & 15 != offline and word >> 4 & 15 != zone.index)
        if foreign:
            yield f"Z1 {zone.name}: {foreign} frames say that they are another's"


def address_spaces():
    """A1 to A3 of mm/as/verify.c and V1 of vma.c, for every space."""
    found, trouble = spaces.all_spaces()
    if trouble:
        yield f"A0 mm_list: {trouble}"
    for space in found:
        where = f"space 0x{space.address:08x}"
        yield from (f"V1 {where}: {text}" for text in space.trouble)
        for below, vma in zip(space.vmas, space.vmas[1:]):
            if below.end > vma.start:
                yield (f"V1 {where}: {below.range_text()} and "
                       f"{vma.range_text()} overlap or are out of order")
        if len(space.vmas) != space.map_count:
            yield (f"V3 {where}: {len(space.vmas)} VMAs, map_count "
                   f"{space.map_count}")
        for w, _, what in spaces.disagreements(space):
            yield f"A1 {where}: 0x{w.va:08x} is {what}"
        rss, swapped, tables_used = spaces.counted(space)
        if rss != space.resident:
            yield f"A2 {where}: rss is {space.resident}, counted {rss}"
        if swapped != space.swapped:
            yield (f"A2 {where}: {space.swapped} pages are in swap, counted "
                   f"{swapped}")
        if tables_used != space.nr_tables:
            yield (f"A3 {where}: nr_tables is {space.nr_tables}, counted "
                   f"{tables_used}")


def report(contradictions, what):
    """Lines for a check; bounded, and never an exception."""
    shown = 0
    for text in contradictions:
        shown += 1
        if shown <= MOST:
            yield " " + text
        if shown > 1000:
            break
    if shown > MOST:
        yield f" ... and {shown - MOST} more"
    yield (f"check {what}: " + ("verified" if not shown else
                                f"{shown} contradictions"))


class Check(command.Command):
    """Re-derive counters and rules from memory and compare.

    mm check [buddy|pages|pt|slab|vmalloc|as|all]        without a word: all

      buddy   free lists against nr_free, order_mask, each block against its
              struct page and its buddy               (rules B1-B6)
      pages   every frame is in one block, counts fit (S1-S3, Z1)
      pt      no W+X, AP2 = !(writable && dirty), kernel entries global, tables
              where they belong, the linear map linear, QEMU agrees (P1-P10)
      slab    each slab's chains, lists and counts; red zones and poison where
              slub_debug asks for them              (U1-U4, A1-A3, B1-B2, C1-C3)
      vmalloc areas and free ranges fill the space; pages are mapped to their
              frames, guards to nothing             (V1-V4, R0-R3)
      as      each space: no entry beyond its VMA, rss and tables as counted,
              VMAs in order and apart               (A1-A3, V1)

        free_list -> [page]<->[page]<->         list says    2 blocks
                       |        |               nr_free says 2
                     FREE 3   FREE 3            each page says so too

    Nothing runs in the kernel for this. Stopped inside the allocator (zone
    lock held), a block on its way is reported."""

    name, usage = "check", "[buddy|pages|pt|slab|vmalloc|as|all]"
    counts = (0, 1)
    parts = ("buddy", "pages", "pt", "slab", "vmalloc", "as", "all")

    def complete(self, text, word):
        return [part for part in self.parts if part.startswith(word)]

    def run(self, words, _options):
        what = words[0] if words else "all"
        if what not in self.parts:
            self.fail(f"\"{what}\" is none of {', '.join(self.parts)}")
        zones, known = frames.zones(), frames.Frames()
        if what not in ("pt", "vmalloc"):
            known.read_all()
        for zone in zones:
            if int(zone.value["lock"]["locked"]):
                yield (f" note: the lock of {zone.name} is held, so its lists "
                       "may be half changed")
        if what in ("buddy", "all"):
            yield from report(buddy(known, zones), "buddy")
        if what in ("pages", "all"):
            yield from report(self.pages(known, zones), "pages")
        if what in ("pt", "all"):
            yield from report(page_tables(known), "pt")
        if what in ("slab", "all"):
            yield from check_slab.notes()
            yield from report(check_slab.rules(known), "slab")
        if what in ("vmalloc", "all"):
            yield from report(check_vmalloc.rules(known), "vmalloc")
        if what in ("as", "all"):
            yield from report(address_spaces(), "as")
        yield "next: mm page PFN   mm walk ADDR   for the first contradiction"

    @staticmethod
    def pages(known, zones):
        yield from page_states(known, zones)
        yield from zone_sums(known, zones)


def register():
    Check()
