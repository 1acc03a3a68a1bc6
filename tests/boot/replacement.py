# SPDX-License-Identifier: MIT
"""The order in which real reclaim evicts, against the model of each policy.

Strings are played at the prompt (`replace`, tests/kernel/replacement.c) and by
tools/pagesim; who faults and who goes has to be the same, page by page. The
model of the default policy needs to know how many pages were evicted before and
in what steps the kernel counts them, for the refault distance. (Below 64 MiB the
table of evictions is so short that two slots of these runs share a word.)
"""

import importlib.machinery
import importlib.util
import random
import re

from runner import jobs
from runner.boots import PROMPT, VERIFIED, Boot

LOADER = importlib.machinery.SourceFileLoader("pagesim_model",
                                              jobs.TOP + "/tools/pagesim")
SPEC = importlib.util.spec_from_loader("pagesim_model", LOADER)
pagesim = importlib.util.module_from_spec(SPEC)
LOADER.exec_module(pagesim)

BELADY = "1,2,3,4,1,2,5,1,2,3,4,5"


def strings():
    """(frames, string): known ones, and some at random that have locality."""
    rng = random.Random(11)
    yield 3, BELADY
    yield 4, BELADY
    yield 4, "1,1,2,1,3,1,4,1,5,1,6,1,7,1,2,2,3,3,1"      # one page is hot
    yield 6, ",".join(str(n % 7) for n in range(56))      # a loop too long by 1
    yield 8, "1,2,3,1,2,3," + ",".join(map(str, range(20, 50))) + ",1,2,3"
    for _ in range(7):
        base, words = 0, []
        for _ in range(48):
            if rng.random() < 0.08:
                base = rng.randrange(16)
            words.append(f"{base + rng.randrange(7)}"
                         + ("w" if rng.random() < 0.3 else ""))
        yield rng.randrange(2, 10), ",".join(words)


def played(policy, model, mem, step):
    """A boot under policy that must print what the model does."""
    say, expect, gone = [], [PROMPT], 0
    for frames, text in strings():
        pagesim.Kernel.before, pagesim.Kernel.step = gone, step
        references = pagesim.read_references([text])
        state = pagesim.simulate(model, frames, references)
        say.append(f"replace {frames} {text}")
        expect.append(re.escape(
            f"{policy}, " + pagesim.evicted(model, frames, references))
            .replace("\\\n", r"\r?\n") + r"\r?\n")
        gone += len(state.evicted)
    expect += [rf"policy {policy}, {gone} evictions, told apart in steps of "
               rf"{step}\r?\n", VERIFIED]
    return Boot(f"{policy}_evicts_as_its_model_at_{mem}_mib", mem=mem,
                append=f"reclaim_policy={policy}",
                say=(*say, "cat lru", "verify", "poweroff"), expect=expect)


BOOTS = [
    played("lru", "kernel", 64, 2),
    played("lru", "kernel", 256, 8),
    played("clock", "kclock", 32, 1),
    played("fifo", "fifo", 32, 1),
    Boot("replace_is_told_what_it_cannot_do",
         say=("replace", "replace 0 1", "replace 3 1,x", "replace 3 64",
              "replace 64 1", "verify", "poweroff"),
         expect=[PROMPT, r"usage: replace FRAMES", r"usage: replace FRAMES",
                 r"pages are 0 to 63", r"pages are 0 to 63",
                 r"usage: replace FRAMES", VERIFIED]),
]
