# SPDX-License-Identifier: MIT
"""mm snap and mm diff: what did the kernel change between two moments?"""

from . import (command, frames, lists, slabs, tables, target, vmareas, vmalloc,
               vmstat, zones)
from .target import MMError

RANGES = 4                  # ranges or objects of one kind that are named
MOST_LINES = 16             # lines of one part
DRAWN = 512                 # slabs that are kept object by object
MOST_SNAPS = 16
snaps = {}


class Snap:
    """One moment: frames, kernel tables, free lists, counters, caches."""

    def __init__(self):
        self.known = frames.Frames().read_all()
        self.free, self.held = {}, {}
        for zone in frames.zones():
            where = (zone.nid, zone.name)
            walked = zones.Lists(self.known, zone)
            self.free[where] = {}
            for (order, _), pfns in walked.blocks.items():
                have = self.free[where].get(order, 0)
                self.free[where][order] = have + len(pfns)
            for cpu, pcp in enumerate(vmstat.pcps(zone)):
                self.held[(*where, cpu)] = dict(enumerate(pcp.held))
        self.first, self.second = self.read_tables()
        self.stats = vmstat.read()
        self.caches, self.objects = self.read_caches()
        self.areas = self.read_areas()

    @staticmethod
    def read_tables():
        """(words of the first level, {index: words of the second})"""
        first = target.read_words(vmareas.kernel_table(), 16384)
        if first is None:
            raise MMError("cannot read the kernel's first-level table")
        second = {}
        for index, entry in enumerate(first):
            if entry & 3 == 1:
                words = target.read_words(tables.table_of(entry), 1024)
                if words:
                    second[index] = words
        return first, second

    def read_caches(self):
        """({name: Usage}, {name: {start of a slab: its letters}})"""
        try:
            found, _ = slabs.caches()
        except MMError:
            return {}, {}
        usage = {c.name: slabs.Usage(c, self.known) for c in found}
        listed, drawn, left = slabs.slabs_by_cache(self.known), {}, DRAWN
        for cache in found:
            pfns = listed.get(cache.address, [])
            if cache.design_name == "slob" or len(pfns) > left:
                continue
            left -= len(pfns)
            drawn[cache.name] = {}
            for pfn in pfns:
                one = slabs.Slab(cache, self.known, pfn)
                drawn[cache.name][one.start] = (one, "".join(one.hands()[0]))
        return usage, drawn

    @staticmethod
    def read_areas():
        try:
            return {area.start: area for area in vmareas.State().busy}
        except (MMError, lists.Broken):
            return {}

    def entries(self, index):
        """{va: Walk} of the 1 MiB of one first-level entry; empty ones not."""
        va, entry = index << 20, self.first[index]
        if entry & 3 != 1:
            w = tables.decode(va, entry)
            return {va: w} if entry & 3 else {}
        return {va + (i << 12): tables.decode(va + (i << 12), entry, word)
                for i, word in enumerate(self.second.get(index, ())) if word}

    def owner(self, pfn):
        """(state, text, order, refcount, mapcount) of a frame's block."""
        head = self.known[self.known.head(pfn)]
        return (head.state, head.text(), head.order, head.refcount,
                head.mapcount)


# --- the parts of a difference ------------------------------------------------


def entry_text(w):
    if w is None:
        return "none"
    if not w.mapped():
        return tables.KIND_TEXT[w.kind]
    return (f"{'rw' if w.kernel_write() else 'r-'}"
            f"{'x' if w.kernel_exec() else '-'}"
            f"{' young' if w.af else ' old'} {tables.MEMATTR[w.memattr]}")


def entry_key(w):
    return (entry_text(w), w.size if w and w.mapped() else 4096)


def raw_of(w):
    """The entry that decides, with its level."""
    return w and (w.level, w.l2 if w.level == 2 else w.l1)


def table_changes(old, new):
    """[(va, Walk or None, Walk or None)] of the entries that differ."""
    for index in range(4096):
        if old.first[index] == new.first[index] and \
                old.second.get(index) == new.second.get(index):
            continue
        before, after = old.entries(index), new.entries(index)
        for va in sorted(before.keys() | after.keys()):
            a, b = before.get(va), after.get(va)
            if raw_of(a) != raw_of(b):
                yield va, a, b


def pte_lines(old, new):
    """Entries side by side that changed alike become one line."""
    run = None
    for va, a, b in table_changes(old, new):
        key = (entry_key(a), entry_key(b))
        if run and run[0] == key and run[2] == va:
            run[2] = va + key[1][1]
            continue
        if run:
            yield pte_line(*run)
        run = [key, va, va + max(key[0][1], key[1][1]), a, b]
    if run:
        yield pte_line(*run)


def pte_line(key, start, end, a, b):
    where = f"0x{start:08x}" if end - start == 4096 else \
        f"0x{start:08x}-0x{end & 0xffffffff:08x}"
    at = [f" PA 0x{w.pa:08x}" if w and w.mapped() else "" for w in (a, b)]
    return (f"PTE   kernel {where}: {key[0][0]}{at[0]} -> {key[1][0]}{at[1]}")


def changed_frames(old, new):
    """Frame numbers whose block's head says something else now."""
    a, b, step, size = old.known.raw, new.known.raw, 4096, new.known.size
    found, start = set(), new.known.start
    for at in range(0, len(b), step):
        if a[at:at + step] == b[at:at + step]:
            continue
        for one in range(at, min(at + step, len(b)), size):
            if a[one:one + size] != b[one:one + size]:
                pfn = start + one // size
                for snap in (old, new):
                    page = snap.known[pfn]
                    if page.state not in ("TAIL", "RESERVED", "OFFLINE"):
                        found.update(range(pfn, pfn + (1 << page.order)))
                found.add(pfn)
    return sorted(found)


def page_lines(old, new):
    """Frames with another owner, or other counts; free ones that only moved
    from list to list are the buddy lines' matter."""
    runs = []
    for pfn in changed_frames(old, new):
        a, b = old.owner(pfn), new.owner(pfn)
        if a[0] == b[0] and (a[3:] == b[3:] or a[0] == "FREE"):
            continue
        if runs and runs[-1][1] == pfn and runs[-1][2:] == [a, b]:
            runs[-1][1] = pfn + 1
        else:
            runs.append([pfn, pfn + 1, a, b])
    groups = {}
    for run in runs:
        groups.setdefault((run[2][0], run[3][0]), []).append(run)
    for group in groups.values():
        if len(group) <= RANGES:
            yield from (page_line(*run) for run in group)
            continue
        count = sum(run[1] - run[0] for run in group)
        shown = ", ".join(span(run[0], run[1]) for run in group[:RANGES])
        yield (f"page  {count} frames: {group[0][2][1]} -> {group[0][3][1]}: "
               f"{shown}, ...")


def span(first, end):
    return f"0x{first:x}" if end == first + 1 else f"0x{first:x}-0x{end - 1:x}"


def page_line(first, end, a, b):
    text = f"page  pfn {span(first, end)}: "
    if a[0] != b[0]:
        text += f"{a[1]} (order {a[2]}) -> {b[1]}, order {b[2]}"
    else:
        text += f"{b[1]}, order {b[2]}"
    if b[0] == "ISOLATED":
        return text + " (a core keeps it)"
    if b[0] == "FREE":
        return text
    return text + f", ref {a[3]} -> {b[3]}" + (
        f", map {a[4]} -> {b[4]}" if a[4] or b[4] else "")


def order_text(before, after):
    """'order 3 -1, orders 2,1,0 +1 each', or nothing."""
    parts = []
    for order in sorted(before.keys() | after.keys(), reverse=True):
        delta = after.get(order, 0) - before.get(order, 0)
        if not delta:
            continue
        if parts and parts[-1][1] == delta:
            parts[-1][0].append(order)
        else:
            parts.append(([order], delta))
    return ", ".join(
        f"orders {','.join(map(str, orders))} {delta:+d} each"
        if len(orders) > 1 else f"order {orders[0]} {delta:+d}"
        for orders, delta in parts)


def buddy_lines(old, new):
    nodes = len({nid for nid, _ in new.free}) > 1
    for (nid, name), after in new.free.items():
        before = old.free.get((nid, name), {})
        text = order_text(before, after)
        if text:
            totals = [sum(n << order for order, n in counts.items())
                      for counts in (before, after)]
            yield (f"buddy {f'node {nid} ' if nodes else ''}{name}: {text}   "
                   f"(free {totals[0]} -> {totals[1]} pages)")
    for (nid, name, cpu), after in new.held.items():
        text = order_text(old.held.get((nid, name, cpu), {}), after)
        if text:
            yield (f"pcp   {f'node {nid} ' if nodes else ''}{name} core {cpu}: "
                   f"{text} blocks")


def stat_lines(old, new):
    line = ""
    for name, count in new.stats.items():
        delta = count - old.stats.get(name, 0)
        if not delta:
            continue
        part = f"  {name} {delta:+d}"
        if len(line) + len(part) > 100:
            yield "stat" + line
            line = ""
        line += part
    if line:
        yield "stat" + line


def object_moves(old, new, name):
    """{(letter before, after): [addresses]} of the objects of one cache."""
    before, after, moves = old.objects.get(name, {}), \
        new.objects.get(name, {}), {}
    for start in sorted(before.keys() | after.keys()):
        one = (after.get(start) or before.get(start))[0]
        a = before[start][1] if start in before else ""
        b = after[start][1] if start in after else ""
        for index in range(max(len(a), len(b))):
            pair = (a[index] if a else "", b[index] if b else "")
            if pair[0] != pair[1] and "#" in pair:
                moves.setdefault(pair, []).append(one.object(index))
    return moves


def slab_lines(old, new):
    for name, after in new.caches.items():
        before = old.caches.get(name)
        if before is None:
            yield f"slab  {name}: a new cache"
            continue
        parts = [f"{what} {getattr(before, field)} -> {getattr(after, field)}"
                 for what, field in (("used", "active"), ("held by cores",
                                     "held"), ("slabs", "slabs"),
                                     ("partial", "partial"))
                 if getattr(before, field) != getattr(after, field)]
        moves = object_moves(old, new, name)
        for (a, b), found in moves.items():
            what = "allocated" if b == "#" else "freed"
            shown = ", ".join(f"0x{at:08x}" for at in found[:RANGES])
            more = ", ..." if len(found) > RANGES else ""
            parts.append(f"{len(found)} {what}: {shown}{more}")
        if parts:
            yield f"slab  {name}: " + "; ".join(parts)
    for name in old.caches.keys() - new.caches.keys():
        yield f"slab  {name}: the cache is gone"


def area_lines(old, new):
    def same(a, b):
        return a and b and (a.end, a.caller, a.kind) == (b.end, b.caller,
                                                         b.kind)
    for start in sorted(old.areas.keys() | new.areas.keys()):
        a, b = old.areas.get(start), new.areas.get(start)
        if same(a, b):
            continue
        for area, what in ((a, "freed"), (b, "new")):
            if area:
                yield (f"area  0x{area.start:08x}-0x{area.end:08x}: {what}, "
                       f"{area.kind} of {area.nr_pages} pages, by "
                       f"{target.call_text(area.caller)}")


PARTS = (pte_lines, area_lines, page_lines, buddy_lines, slab_lines, stat_lines)


def difference(old, new):
    """What changed, as short lines; each part is bounded."""
    if len(old.known.raw) != len(new.known.raw):
        raise MMError("the snapshots are of different machines")
    for part in PARTS:
        lines, more = [], 0
        for line in part(old, new):
            if len(lines) < MOST_LINES:
                lines.append(line)
            else:
                more += 1
        yield from lines
        if more:
            yield f"      ... and {more} lines more of that kind"


class SnapCommand(command.Command):
    """Remember this moment, for mm diff.

    mm snap [NAME]        without a name: those that there are

      mm snap before      run one line of code      mm diff before
      |-------------------------|--------------------------|----> time
      frames, kernel tables, free lists, cores' lists, counters, caches with
      each object, vmalloc areas; some MiB of gdb's memory each (32 bytes a
      frame), at most 16 names"""

    name, usage = "snap", "[NAME]"
    counts = (0, 1)
    complete_with = 0

    def run(self, words, _options):
        if not words:
            yield "snapshots: " + (", ".join(snaps) or "none")
            yield "next: mm snap NAME"
            return
        if len(snaps) >= MOST_SNAPS and words[0] not in snaps:
            del snaps[next(iter(snaps))]
        snaps[words[0]] = snap = Snap()
        yield (f"snapshot \"{words[0]}\": {snap.known.end - snap.known.start} "
               f"frames, {len(snap.second)} second-level tables, "
               f"{len(snap.caches)} caches")
        yield f"next: continue, next, mm type ...; then mm diff {words[0]}"


class Diff(command.Command):
    """What changed between two moments.

    mm diff A             since mm snap A
    mm diff A B           from A to B

      PTE     entries of the kernel's tables   none -> rw- PA ...
      area    vmalloc areas                    [1][2][g] new
      page    frames                           free -> kernel
      buddy   free lists                       order 3 -1, orders 2,1,0 +1 each
      pcp     what cores keep                  split:  [   3   ] -> [0][0][1][ 2 ]
      slab    objects of caches                allocated, freed
      stat    counters of cat vmstat

    Frames that only moved between free lists are told by order, not by
    number."""

    name, usage = "diff", "A [B]"
    counts = (1, 2)

    def complete(self, text, word):
        return [name for name in snaps if name.startswith(word)]

    def run(self, words, _options):
        for word in words:
            if word not in snaps:
                self.fail(f"no snapshot is called \"{word}\"; there are "
                          + (", ".join(snaps) or "none: mm snap NAME"))
        old = snaps[words[0]]
        new = snaps[words[1]] if len(words) == 2 else Snap()
        empty = True
        for line in difference(old, new):
            empty = False
            yield line
        if empty:
            yield "nothing changed"
        yield f"next: mm what ADDR   mm page PFN   mm snap {words[0]}"


def register():
    SnapCommand()
    Diff()
