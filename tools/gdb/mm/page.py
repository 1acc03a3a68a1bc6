# SPDX-License-Identifier: MIT
"""mm page and mm map: one frame, and all of them."""

from . import command, frames, life, owner, tables, target, usage

COLUMNS, ROWS = 64, 16


def links_text(page, known):
    """The list that a free block is on: its neighbours."""
    def name(address):
        inside = address - frames.layout().free_list
        if known.holds(inside):
            return f"pfn 0x{known.pfn_of_page(inside):x}"
        return heads.get(address) or f"0x{address:08x} (no list head?)"

    heads = {head: f"the head of {zone.name} order {order} "
             f"{frames.layout().types[kind].lower()}"
             for zone in frames.zones()
             for order, kind, head, _ in zone.free_lists()}
    following, previous = page.links()
    return f"  on a free list: before it {name(previous)}, behind it " \
           f"{name(following)}"


class PageCommand(command.Command):
    """One page frame: state, counts, flags, block, neighbours.

    mm page X          X: frame number, physical or virtual address, or
                          address of a struct page (mm page page)
    mm page X --life   and what befell it (boot option page_life=8)

      frame number   0x61234                     one number,
      physical       0x61234000  = pfn << 12     four ways to say it
      lowmem         0xc1234000  = PA + 0x60000000
      struct page    mem_map + (pfn - mem_map_start)

      block of order 3:  [HEAD][tail][tail][tail][tail][tail][tail][tail]
      The head speaks for the block: state, order, counts."""

    name, usage = "page", "PFN|PA|VA|PAGE [--life]"
    options = {"--life": False}
    counts = (1,)

    def run(self, words, options):
        number = target.evaluate(words[0])
        known = frames.Frames()
        pfn = known.find(number)
        if pfn is None:
            pfn = self.by_walk(number, known)
        page = known[pfn]
        yield from self.place(page, known)
        head = known[known.head(pfn)]
        if head.pfn != pfn:
            yield (f"  tail of the block at pfn 0x{head.pfn:x}, frame "
                   f"{pfn - head.pfn} of {1 << head.order}")
        last = head.pfn + (1 << head.order) - 1
        yield (f"  state {head.state} ({head.text()})   order {head.order}: "
               f"pfn 0x{head.pfn:x}-0x{last:x}   refcount {head.refcount}   "
               f"mapcount {head.mapcount}")
        yield (f"  flags 0x{head.flags:08x}: "
               f"{'|'.join(head.flag_names()) or 'none set'}")
        use = usage.Use(head)
        if use.known():
            yield f"  {use.text()}"
        block = frames.pageblock_type(known, pfn)
        if block:
            yield (f"  pageblock 0x{pfn & ~0xff:x}-0x{pfn | 0xff:x}: "
                   f"{block.lower()}")
        if head.state == "FREE":
            yield links_text(head, known)
        yield from owner.describe(pfn)
        if "--life" in options:
            yield from life.describe(pfn, known.start)
        yield ((f"next: mm rmap 0x{pfn:x}   " if use.known() else "next: ")
               + f"mm what 0x{pfn << 12:x}   print *(struct page *)"
               f"0x{head.address:x}   x/16wx VA")

    @staticmethod
    def by_walk(number, known):
        """A virtual address outside lowmem: through the tables."""
        w = tables.walk(target.read32, target.ttbr(), number)
        if w.mapped() and known.valid(w.pa >> 12):
            return w.pa >> 12
        raise target.MMError(
            f"0x{number:x} is no frame: frame numbers are 0x{known.start:x} to "
            f"0x{known.end - 1:x}. `mm what 0x{number:x}` may know it")

    @staticmethod
    def place(page, known):
        pa = page.pfn << 12
        va = target.linear(pa)
        zone = [zone for zone in frames.zones() if zone.spans(page.pfn)]
        where = f"node {zone[0].nid} zone {zone[0].name}" if zone else \
            "in no zone"
        yield (f"page 0x{page.address:08x}   pfn 0x{page.pfn:x}   PA "
               f"0x{pa:08x}   VA " + (f"0x{va:08x}" if va else "none (HighMem)")
               + f"   {where}")


def lower(letter):
    return "+" if letter == "#" else letter.lower()


class Map(command.Command):
    """Draw page frames by owner, a letter each.

    mm map [ZONE]

      pfn 0x60000  ####KKKkk...T..........   # reserved  . free  K kernel
                   |   |  |                  T page table  S slab  A anon
                   |   |  +- lower case: partly free
                   |   +---- the owner with the most frames of the cell
                   +-------- 16 rows of 64 cells at most for a zone

    The same letters and cells as the kernel's `map`."""

    name, usage = "map", "[ZONE]"
    counts = (0, 1)

    def run(self, words, _options):
        found = frames.zones()
        known = frames.Frames().read_all()
        letters = self.letters(known)
        for zone in frames.zone_named(words[0], found) if words else found:
            yield from self.zone(zone, known, letters)
        form = frames.layout()
        for number in sorted(form.states):
            if form.states[number] in ("TAIL", "OFFLINE") or \
                    number >= len(form.letters):
                continue
            yield f"  {form.letters[number]} {form.texts[number]}"
        yield "  lower case or +: partly free; blank: no memory"
        yield "next: mm page PFN   mm buddy"

    @staticmethod
    def letters(known):
        """One letter for each frame: that of its block's head."""
        form, result, index = frames.layout(), [], 0
        words = known.flags_words()
        tail = form.state_number["TAIL"]
        while index < len(words):
            state, order = words[index] & 15, words[index] >> 8 & 15
            letter = form.letters[state] if state < len(form.letters) else "!"
            result.append(letter)
            index += 1
            end = min(index - 1 + (1 << order), len(words))
            while index < end and words[index] & 15 == tail:
                result.append(letter)
                index += 1
        return result

    @staticmethod
    def zone(zone, known, letters):
        size = 1
        while -(-zone.spanned // size) > COLUMNS * ROWS:
            size *= 2
        yield f"node {zone.nid} zone {zone.name}: a letter is {size * 4} KiB"
        for first in range(zone.start, zone.end, COLUMNS * size):
            row = ""
            for pfn in range(first, min(first + COLUMNS * size, zone.end),
                             size):
                cell = letters[pfn - known.start:
                               min(pfn + size, zone.end) - known.start]
                row += Map.cell(cell)
            yield f"  0x{first:05x}  {row}"

    @staticmethod
    def cell(cell):
        if len(cell) == 1:
            return cell[0]
        owned = [letter for letter in cell if letter != "."]
        if not owned:
            return "."
        best = max(sorted(set(owned)), key=owned.count)
        free = "." in cell or "," in cell
        return lower(best) if free else best


def register():
    PageCommand()
    Map()
