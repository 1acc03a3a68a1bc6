# SPDX-License-Identifier: MIT
"""The counters of cat vmstat, added up as mm/phys/vmstat.c does it.

    item   shared word + a small difference of each core
    event  a word of each core
    derived: blocks that cores took from and gave to zones, times their size
"""

import gdb

from . import frames, target


def names(table):
    values = target.variable(table)
    return [target.text_at(values[i])
            for i in range(values.type.range()[1] + 1)]


def atomic(value):
    """An atomic_t, or a plain number."""
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
        return int(value[value.type.strip_typedefs().fields()[0]])
    return int(value)


class Pcp:
    """The counters of one core's share of one zone (struct zone_pcp)."""

    def __init__(self, pointer):
        value = target.follow(pointer)
        orders = value["nr_alloc"].type.range()[1] + 1
        small = value["nr_pop"].type.range()[1] + 1
        stacks = value["stack"]
        kinds = stacks[0].type.range()[1]       # the last one stays empty
        self.held, self.alloc, self.free = [], [], []
        for order in range(orders):
            alloc = int(value["nr_alloc"][order])
            free = int(value["nr_free"][order])
            if order < small:
                held = sum(int(stacks[order][kind][field])
                           for kind in range(kinds)
                           for field in ("nr_loaded", "nr_previous"))
                self.held.append(held)
                pop = int(value["nr_pop"][order])
                alloc += pop
                free += pop + int(value["nr_out"][order]) + held - \
                    int(value["nr_in"][order])
            self.alloc.append(alloc & 0xffffffff)
            self.free.append(free & 0xffffffff)
        self.numa = [int(value["numa"][i]) for i in
                     range(value["numa"].type.range()[1] + 1)]
        self.diff = [int(value["stat_diff"][i]) for i in
                     range(value["stat_diff"].type.range()[1] + 1)]

    @staticmethod
    def moved(blocks):
        return sum(count << order for order, count in enumerate(blocks))


def pcps(zone):
    """[Pcp] of the cores that there are."""
    return [Pcp(zone.value["pcp"][cpu]) for cpu, _ in target.cores()
            if int(zone.value["pcp"][cpu])]


def read():
    """{name: value}, in the order of the node."""
    found, zones = {}, frames.zones()
    shares = {zone.index: pcps(zone) for zone in zones}
    for item, name in enumerate(names("zone_stat_names")):
        found[name] = sum(zone_item(zone, shares[zone.index], item, name)
                          for zone in zones)
    numa(found, shares)
    node_items(found)
    events(found, zones, shares)
    return found


def zone_item(zone, shares, item, name):
    if name == "nr_free_pages":
        return zone.nr_free
    if name == "nr_free_cma":
        return zone.nr_free_cma
    total = atomic(zone.value["vm_stat"][item]) + \
        sum(pcp.diff[item] for pcp in shares)
    return max(total, 0)


def numa(found, shares):
    """Hits and local ones are what is left of all calls."""
    every = [pcp for group in shares.values() for pcp in group]
    calls = sum(sum(pcp.alloc) for pcp in every)
    texts = names("numa_stat_names")
    counts = {name: sum(pcp.numa[i] for pcp in every)
              for i, name in enumerate(texts)}
    for name in texts:
        rest = {"numa_hit": "numa_miss", "numa_local": "numa_other"}.get(name)
        found[name] = (calls - counts[rest] if rest else counts[name]) \
            & 0xffffffff


def node_items(found):
    diffs = target.each_core("node_stat_diff")
    table = target.variable("node_data")
    for item, name in enumerate(names("node_stat_names")):
        total = 0
        for node in range(diffs[0].type.range()[1] + 1):
            part = atomic(table[node]["vm_stat"][item]) + sum(
                int(diff[node][item]) for diff in diffs)
            total += max(part, 0)
        found[name] = total


def events(found, zones, shares):
    counts = target.each_core("vm_events")
    texts = names("vm_event_names")
    first = texts.index("pgalloc_dma")
    for item, name in enumerate(texts):
        if name == "pgfree":
            found[name] = sum(Pcp.moved(pcp.free) for group in shares.values()
                              for pcp in group)
        elif name.startswith("pgalloc_") and item - first < 3:
            found[name] = sum(
                Pcp.moved(pcp.alloc) for zone in zones
                if zone.type == item - first for pcp in shares[zone.index])
        else:
            found[name] = sum(int(count[item]) for count in counts)
