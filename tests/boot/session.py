# SPDX-License-Identifier: MIT
"""A person at the prompt: what keys do, and commands that need a terminal."""

import os
import re

import kallsyms
from runner import jobs
from runner.boots import PROMPT, Boot

TAB, ENTER = "\t", "\r"


def as_nm_lists(_, text):
    """
    What is wrong with `cat kallsyms`: a line that nm does not have, or no line
    for a function (a name with a size; labels may share a function's address).
    """
    listed = {(int(address, 16), kind, name) for address, kind, name in
              re.findall(r"^([0-9a-f]{8}) ([Tt]) (\S+)\r?$", text, re.MULTILINE)}
    known, wanted = set(), {}
    for address, size, kind, name in kallsyms.read_nm(
            os.path.join(jobs.TOP, "build", "kernel.elf")):
        if kallsyms.VENEER.fullmatch(name):
            name = "veneer"
        known.add((address, "T" if kind.isupper() else "t", name))
        if kind in kallsyms.TEXT_TYPES and size:
            wanted[address] = name
    wrong = [f"not in nm: {line}" for line in sorted(listed - known)]
    there = {address for address, _, _ in listed}
    wrong += [f"not in kallsyms: {address:08x} {name}"
              for address, name in sorted(wanted.items())
              if address not in there]
    if len(listed) != len(there) or len(there) < 1000:
        wrong.append(f"{len(listed)} lines, {len(there)} addresses")
    return wrong[:10]


def ours():
    with open(os.path.join(jobs.TOP, "build", "initramfs.cpio"), "rb") as file:
        return file.read()


BOOTS = [
    # As `printf '...' | make run` does. What the shell makes of it is not what
    # was typed, nor its echo.
    Boot("keys_typed_before_init_wait_for_the_shell", initrd=ours, smp=2,
         say=(("", "echo early-$((1+1))\npoweroff\n"),),
         expect=[r"echo early-\$", r"init: running", r"early-2"],
         forbid=[r"not found", PROMPT]),
    Boot("keys_typed_early_are_the_monitors_without_init",
         say=(("", "cat version\rpoweroff\r"),),
         expect=[PROMPT, r"Vellum version"], forbid=[r"no command"]),
    Boot("tab_completes_commands_and_nodes",
         say=("vers" + TAB, "cat cmdl" + TAB, "help ptw" + TAB, "poweroff"),
         expect=[PROMPT, r"panic=-1", r"ptwalk"]),
    Boot("every_symbol_is_what_nm_lists", say=("cat kallsyms", "poweroff"),
         expect=[PROMPT], after=as_nm_lists),
    Boot("history_is_listed", say=("cat version", "history", "poweroff"),
         expect=[PROMPT, r"Vellum version", r"1 +cat version",
                 r"2 +history"]),
    Boot("a_key_ends_watch", say=("watch meminfo" + ENTER + "q", "verify",
                                  "poweroff"),
         expect=[PROMPT, r"meminfo at \d+ s; a key ends this", r"MemTotal",
                 PROMPT]),
    Boot("blocks_are_held_by_hand",
         say=("alloc 3", "alloc 0 dma", "free all", "verify", "poweroff"),
         expect=[PROMPT]),
    Boot("stress_and_its_seed", smp=2, append="stress=1 stress.seed=9", say=(),
         expect=[r"stress: 2 cores for 1000 ms, seed=9", r"verify clean"]),
    Boot("stress_with_a_bad_seed", append="stress.seed=nine",
         expect=[r"bad value of a parameter: stress.seed=nine", PROMPT]),
]
