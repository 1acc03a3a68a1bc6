# SPDX-License-Identifier: MIT
"""A person at the prompt: what keys do, and commands that need a terminal."""

from runner.boots import PROMPT, Boot

TAB, ENTER = "\t", "\r"

BOOTS = [
    Boot("tab_completes_commands_and_nodes",
         say=("vers" + TAB, "cat cmdl" + TAB, "help ptw" + TAB, "poweroff"),
         expect=[PROMPT, r"panic=-1", r"ptwalk"]),
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
