# SPDX-License-Identifier: MIT
"""mm rmap: from a frame to the translations that lead to it."""

from . import command, frames, lists, locks, spaces, swaps, tables, target
from . import usage
from .command import many
from .target import MMError

MOST = 4096                 # members of a family that are followed
SHOWN = 24                  # lines of one kind


class Member:
    """One anon_vma of a family: a space, or what is left of it."""

    def __init__(self, address, depth):
        value = target.object_at("struct anon_vma", address)
        self.address, self.depth, self.value = address, depth, value
        self.root, self.parent, self.mm = (
            target.pointer(value[field]) for field in ("root", "parent", "mm"))


def family(root, trouble):
    """The members from root on, parents before children (anon_vma_next)."""
    children = target.offset_of("struct anon_vma", "children")
    sibling = target.offset_of("struct anon_vma", "sibling")
    result, waiting, seen = [], [(root, 0, 0)], set()
    while waiting and len(result) < MOST:
        at, depth, above = waiting.pop()
        if at in seen:
            trouble.append(f"family: 0x{at:08x} is met twice")
            continue
        seen.add(at)
        member = Member(at, depth)
        if member.parent != above or member.root != root:
            trouble.append(
                f"family: 0x{at:08x} says parent 0x{member.parent:08x}, root "
                f"0x{member.root:08x}; found below 0x{above:08x} of 0x"
                f"{root:08x}")
        result.append(member)
        try:
            nodes = lists.walk(at + children, MOST)
        except lists.Broken as error:
            nodes = error.nodes
            trouble.append(f"children of 0x{at:08x}: {error}")
        waiting += [(node - sibling, depth + 1, at) for node in
                    reversed(nodes)]
    return result


class Place:
    """One address of one space at which the page may be."""

    def __init__(self, space, va, pfn):
        self.space, self.va = space, va
        self.walk = space.entry(va)
        self.hit = self.walk.mapped() and \
            self.walk.kind not in (tables.SECTION, tables.SUPERSECTION) and \
            self.walk.pa >> 12 == pfn

    def what(self):
        """Of an entry that does not lead to the page."""
        w = self.walk
        if w.mapped():
            return f"another page, pfn 0x{w.pa >> 12:x}"
        if w.kind == tables.SOFTWARE:
            if w.l2 & 7 == spaces.PROTNONE:
                return "out of reach (PROT_NONE)"
            return f"in swap, slot {usage.slot_text(w.l2)}"
        return "nothing"

    def entry_text(self):
        w = self.walk
        return (f"0x{w.l2:08x} {'r' if w.ap1 else '-'}"
                f"{'w' if not w.ap2 else '-'}{'-' if w.xn else 'x'} "
                f"{'young' if w.af else 'old  '} "
                f"{'dirty' if w.dirty else 'clean'}")


class Found:
    """What a walk finds: places, and what was wrong on the way."""

    def __init__(self, use, known_spaces=None):
        self.use, self.places, self.trouble, self.held = use, [], [], []
        self.spaces = {} if known_spaces is None else known_spaces
        self.members = []

    def space(self, mm):
        if mm not in self.spaces:
            self.spaces[mm] = spaces.Space(mm)
            self.trouble += self.spaces[mm].trouble
        return self.spaces[mm]

    def look(self, mm, va):
        try:
            self.places.append(Place(self.space(mm), va, self.use.page.pfn))
        except MMError as error:
            self.trouble.append(f"space 0x{mm:08x}: {error}")

    def walk_anon(self):
        top = self.use.mapping
        try:
            root = Member(top, 0).root
            self.members = family(root, self.trouble)
        except MMError as error:
            self.trouble.append(f"0x{top:08x} is no anon_vma: {error}")
            return
        if not any(member.address == top for member in self.members):
            self.trouble.append(f"family: the page's own anon_vma 0x{top:08x} "
                                f"is not in the family of 0x{root:08x}")
        self.held = locks.warning("the family's lock (rwsem of the root)",
                                  locks.rwsem(self.members[0].value["rwsem"]))
        inside = below(self.members, top)
        for member in inside:
            if member.mm:
                self.look(member.mm, self.use.index << 12 & 0xffffffff)

    def walk_file(self):
        mapping, index = self.use.mapping, self.use.index
        try:
            value = target.object_at("struct address_space", mapping)
            vmas = usage.mapped_by(mapping, self.trouble)
        except MMError as error:
            self.trouble.append(f"0x{mapping:08x} is no address_space: {error}")
            return
        self.held = locks.warning("i_mmap_lock",
                                  locks.rwsem(value["i_mmap_lock"]))
        for vma in vmas:
            at = vma.start + (index - vma.pgoff << 12)
            if vma.pgoff <= index and at < vma.end:
                self.look(target.pointer(vma.value["vm_mm"]), at)


def below(members, top):
    """Of members in order, top and its descendants."""
    result, depth = [], None
    for member in members:
        if depth is not None and member.depth <= depth:
            break
        if member.address == top:
            depth = member.depth
        if depth is not None:
            result.append(member)
    return result


def find(use, known_spaces=None):
    """Walk as mm/as/rmap.c does. known_spaces: {mm: Space}, for many walks."""
    found = Found(use, known_spaces)
    if use.anon:
        found.walk_anon()
    elif use.file:
        found.walk_file()
    return found


class RmapCommand(command.Command):
    """Who maps a frame: each translation, and how it was found.

    mm rmap X          X as for mm page: frame number, PA, lowmem address,
                          struct page
    mm rmap X -p PID   X is an address of this process

      page of a file   mapping --> i_mmap --> VMA, VMA, ...
                                   vm_start + (index - vm_pgoff) pages
      anonymous page   mapping --> anon_vma     the space that made it
                                     |- child   and all it has forked:
                                     `- child   index is the same in each

    What is found that way is a place to look; the entry there says whether it
    is the page. As many as the mapcount must be (R2)."""

    name, usage = "rmap", "PFN|PA|VA|PAGE [-p PID]"
    options = {"-p": int}
    counts = (1,)

    def run(self, words, options):
        known = frames.Frames()
        pfn = self.frame(target.evaluate(words[0]), options.get("-p"), known)
        page = known[known.head(pfn)]
        use = usage.Use(page)
        yield (f"pfn 0x{page.pfn:x}: {use.text()}   refcount {page.refcount}   "
               f"mapcount {page.mapcount}   "
               f"{'|'.join(page.flag_names()) or 'no flags'}")
        if not use.known():
            yield (f"  {page.text()}: only pages of programs and files have a "
                   "way back")
            yield f"next: mm page 0x{page.pfn:x}   mm what 0x{pfn << 12:x}"
            return
        found = find(use)
        owners = spaces.owners()
        if use.file:
            yield f"  {usage.file_name(use.mapping)}"
        elif use.anon:
            yield from self.tree(found, owners)
        else:
            yield from self.of_no_space(use)
        yield from self.table(found, owners)
        yield from self.verdict(found)

    @staticmethod
    def of_no_space(use):
        """In the swap cache, and no anon_vma: shared memory, or read ahead."""
        if use.page.state == "CACHE":
            return
        files, wrong = swaps.in_files(use.private)
        yield ("  shared memory: the slot stands in the tree of" if files else
               "  read ahead: nobody has had it yet (mm swap "
               f"{usage.slot_text(use.private)})")
        yield from files
        if wrong:
            yield f"  {wrong}"

    @staticmethod
    def frame(number, pid, known):
        if pid is not None:
            w = spaces.of_pid(pid)[1].entry(number)
            if not w.mapped():
                raise MMError(f"0x{number:08x} of process {pid} is not "
                              f"mapped; `mm vma {pid} 0x{number:x}` says why")
            number = w.pa >> 12
        pfn = known.find(number)
        if pfn is None:
            w = tables.walk(target.read32, target.ttbr(), number)
            if not w.mapped() or not known.valid(w.pa >> 12):
                raise MMError(f"0x{number:x} is no frame, and not mapped in "
                              "what runs now; of a process: -p PID")
            pfn = w.pa >> 12
        return pfn

    @staticmethod
    def tree(found, owners):
        """The family, with the part that can have the page marked."""
        inside = {m.address for m in below(found.members, found.use.mapping)}
        hits = {p.space.address for p in found.places if p.hit}
        yield "  family                    ANON_VMA     SPACE"
        for member in found.members[:SHOWN]:
            name = who(member.mm, owners) if member.mm else "(has ended)"
            mark = "*" if member.address == found.use.mapping else "|" \
                if member.address in inside else " "
            yield (f"   {mark} {'  ' * min(member.depth, 8) + name:22s} 0x"
                   f"{member.address:08x} "
                   + (f"0x{member.mm:08x}" if member.mm else "-         ")
                   + ("  has it" if member.mm in hits else ""))
        if len(found.members) > SHOWN:
            yield f"     ... {many(len(found.members), 'member')}"
        yield "   * the one that made the page; | those it was handed down to"

    @staticmethod
    def table(found, owners):
        hits = [p for p in found.places if p.hit]
        if hits:
            yield "  PID NAME             ADDRESS    ENTRY      MAY STATE       " \
                  "VMA"
        for place in hits[:SHOWN]:
            vma = place.space.vma_at(place.va)
            yield (f"  {who(place.space.address, owners):20s} 0x{place.va:08x} "
                   f"{place.entry_text()} "
                   + (f"{vma.range_text()} {vma.rights()}" if vma else
                      "in no VMA"))
        if len(hits) > SHOWN:
            yield f"  ... {many(len(hits), 'translation')}"
        for place in [p for p in found.places if not p.hit][:SHOWN]:
            yield (f"  {who(place.space.address, owners):20s} 0x{place.va:08x} "
                   f"has {place.what()}")

    @staticmethod
    def verdict(found):
        page, hits = found.use.page, [p for p in found.places if p.hit]
        agrees = len(hits) == page.mapcount
        yield (f"  looked at {many(len(found.places), 'place')}, found "
               f"{many(len(hits), 'translation')}, mapcount {page.mapcount} "
               f"({'agrees' if agrees else 'CONTRADICTION R2'})")
        busy = list(found.held)
        if "locked" in page.flag_names():
            busy += locks.warning("the page lock", "held")
        for space in found.spaces.values():
            busy += locks.warning(
                f"page_table_lock of 0x{space.address:08x}",
                locks.spinlock(space.value["page_table_lock"]))
        yield from busy
        for text in found.trouble[:SHOWN]:
            yield f"  {text}"
        first = next(iter(hits), None)
        pid = first and owner_pid(first.space.address)
        yield (f"next: mm walk 0x{first.va:x} -p {pid}   mm vma {pid} 0x"
               f"{first.va:x}" if pid else
               f"next: mm page 0x{page.pfn:x}   mm lru")


def owner_pid(mm):
    task = spaces.owners().get(mm, [None])[0]
    return task.pid if task else None


def who(mm, owners):
    task = owners.get(mm, [None])[0]
    return f"{task.pid:5d} {task.name}" if task else "    - (nobody)"


def register():
    RmapCommand()
