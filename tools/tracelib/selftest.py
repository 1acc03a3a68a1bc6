# SPDX-License-Identifier: MIT
"""mmtrace --selftest: a trace made by hand, through every reader and writer."""

import io
import json
import os
import struct
import tempfile

from . import chrome, ctf, elf, text, trace

AT, SCHEMA_AT, RING_AT = 0xc0100000, 0xc0200000, 0xc0300000
SCHEMA = (b"kmem mm_page_alloc page:u32:ptr pfn:u32:dec order:u16:dec "
          b"migratetype:u16:dec gfp_flags:u32:gfp call_site:u32:sym\n"
          b"kmem mm_page_free page:u32:ptr pfn:u32:dec order:u16:dec\n"
          b"irq irq_handler_entry irq:u16:dec name:u16:name\n"
          b"irq irq_handler_exit irq:u16:dec\n"
          b"ftrace kernel_stack caller0:u32:sym caller1:u32:sym "
          b"caller2:u32:sym caller3:u32:sym caller4:u32:sym\n")


def record(time, event, data, pid=7):
    return struct.pack("<QBBH", time, event, 0, pid) + data.ljust(20, b"\0")


RECORDS = [
    record(1000, 0, struct.pack("<IIHHII", 0xc3f00000, 99, 1, 2, 0xcc0,
                                0xc0010010)),
    record(1000, 4, struct.pack("<3I", 0xc0010010, 0xc0010124, 0)),
    record(1500, 2, struct.pack("<HH", 29, 0)),
    record(1700, 3, struct.pack("<H", 29)),
    record(2000, 1, struct.pack("<IIH", 0xc3f00000, 99, 1)),
]


def core(pieces, virtual=True):
    """A core file of (address, bytes) pieces."""
    at = 52 + 32 * len(pieces)
    head = struct.pack("<16sHHIIIIIHHHHHH", b"\x7fELF\1\1\1", 4, 40, 1, 0, 52,
                       0, 0, 52, 32, len(pieces), 0, 0, 0)
    body = b""
    for address, data in pieces:
        physical = address - 0x60000000
        head += struct.pack("<8I", 1, at + len(body),
                            address if virtual else physical, physical,
                            len(data), len(data), 4, 1)
        body += data
    return head + body


def pieces(capacity=8, head=None, self_address=AT):
    """Header, schema and ring as they lie in memory."""
    head = len(RECORDS) if head is None else head
    tables = trace.HEADER.size
    values = [trace.MAGIC, self_address, trace.VERSION, tables + 128 + 1024, 32, 1,
              capacity, 0, 3, 0, SCHEMA_AT, len(SCHEMA), tables, tables + 64, 1,
              tables + 84, 1, tables + 108, 12, 900, 2100,
              10, 20, 1000, 0, 12, 22, 1000, 0]
    raw = trace.HEADER.pack(*values)
    raw += struct.pack("<4I", RING_AT, head, 0, 0) + bytes(48)
    raw += struct.pack("<I16s", 7, b"main")
    raw += struct.pack("<I20s", 1, b"timer")
    raw += b"GFP_KERNEL=cc0 __GFP_ZERO=100 ".ljust(20 + 1024, b"\0")
    ring = b"".join(RECORDS)
    if head > capacity:                     # the oldest are overwritten
        ring = b"".join(RECORDS[(capacity * (head // capacity) + i
                                 if i < head % capacity else i)
                                % len(RECORDS)] for i in range(capacity))
    return [(AT, raw), (SCHEMA_AT, SCHEMA), (RING_AT, ring)]


def symbols():
    table = elf.Symbols()
    table.starts = [0xc0010000, 0xc0010100]
    table.table = [("alloc_thing", 0x100), ("main_thread", 0x80)]
    return table


def sample(**options):
    return trace.Trace(elf.Memory(core(pieces(**options))), symbols())


def text_is_that_of_ftrace():
    out = io.StringIO()
    text.write(sample(), out)
    return out.getvalue().splitlines()[2:5] == [
        "          main-7 [000]   0.000001000: mm_page_alloc: page=c3f00000 "
        "pfn=99 order=1 migratetype=2 gfp_flags=GFP_KERNEL "
        "call_site=alloc_thing+0x10/0x100",
        " => alloc_thing+0x10/0x100", " => main_thread+0x24/0x80"]


def json_has_slices_instants_and_counters():
    out = io.StringIO()
    chrome.write(sample(), out)
    events = json.loads(out.getvalue())["traceEvents"]
    kinds = [e["ph"] for e in events]
    handler = next(e for e in events if e["ph"] == "X")
    free = [e["args"]["frames"] for e in events if e["name"] == "free frames"]
    return (kinds.count("i") == 2 and kinds.count("X") == 1 and
            handler["name"] == "irq 29 timer" and handler["dur"] == 0.2 and
            free == [998, 1000])


def ctf_describes_each_event():
    with tempfile.TemporaryDirectory() as folder:
        ctf.write(sample(), folder)
        with open(os.path.join(folder, "metadata"), encoding="utf-8") as file:
            words = file.read()
        size = os.path.getsize(os.path.join(folder, "core_0"))
    # 4 events: headers of 9, contexts of 4 + "main", fields
    fields = (20 + 10 + 2 + len("timer") + 1 + 2)
    return (words.startswith("/* CTF 1.8 */") and
            words.count("event {") == 5 and "string _name;" in words and
            size == ctf.PACKET.size + ctf.CONTEXT.size + 4 * (9 + 9) + fields)


def folded_stacks_begin_outside():
    out = io.StringIO()
    text.folded(sample(), out, by="bytes")
    return "mm_page_alloc;main_thread;alloc_thing 8192" in out.getvalue()


def live_leaves_out_what_was_freed():
    out = io.StringIO()
    text.folded(sample(), out, live=True)
    return out.getvalue() == ""


def totals_agree_with_the_counters():
    ours, theirs = sample().totals()
    return ours == theirs == (2, 2)


def a_wrapped_ring_begins_with_the_oldest():
    what = sample(capacity=4)
    return (what.lost == [1] and
            [e.time for e in what.events] == [1500, 1700, 2000])


def a_dump_by_physical_address_is_read():
    memory = elf.Memory(core(pieces(), virtual=False))
    return len(trace.Trace(memory, symbols()).events) == 4


def refuses(data):
    try:
        trace.Trace(elf.Memory(data), symbols())
    except elf.Bad:
        return True
    return False


def what_is_no_trace_is_refused():
    stale = core(pieces(self_address=0))
    cut = core(pieces())[:-40]
    text_file = b"not an ELF file".ljust(64)
    no_ring = core(pieces()[:2])
    return all(map(refuses, (stale, cut, text_file, no_ring)))


CASES = [text_is_that_of_ftrace, json_has_slices_instants_and_counters,
         ctf_describes_each_event, folded_stacks_begin_outside,
         live_leaves_out_what_was_freed, totals_agree_with_the_counters,
         a_wrapped_ring_begins_with_the_oldest,
         a_dump_by_physical_address_is_read, what_is_no_trace_is_refused]


def run():
    failed = 0
    for case in CASES:
        good = case()
        failed += not good
        print(f"{'ok' if good else 'not ok'} {case.__name__}")
    return 1 if failed else 0
