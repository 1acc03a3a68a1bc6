# SPDX-License-Identifier: MIT
"""Chrome's JSON trace format, which Perfetto opens (ui.perfetto.dev).

Ideas
  Track     one for each core. On it slices: the task that runs, and inside it
            interrupt handlers; and all other events as instants.
  Counters  free frames (known at the end of the trace, counted back from
            there by its events), frames held by order, and bytes of objects,
            both of what was allocated within the trace.
  Time      microseconds, with the nanoseconds behind the point. Under icount
            they are instructions and not time; otherData says the source.
"""

import json

PAIRS = {"irq_handler_entry": "irq_handler_exit"}


def us(ns):
    return ns / 1000


def arguments(trace, event):
    args = {name: trace.show(event.values[name], show) if show != "pid" else
            f"{trace.task(event.values[name])}-{event.values[name]}"
            for name, _, show in event.kind.fields}
    args["task"] = f"{trace.task(event.pid)}-{event.pid}"
    if event.stack:
        args["stack"] = [trace.symbols.format(pc) for pc in event.stack]
    return args


def slice_of(cpu, name, start, end, args):
    return {"ph": "X", "pid": 0, "tid": cpu, "name": name, "cat": "slice",
            "ts": us(start), "dur": us(end - start), "args": args}


def slices(trace, cpu, events):
    """
    Complete slices of one core. What began before the trace or did not end in
    it is drawn from its beginning, to its end.
    """
    result = []
    first, last = events[0].time, events[-1].time
    running = (first, None)                  # since when, who
    handlers = []
    for event in events:
        name, values = event.kind.name, event.values
        if name == "sched_switch":
            who = f"{trace.task(values['prev_pid'])}-{values['prev_pid']}"
            result.append(slice_of(cpu, who, running[0], event.time, {
                "left as": trace.show(values["prev_state"], "state")}))
            running = (event.time, f"{trace.task(values['next_pid'])}"
                                   f"-{values['next_pid']}")
        elif name in PAIRS:
            handlers.append(event)
        elif name in PAIRS.values() and handlers:
            begin = handlers.pop()
            label = trace.show(begin.values["name"], "name")
            result.append(slice_of(cpu, f"irq {values['irq']} {label}",
                                   begin.time, event.time, {}))
    if running[1]:
        result.append(slice_of(cpu, running[1], running[0], last, {}))
    return result


def counter(time, name, values):
    return {"ph": "C", "pid": 0, "name": name, "ts": us(time), "args": values}


def page_counters(trace):
    """free frames, and frames held by order, after each page event."""
    (allocated, freed), _ = trace.totals()
    h = trace.header
    free = (h["free_stop"] if h["stop_time"] else h["free_start"]) \
        + allocated - freed
    known = bool(h["stop_time"])
    orders, held, result = {}, {}, []
    for event in trace.events:
        name, values = event.kind.name, event.values
        if name not in ("mm_page_alloc", "mm_page_free") or not values["pfn"]:
            continue
        order, pfn = values["order"], values["pfn"]
        if name == "mm_page_alloc":
            free -= 1 << order
            orders[pfn] = order
            held[order] = held.get(order, 0) + (1 << order)
        else:
            free += 1 << order
            if pfn in orders:
                held[orders[pfn]] -= 1 << orders.pop(pfn)
        if known:
            result.append(counter(event.time, "free frames", {"frames": free}))
        result.append(counter(event.time, "frames held, by order", {
            f"order {o}": held[o] for o in sorted(held)}))
    return result


def object_counters(trace):
    sizes, total, result = {}, 0, []
    for event in trace.events:
        name, values = event.kind.name, event.values
        if name in ("kmalloc", "kmem_cache_alloc") and values["ptr"]:
            sizes[values["ptr"]] = values["bytes_alloc"]
            total += values["bytes_alloc"]
        elif name in ("kfree", "kmem_cache_free") and values["ptr"] in sizes:
            total -= sizes.pop(values["ptr"])
        else:
            continue
        result.append(counter(event.time, "bytes of objects held",
                              {"bytes": total}))
    return result


def document(trace):
    """The whole JSON document as a dictionary."""
    h = trace.header
    out = [{"ph": "M", "pid": 0, "name": "process_name",
            "args": {"name": "Vellum"}}]
    for cpu in range(h["nr_cpus"]):
        out.append({"ph": "M", "pid": 0, "tid": cpu, "name": "thread_name",
                    "args": {"name": f"core {cpu}"}})
        events = [e for e in trace.events if e.cpu == cpu]
        if events:
            out += slices(trace, cpu, events)
    paired = {"sched_switch", *PAIRS, *PAIRS.values()}
    out += [{"ph": "i", "s": "t", "pid": 0, "tid": e.cpu, "ts": us(e.time),
             "name": e.kind.name, "cat": e.kind.system,
             "args": arguments(trace, e)}
            for e in trace.events if e.kind.name not in paired]
    out += page_counters(trace) + object_counters(trace)
    return {"traceEvents": out, "displayTimeUnit": "ns",
            "otherData": {"kernel": "Vellum", "clock": "ktime, ns",
                          "events": len(trace.events),
                          "lost": sum(trace.lost)}}


def write(trace, out):
    json.dump(document(trace), out, separators=(",", ":"))
    out.write("\n")
