# SPDX-License-Identifier: MIT
"""Inside gdb: the cases of kmem_cases.py on other machines, and every command
once: with HighMem and four cores, on one core, under each slab design."""

import os
import re
import sys

import gdb

sys.path.insert(0, os.path.join(os.getcwd(), "tests", "gdb"))
from ktap import (  # noqa: E402
    case, do, expect, has, learn, lines_of, run, same, skip)

# The first of the cases.


@case
def stops_at_the_prompt_and_hears_the_facts():
    learn(kmem_cases.FACTS)


import kmem_cases  # noqa: E402
from mm import frames  # noqa: E402


@case
def every_command_works_on_this_machine():
    for command in ("walk $pc", "what $sp", "maps", "regs", "page 0x61000",
                    "zones", "buddy", "map", "tasks", "slab -v", "vmalloc",
                    "shadow $sp"):
        text = do("mm " + command)
        expect("cannot go on" not in text and len(lines_of(text)) > 1 and
               lines_of(text)[-1].startswith("next: "), f"mm {command}: {text}")
        expect("does not close" not in text and "CONTRADICTION" not in text,
               text)
    text = do("mm check")
    expect("contradiction" not in text.replace("first contradiction", ""), text)


@case
def every_core_and_zone_is_told():
    cores = int(gdb.parse_and_eval("nr_cpus"))
    for core in range(cores):
        do(f"thread {core + 1}")
        has(do("mm what $sp"), "stack of task", f"core {core}")
        has(do("mm walk $sp"), "agrees", f"core {core}")
        has(do("mm regs"), f"core {core}, mode")
    do("thread 1")
    zones = re.findall(r"^node 0 zone (\w+)", do("mm zones"), re.M)
    want = ["DMA", "Normal"] + (["HighMem"] if cores == 4 else [])
    same(zones, want, "zones of this machine")


@case
def highmem_has_no_address_and_is_told_so():
    high = [zone for zone in frames.zones() if zone.name == "HighMem"]
    if not high or not high[0].managed:
        skip("no HighMem")
    pfn = high[0].start + 5
    has(do(f"mm page 0x{pfn:x}"), "VA none (HighMem)")
    has(do(f"mm what 0x{pfn << 12 | 0x123:x}"),
        "without a kernel address (HighMem)")
    has(do("mm buddy HighMem"), "(verified)")


run("gdb-" + os.environ.get("VELLUM_SUITE", "kmem"))
