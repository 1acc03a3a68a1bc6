# SPDX-License-Identifier: MIT
"""The trace as text: ftrace's format, folded stacks, and a summary."""

import re
from collections import Counter

# Where an allocation really comes from: above these.
ALLOCATOR = re.compile(
    r"(trace_|page_debug_|finish_alloc|alloc_pages|alloc_page|get_free_pages|"
    r"get_zeroed_page|free_frames|free_pages|free_block|put_page|rmqueue|pcp_|"
    r"buddy_|pageblock_|get_page_from_freelist|kmalloc|kzalloc|kcalloc|kfree|"
    r"kmem_cache_|cache_alloc|cache_free|slub_|new_slab|do_page_fault)")


def field(trace, event, name, show):
    value = event.values[name]
    if show == "pid":           # prev_pid: prev_comm=main prev_pid=7
        return f"{name[:-3]}comm={trace.task(value)} {name}={value}"
    return f"{name}={trace.show(value, show)}"


def line(trace, event):
    """One event as ftrace (and the kernel's own `trace show`) prints it."""
    who = f"{trace.task(event.pid)}-{event.pid}"
    details = " ".join(field(trace, event, name, show)
                       for name, _, show in event.kind.fields)
    return (f"{who:>16} [{event.cpu:03}] {event.time // 10**9:3}."
            f"{event.time % 10**9:09}: {event.kind.name}: {details}")


def linux_line(trace, event):
    """
    The same for programs that read Linux's traces: process names of letters
    and digits only, and sched_switch with priorities (all are equal: 120).
    """
    text = line(trace, event)
    who, rest = text[:text.index(" [")], text[text.index(" ["):]
    who = re.sub(r"[^A-Za-z0-9 -]", "-", who)
    if event.kind.name == "sched_switch":
        rest = re.sub(r"( prev_pid=\d+)", r"\1 prev_prio=120", rest)
        rest = rest.replace(" next_comm=", " ==> next_comm=") + " next_prio=120"
    return who + rest


def write(trace, out, linux=True):
    records = len(trace.events) + sum(
        (len(e.stack) + 4) // 5 for e in trace.events)
    mode = "stop" if trace.header["stop_when_full"] else "overwrite"
    print(f"# tracer: {records} records, {sum(trace.lost)} lost, mode {mode}\n"
          "#        TASK-PID  CPU     TIMESTAMP  EVENT", file=out)
    for event in trace.events:
        print((linux_line if linux else line)(trace, event), file=out)
        for caller in event.stack:
            print(f" => {trace.symbols.format(caller)}", file=out)


def callers(trace, event):
    """Names of the functions that led to the event, outermost first."""
    names = [trace.symbols.name(pc) for pc in event.stack]
    if not names and event.values.get("call_site"):
        names = [trace.symbols.name(event.values["call_site"])]
    while len(names) > 1 and ALLOCATOR.match(names[0]):
        names.pop(0)
    return names[::-1]


def weight(trace, event, by):
    if by == "events":
        return 1
    if "bytes_alloc" in event.values:
        size = event.values["bytes_alloc"]
    elif "order" in event.values:
        size = 1 << event.values["order"] + trace.header["page_shift"]
    else:
        return 1
    return size


def still_held(trace):
    """The allocations of the trace that nothing in it freed."""
    held = {}
    for event in trace.events:
        name, values = event.kind.name, event.values
        if name == "mm_page_alloc" and values["pfn"]:
            held["page", values["pfn"]] = event
        elif name == "mm_page_free":
            held.pop(("page", values["pfn"]), None)
        elif name in ("kmalloc", "kmem_cache_alloc") and values["ptr"]:
            held["object", values["ptr"]] = event
        elif name in ("kfree", "kmem_cache_free"):
            held.pop(("object", values["ptr"]), None)
    return list(held.values())


def folded(trace, out, by="events", live=False):
    """EVENT;outer;...;inner WEIGHT, for flame graphs."""
    stacks = Counter()
    for event in still_held(trace) if live else trace.events:
        key = ";".join([event.kind.name, *callers(trace, event)])
        stacks[key] += weight(trace, event, by)
    for key in sorted(stacks):
        print(key, stacks[key], file=out)


def stat(trace, out):
    """How many of what, what was lost, and does it agree with the counters."""
    h = trace.header
    counts = Counter(f"{e.kind.system}:{e.kind.name}" for e in trace.events)
    for name in sorted(counts):
        print(f"{counts[name]:8}  {name}", file=out)
    if trace.events:
        first, last = trace.events[0].time, trace.events[-1].time
        print(f"{len(trace.events):8}  events in {(last - first) / 1000:.3f} us",
              file=out)
    print(f"{sum(trace.lost):8}  lost: " + ", ".join(
        f"core {cpu} {n}" for cpu, n in enumerate(trace.lost)), file=out)
    if not h["stop_time"]:
        print("          (recording was still on: no counters)", file=out)
        return
    for name, ours, theirs in zip(("pgalloc", "pgfree"), *trace.totals()):
        print(f"{name}: {ours} frames by events, {theirs} by the kernel's "
              f"counters{': equal' if ours == theirs else ''}", file=out)
