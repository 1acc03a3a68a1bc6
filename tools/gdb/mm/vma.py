# SPDX-License-Identifier: MIT
"""mm vma: what a process has mapped, and how much of it is there."""

import gdb

from . import command, spaces, target, usage
from .command import many, size_text

WIDTH = 32                  # letters of a strip


def strip(letters):
    """At most WIDTH letters; '+' stands for pages that differ."""
    per = -(-len(letters) // WIDTH)
    text = ""
    for at in range(0, len(letters), per):
        part = set(letters[at:at + per])
        text += part.pop() if len(part) == 1 else "+"
    return text


def legend(strips):
    used = set("".join(strips))
    words = [f"{letter} {text}" for letter, text in spaces.STATES.items()
             if letter in used]
    if "+" in used:
        words.append("+ some of them")
    return "  " + "   ".join(words)


def there(letters):
    """Pages that are in memory as the kernel counts them: not the zero page."""
    return sum(letter in "#=-H" for letter in letters)


class VmaCommand(command.Command):
    """The VMAs of a process, each with a strip of what is there.

    mm vma               of the process that runs; else: all spaces
    mm vma PID           of this one
    mm vma PID ADDR      one VMA in detail, and the page of ADDR

      mm_struct -- vmas --  [text r-x]  [data rw-]  [heap rw-]   the promise
                             ##=#....    ==          #zz....     what is there

    # present   = present, but the next write faults (copy on write, or clean)
    z page of zeros   s swapped   - out of reach   H section   . not touched

    THERE counts pages as rss does; the sum has to be rss (`mm check as`)."""

    name, usage = "vma", "[PID] [ADDR]"
    counts = (0, 1, 2)
    complete_with = gdb.COMPLETE_NONE

    def run(self, words, _options):
        if not words:
            found = spaces.current_space()
            return self.one(*found) if found else self.all()
        task, space = spaces.of_pid(target.evaluate(words[0]))
        if len(words) == 2:
            return self.detail(task, space, target.evaluate(words[1]))
        return self.one(task, space)

    @staticmethod
    def all():
        found, trouble = spaces.all_spaces()
        owners = spaces.owners()
        yield "  PID NAME             MM         TTBR0      ASID VMAS     SIZE" \
              "  RSS TABLES  (RSS in pages)"
        for space in found:
            for task in owners.get(space.address, [None])[:1]:
                pid = f"{task.pid:5d} {task.name:16s}" if task else \
                    "    - (nobody)        "
                yield (f"{pid} 0x{space.address:08x} 0x{space.ttbr():08x} "
                       f"{space.asid:4d} {len(space.vmas):4d} "
                       f"{size_text(space.size()):>8s} {space.resident:4d} "
                       f"{space.nr_tables:6d}")
        if trouble:
            yield " " + trouble
        yield (f"{many(len(found), 'address space')}")
        yield "next: mm vma PID   mm check as"

    @staticmethod
    def one(task, space):
        zero = spaces.zero_frame()
        yield (f"task {task.pid} \"{task.name}\"   mm_struct "
               f"0x{space.address:08x}   TTBR0 0x{space.ttbr():08x}   ASID "
               f"{space.asid}")
        yield " START      END            SIZE RIGHTS THERE  " \
              f"{'STRIP':{WIDTH}s}  BACKING"
        strips, pages = [], 0
        for vma in space.vmas:
            found = spaces.letters(space, vma, zero)
            strips.append(strip(found))
            count = 0 if vma.has("PFNMAP") else there(found)
            pages += count
            yield (f" {vma.range_text()} {size_text(vma.end - vma.start):>6s} "
                   f"{vma.rights():6s} {count:5d}  "
                   f"{strips[-1]:{WIDTH}s}  {vma.backing(space)}")
        yield legend(strips)
        yield (f"  {many(len(space.vmas), 'VMA')}, "
               f"{size_text(space.size())} promised, {many(pages, 'page')} "
               f"there (rss {space.resident}), "
               + (f"{many(space.swapped, 'page')} in swap, "
                  if space.swapped else "")
               + f"{many(space.nr_tables, 'table page')}")
        for text in space.trouble:
            yield " " + text
        yield (f"next: mm vma {task.pid} ADDR   mm walk ADDR -p {task.pid}   "
               f"mm maps -p {task.pid} --both")

    @staticmethod
    def detail(task, space, va):
        vma = space.vma_at(va)
        yield f"0x{va:08x} of task {task.pid} \"{task.name}\""
        yield "  " + spaces.vma_line(space, va)
        if vma:
            page = (va - vma.start) >> 12
            letters = spaces.letters(space, vma, spaces.zero_frame())
            yield (f"  struct vm_area_struct 0x{vma.address:08x}, flags 0x"
                   f"{vma.flags:08x}: {vma.words()}")
            yield (f"  page {page} of {len(letters)}"
                   + (f", page {vma.pgoff + page} of the file" if vma.file
                      else "") +
                   f": {spaces.STATES[letters[page]]}"
                   + (f", slot {usage.slot_text(space.entry(va).l2)}"
                      if letters[page] == "s" else ""))
            yield "  " + strip(letters)
        for what, access in (("read", {}), ("write", {"write": True})):
            yield f"  a {what}:  {spaces.answer(space, va, **access)}"
        yield (f"next: mm walk 0x{va:x} -p {task.pid}   "
               f"mm vma {task.pid}")


def register():
    VmaCommand()
