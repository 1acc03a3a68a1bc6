# SPDX-License-Identifier: MIT
"""Common Trace Format 1.8: a directory that babeltrace2 and Trace Compass read.

Ideas
  Metadata  text (TSDL) that describes the bytes, made from the table of events
            that came with the trace: a new event needs nothing here.
  Stream    a file for each core, of one packet:

              magic uuid stream | begin end content size lost cpu | events ...

            Everything is aligned to bytes, little endian.
  Names     of tasks, caches and interrupts are written out as strings, since
            the tables behind the numbers do not travel with a CTF trace.
"""

import os
import struct
import uuid

from .trace import IN_IRQ, IRQS_OFF

MAGIC = 0xc1fc1fc1
PACKET = struct.Struct("<I16sI")            # header
CONTEXT = struct.Struct("<QQQQQI")          # of the packet
EVENT = struct.Struct("<QB")                # header of an event

PREAMBLE = """/* CTF 1.8 */

typealias integer { size = 8; align = 8; signed = false; } := u8;
typealias integer { size = 16; align = 8; signed = false; } := u16;
typealias integer { size = 32; align = 8; signed = false; } := u32;
typealias integer { size = 32; align = 8; signed = true; } := s32;
typealias integer { size = 64; align = 8; signed = false; } := u64;
typealias integer { size = 32; align = 8; signed = false; base = 16; } := x32;

trace {
\tmajor = 1;
\tminor = 8;
\tuuid = "%(uuid)s";
\tbyte_order = le;
\tpacket.header := struct {
\t\tu32 magic;
\t\tu8 uuid[16];
\t\tu32 stream_id;
\t};
};

env {
\ttracer_name = "Vellum";
\ttracer_major = %(version)d;
};

clock {
\tname = "ktime";
\tdescription = "nanoseconds since the clock was started";
\tfreq = 1000000000;
\toffset = 0;
};

typealias integer {
\tsize = 64; align = 8; signed = false;
\tmap = clock.ktime.value;
} := ktime_t;

stream {
\tid = 0;
\tpacket.context := struct {
\t\tktime_t timestamp_begin;
\t\tktime_t timestamp_end;
\t\tu64 content_size;
\t\tu64 packet_size;
\t\tu64 events_discarded;
\t\tu32 cpu_id;
\t};
\tevent.header := struct {
\t\tktime_t timestamp;
\t\tu8 id;
\t};
\tevent.context := struct {
\t\tu16 pid;
\t\tu8 in_irq;
\t\tu8 irqs_off;
\t\tstring comm;
\t};
};
"""


def tsdl_type(width, show):
    if show == "name":
        return "string"
    return "x32" if show in ("ptr", "hex", "gfp", "sym") else width


def metadata(trace, identity):
    parts = [PREAMBLE % {"uuid": identity, "version": trace.header["version"]}]
    for number, kind in enumerate(trace.kinds):
        fields = "".join(f"\t\t{tsdl_type(width, show)} _{name};\n"
                         for name, width, show in kind.fields)
        parts.append(f'event {{\n\tname = "{kind.system}:{kind.name}";\n'
                     f"\tid = {number};\n\tstream_id = 0;\n"
                     f"\tfields := struct {{\n{fields}\t}};\n}};\n")
    return "\n".join(parts)


def string(text):
    return text.encode() + b"\0"


def event_bytes(trace, event):
    data = EVENT.pack(event.time, trace.kinds.index(event.kind))
    data += struct.pack("<HBB", event.pid, bool(event.context & IN_IRQ),
                        bool(event.context & IRQS_OFF))
    data += string(trace.task(event.pid))
    for name, width, show in event.kind.fields:
        value = event.values[name]
        if show == "name":
            data += string(trace.show(value, show))
        else:
            data += value.to_bytes(int(width[1:]) // 8, "little",
                                   signed=width[0] == "s")
    return data


def stream(trace, cpu, identity):
    events = [e for e in trace.events if e.cpu == cpu]
    content = b"".join(event_bytes(trace, e) for e in events)
    size = (PACKET.size + CONTEXT.size + len(content)) * 8
    begin = events[0].time if events else 0
    end = events[-1].time if events else 0
    return (PACKET.pack(MAGIC, identity.bytes, 0) +
            CONTEXT.pack(begin, end, size, size, trace.lost[cpu], cpu) +
            content)


def write(trace, folder):
    """Make folder a CTF trace; call stacks are left out."""
    identity = uuid.uuid5(uuid.NAMESPACE_URL,
                          f"vellum-trace-{trace.header['start_time']}")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "metadata"), "w", encoding="utf-8") as file:
        file.write(metadata(trace, identity))
    for cpu in range(trace.header["nr_cpus"]):
        path = os.path.join(folder, f"core_{cpu}")
        with open(path, "wb") as file:
            file.write(stream(trace, cpu, identity))
