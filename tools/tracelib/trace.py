# SPDX-License-Identifier: MIT
"""A trace: what include/mm/trace_ring.h and trace_events.h put into memory.

Nothing about single events is written here: the table of events travels with
the ring (schema), one line for each:

    kmem kfree call_site:u32:sym ptr:u32:ptr
"""

import struct
from dataclasses import dataclass, field

from .elf import Bad

MAGIC = b"Vellum trace\n\0\0\0"
VERSION = 2
HEADER = struct.Struct("<16s18IQQ4I4I")
HEADER_NAMES = (
    "magic self version header_bytes record_bytes nr_cpus capacity "
    "stop_when_full events events_high schema schema_bytes ring_offset task_offset "
    "nr_tasks name_offset nr_names gfp_offset page_shift start_time stop_time "
    "pgalloc_start pgfree_start free_start pad0 "
    "pgalloc_stop pgfree_stop free_stop pad1").split()
RECORD = struct.Struct("<QBBH")
WIDTH = {"u8": 1, "u16": 2, "u32": 4, "s32": 4, "u64": 8}
GFP_TEXT = 1024
IN_IRQ, IRQS_OFF = 1, 2
STACK = "kernel_stack"


@dataclass
class Kind:
    """An event of the table."""
    system: str
    name: str
    fields: list                    # (name, type, show)
    format: struct.Struct

    @classmethod
    def parse(cls, line):
        system, name, *rest = line.split()
        fields, layout, at = [], "<", 0
        for text in rest:
            label, width, show = text.split(":")
            size = WIDTH[width]
            pad = -at % size        # fields are naturally aligned
            letter = {1: "B", 2: "H", 4: "I", 8: "Q"}[size]
            layout += "x" * pad + (letter.lower() if width[0] == "s"
                                   else letter)
            at += pad + size
            fields.append((label, width, show))
        return cls(system, name, fields, struct.Struct(layout))


@dataclass
class Event:
    time: int                       # ns
    cpu: int
    kind: Kind
    context: int
    pid: int
    values: dict
    stack: list = field(default_factory=list)


class Trace:
    """Everything in one dump. memory: elf.Memory; symbols: elf.Symbols."""

    def __init__(self, memory, symbols):
        self.symbols = symbols
        self.header = self.find_header(memory)
        h = self.header
        text = memory.read(h["schema"], h["schema_bytes"]).decode()
        self.kinds = [Kind.parse(line) for line in text.splitlines()]
        raw = memory.read(h["self"], h["header_bytes"])
        self.tasks = self.read_tasks(raw)
        self.names = self.read_names(raw)
        self.gfp = self.read_gfp(raw)
        self.lost, self.events = [], []
        for cpu in range(h["nr_cpus"]):
            self.read_ring(memory, raw, cpu)
        self.events.sort(key=lambda event: event.time)   # stable

    @staticmethod
    def find_header(memory):
        for address in memory.search(MAGIC):
            try:
                raw = memory.read(address, HEADER.size)
            except Bad:
                continue
            header = dict(zip(HEADER_NAMES, HEADER.unpack(raw)))
            if header["self"] != address:
                continue            # the kernel's image, not its memory
            if header["version"] != VERSION:
                raise Bad(f"version {header['version']} of the trace ring; "
                          f"this tool reads {VERSION}")
            if header["record_bytes"] < RECORD.size:
                raise Bad("the header of the trace ring is damaged")
            return header
        raise Bad("no trace in it: was `trace on` or trace= ever given?")

    def read_tasks(self, raw):
        h, tasks = self.header, {}
        for i in range(h["nr_tasks"]):
            pid, name = struct.unpack_from("<I16s", raw,
                                           h["task_offset"] + 20 * i)
            if name[0]:
                tasks[pid & 0xffff] = name.partition(b"\0")[0].decode()
        return tasks

    def read_names(self, raw):
        h = self.header
        size = (h["gfp_offset"] - h["name_offset"]) // h["nr_names"]
        names = []
        for i in range(h["nr_names"]):
            at = h["name_offset"] + size * i
            names.append(raw[at + 4:at + size].partition(b"\0")[0].decode())
        return names

    def read_gfp(self, raw):
        at = self.header["gfp_offset"]
        text = raw[at:at + GFP_TEXT].partition(b"\0")[0].decode()
        pairs = [word.split("=") for word in text.split()]
        return [(name, int(bits, 16)) for name, bits in pairs]

    def read_ring(self, memory, raw, cpu):
        h = self.header
        records, head, lost, _ = struct.unpack_from(
            "<4I", raw, h["ring_offset"] + 16 * cpu)
        kept = min(head, h["capacity"])
        self.lost.append(head - kept + lost)
        if not records or not kept:
            return
        size = h["record_bytes"]
        data = memory.read(records, kept * size)
        last = None
        for n in range(head - kept, head):
            at = n % h["capacity"] * size
            time, number, context, pid = RECORD.unpack_from(data, at)
            if number >= len(self.kinds):
                raise Bad(f"core {cpu}: record {n} is of event {number}, "
                          f"and there are {len(self.kinds)}")
            kind = self.kinds[number]
            values = dict(zip((f[0] for f in kind.fields),
                              kind.format.unpack_from(data, at + RECORD.size)))
            if kind.name == STACK:
                if last:            # else its event was overwritten
                    last.stack += [v for v in values.values() if v]
                continue
            last = Event(time, cpu, kind, context, pid, values)
            self.events.append(last)

    def task(self, pid):
        return self.tasks.get(pid & 0xffff, "<...>")

    def gfp_text(self, bits):
        """As the kernel's gfp_format(): the first name that fits."""
        words, left = [], bits
        for name, mask in self.gfp:
            if left & mask == mask:
                words.append(name)
                left &= ~mask
        if left or not words:
            words.append(f"{left:#x}" if left else "0")
        return "|".join(words)

    def show(self, value, show):
        """A field as text, as ftrace and the kernel show it."""
        if show == "ptr":
            return f"{value:08x}"
        if show == "hex":
            return f"{value:#x}"
        if show == "gfp":
            return self.gfp_text(value)
        if show == "sym":
            return self.symbols.format(value)
        if show == "name":
            return self.names[value % len(self.names)]
        if show == "state":
            return {0: "R", 1: "S", 8: "X"}.get(value, "D")
        return str(value)

    def totals(self):
        """
        Frames by events and by the kernel's counters: (pgalloc, pgfree) each.
        They are equal when both events were on all the time and none was lost.
        """
        frames = {"mm_page_alloc": 0, "mm_page_free": 0}
        for event in self.events:
            if event.kind.name in frames and event.values["pfn"]:
                frames[event.kind.name] += 1 << event.values["order"]
        h = self.header
        return ((frames["mm_page_alloc"], frames["mm_page_free"]),
                (h["pgalloc_stop"] - h["pgalloc_start"] & 0xffffffff,
                 h["pgfree_stop"] - h["pgfree_start"] & 0xffffffff))


def load(memory, symbols):
    return Trace(memory, symbols)
