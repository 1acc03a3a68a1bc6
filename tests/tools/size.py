#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/size: is what it lists what the kernel consists of?

Prints KTAP; run by tools/test like a program of tests/host.
"""

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tools"))
from runner.cases import run as run_cases  # noqa: E402

with open(os.path.join(TOP, "build", ".variant")) as file:
    VARIANT = file.read().strip()


def run(*args):
    """Exit status, output and messages of the tool."""
    done = subprocess.run([os.path.join(TOP, "tools", "size"), *args], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


TEXT = run(VARIANT)[1]
ROWS = {f[0]: [float(n) for n in f[1:]] for f in
        (line.split() for line in TEXT.splitlines()) if len(f) == 4 and
        re.fullmatch(r"[\d.]+", f[1])}


def every_directory_is_listed():
    return {"mm/phys", "mm/as", "kernel/fs", "arch/arm", "drivers",
            "boot"} <= set(ROWS)


def columns_add_up():
    parts = [row for where, row in ROWS.items() if where != "all"]
    return all(abs(sum(row[i] for row in parts) - ROWS["all"][i]) < 2
               for i in range(3))


def little_belongs_to_nobody():
    rest = float(re.search(r"^the rest +(-?[\d.]+)$", TEXT, re.MULTILINE)[1])
    code, constants = map(float, re.search(
        r"^code ([\d.]+) \+ constants ([\d.]+) ", TEXT, re.MULTILINE).groups())
    return (0 <= rest < 0.04 * (code + constants) and
            abs(sum(ROWS["all"]) + rest - code - constants) < 1)


def only_a_release_kernel_has_thumb_code():
    # Tests of the entry code have a function or two.
    return (ROWS["all"][1] > 100) == VARIANT.startswith("release")


def what_was_not_built_is_refused():
    status, _, messages = run("no-such-variant")
    return status == 1 and "no-such-variant" in messages


def main():
    cases = [every_directory_is_listed, columns_add_up,
             little_belongs_to_nobody, only_a_release_kernel_has_thumb_code,
             what_was_not_built_is_refused]
    return run_cases("size", cases)


if __name__ == "__main__":
    sys.exit(main())
