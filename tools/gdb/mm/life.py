# SPDX-License-Identifier: MIT
"""The life of a frame, as mm/debug/page_life.c has recorded it (page_life=N)."""

import struct

import gdb
import gdb.types

from . import target

EVENT = struct.Struct("<IIHBBI")        # struct page_life_event
FILE = "'mm/debug/page_life.c'::"


def names():
    """Text of each event, from the kernel's own table."""
    table = gdb.parse_and_eval(FILE + "names")
    low, high = table.type.range()
    return [table[i].string() for i in range(low, high + 1)]


def kinds():
    table = gdb.parse_and_eval(FILE + "info_kinds")
    low, high = table.type.range()
    values = gdb.types.make_enum_dict(
        gdb.lookup_type("enum page_life_info"))
    words = {values["LIFE_BY"]: "by", values["LIFE_AT"]: "index",
             values["LIFE_SLOT"]: "entry"}
    return [words.get(int(table[i])) for i in range(low, high + 1)]


def info_text(word, info):
    if word is None:
        return ""
    if word == "by":
        return " by " + (target.source_of(info) or f"0x{info:x}")
    return f" {word} 0x{info:x}"


def describe(pfn, first):
    """Lines on frame pfn; first: the lowest frame that has a struct page."""
    keep = target.value(f"(unsigned long){FILE}life_events")
    base = target.value(f"(unsigned long){FILE}life_table")
    if not base:
        yield "  no life is recorded: boot with page_life=8"
        return
    at = base + (pfn - first) * (4 + keep * EVENT.size)
    raw = target.read_virtual(at, 4 + keep * EVENT.size)
    number = struct.unpack_from("<I", raw)[0]
    yield f"  {number} events, the last {min(number, keep)}:"
    text, word = names(), kinds()
    events = [EVENT.unpack_from(raw, 4 + i * EVENT.size) for i in range(keep)]
    for ms, info, pid, what, order, nr in sorted(events, key=lambda e: e[5]):
        if not nr:
            continue
        name = text[what] if what < len(text) else f"event {what}?"
        size = f", order {order}" if order else ""
        yield (f"  {ms:8} ms  pid {pid:<5} {name}{size}"
               f"{info_text(word[what] if what < len(word) else None, info)}")
