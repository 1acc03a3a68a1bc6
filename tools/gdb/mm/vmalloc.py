# SPDX-License-Identifier: MIT
"""mm vmalloc: the areas, the guards between them, what is free."""

from . import board, command, frames, tables, target, tasks, vmareas
from .command import many, size_text
from .target import MMError

MOST_ROWS = 400


def owner_of(area, found, kept):
    """What a person calls the area, if something tells."""
    for task in found:
        if area.start == task.stack:
            return f"stack of task {task.pid} \"{task.name}\""
    if area.start in kept:
        return "stack kept for the next task"
    if area.kind == "ioremap":
        return board.device_at(area.pa) or ""
    return ""


def kept_stacks():
    try:
        count = min(target.value("nr_kept"), 64)
        return {target.value(f"(unsigned long)kept_stacks[{i}]")
                for i in range(count)}
    except MMError:
        return set()


def known_tasks():
    try:
        return tasks.tasks()[0]
    except MMError:
        return []


def entries(start, end):
    """{page address: Walk} of what is mapped there."""
    return {w.va: w for w in tables.entries(
        target.read_words, vmareas.kernel_table(), start, end + 0xfffff)
        if w.mapped()}


def area_text(area, address):
    """For mm what and mm vmalloc: an address inside an area."""
    where = f"the area 0x{area.start:08x}-0x{area.end:08x}"
    caller = target.call_text(area.caller)
    if address >= area.guard():
        return (f"guard page of {where} ({area.kind}, {area.nr_pages} pages, "
                f"by {caller}): an overrun faults here")
    page = (address - area.start) >> 12
    text = (f"{area.kind}: page {page} of {area.nr_pages} of {where}, by "
            f"{caller}")
    if area.kind == "ioremap":
        pa = (area.pa & ~0xfff) + address - area.start
        text += f"; PA 0x{pa:08x}, {board.device_at(pa) or 'no known device'}"
    return text


def describe(address):
    """For mm what."""
    if not target.value("(unsigned long)high_memory") <= address < 0xff800000:
        return
    state = vmareas.State()
    if not state.start <= address < state.end:
        return
    area = state.area_at(address)
    yield "  " + (area_text(area, address) if area else
                  state.other_at(address))


class Vmalloc(command.Command):
    """The vmalloc space: areas, guard pages, free ranges.

    mm vmalloc           all of it, in order of address, as cat vmallocinfo
    mm vmalloc ADDR      the area at an address, page by page

      addresses  |--page--|--page--|--guard-|--page--|--guard-|--free ...
                     |        |        |        |
      frames      0x67c28  0x61a0f    none   0x1e001       any frames, any order

    Each area has an unmapped page behind it (+g), so that who runs off the
    end faults. A freed area waits, unmapped, until all cores have flushed
    their TLBs; only then are its frames and addresses anybody's."""

    name, usage = "vmalloc", "[ADDR]"
    counts = (0, 1)

    def run(self, words, _options):
        state = vmareas.State()
        if not words:
            return self.table(state)
        return self.one(state, target.evaluate(words[0]))

    @staticmethod
    def table(state):
        yield (f"vmalloc space 0x{state.start:08x}-0x{state.end:08x}, "
               f"{state.size >> 10} KiB: free {state.free_bytes >> 10} KiB in "
               f"{many(len(state.free), 'range')}; waiting for a flush "
               f"{state.waiting_pages} pages, flushed {state.clean_pages}")
        yield (" START      END             SIZE  PAGES KIND    FIRST FRAME  "
               "BY")
        found, kept, rows = known_tasks(), kept_stacks(), []
        for area in state.busy:
            rows.append((area.start, Vmalloc.row(area, found, kept)))
        for name, group in (("waiting", state.waiting), ("clean", state.clean)):
            rows += [(area.start, Vmalloc.span(area, name)) for area in group]
        rows += [(gap.start, Vmalloc.span(gap, "free")) for gap in state.free]
        for _, line in sorted(rows)[:MOST_ROWS]:
            yield line
        if len(rows) > MOST_ROWS:
            yield f" ... and {len(rows) - MOST_ROWS} rows more"
        for line in state.trouble:
            yield " " + line
        yield "next: mm vmalloc ADDR   mm check vmalloc   mm what ADDR"

    @staticmethod
    def span(thing, what):
        size = size_text(thing.end - thing.start)
        return (f" 0x{thing.start:08x}-0x{thing.end:08x} {size:>7s}        "
                f"{what}")

    @staticmethod
    def row(area, found, kept):
        size = size_text(area.end - area.start)
        first = f"0x{area.pa >> 12:x}"
        if area.kind != "ioremap":
            pfns = area.frames(frames.Frames())
            first = "none" if not pfns or pfns[0] is None else f"0x{pfns[0]:x}"
        owner = owner_of(area, found, kept)
        return (f" 0x{area.start:08x}-0x{area.end:08x} {size:>7s} "
                f"{area.nr_pages:4d}+g {area.kind:7s} {first:11s}  "
                f"{target.call_text(area.caller)}"
                + (f"   {owner}" if owner else ""))

    def one(self, state, address):
        if not state.start <= address < state.end:
            raise MMError(f"0x{address:08x} is outside the vmalloc space "
                          f"0x{state.start:08x}-0x{state.end:08x}; mm what "
                          f"0x{address:x} may know it")
        area = state.area_at(address)
        if not area:
            yield f"0x{address:08x}: {state.other_at(address)}"
            yield "next: mm vmalloc"
            return
        yield area_text(area, address)
        owner = owner_of(area, known_tasks(), kept_stacks())
        if owner:
            yield f"  {owner}"
        yield from self.pages(area, address)
        for line in state.trouble:
            yield " " + line
        yield f"next: mm walk 0x{address:x}   mm what 0x{address:x}"

    @staticmethod
    def pages(area, address):
        known = frames.Frames()
        mapped = entries(area.start, area.end)
        pfns = area.frames(known)
        asked = (address - area.start) >> 12
        for i, pfn in enumerate(pfns):
            if len(pfns) > 40 and not (i < 8 or abs(i - asked) < 8):
                continue
            va, w = area.start + (i << 12), mapped.get(area.start + (i << 12))
            frame = "nothing" if pfn is None else f"0x{pfn:x}"
            text = "not mapped!" if not w else \
                f"{'rw' if w.kernel_write() else 'r-'}" \
                f"{'x' if w.kernel_exec() else '-'} {tables.MEMATTR[w.memattr]}"
            if w and w.pa >> 12 != pfn:
                text += f", but mapped to frame 0x{w.pa >> 12:x}!"
            mark = ">" if i == asked else " "
            yield f" {mark} page {i:4d}  0x{va:08x} -> {frame:8s} {text}"
        mark = ">" if address >= area.guard() else " "
        yield (f" {mark} guard      0x{area.guard():08x} -> "
               + ("MAPPED!" if area.guard() in mapped else "nothing"))


def register():
    Vmalloc()
