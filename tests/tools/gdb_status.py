#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does gdb end with the status of the cases that ran in it (tests/gdb/ktap.py)?

Prints KTAP; run by tools/test like a program of tests/host.
"""

import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tools"))
from runner.cases import run as run_cases  # noqa: E402

SCRIPT = """
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, {folder!r})
import ktap

@ktap.case
def one_that_passes():
    ktap.expect(True, "nothing is wrong")

@ktap.case
def one_that_may_fail():
    ktap.expect({good}, "this is wrong")

@ktap.case
def the_others_go_on():
    pass

ktap.run("some")
"""
GDB = next((gdb for gdb in (os.environ.get("GDB"), "gdb-multiarch",
                            "arm-none-eabi-gdb") if gdb and shutil.which(gdb)),
           None)


def run(good):
    """Exit status and output of gdb with three cases."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(SCRIPT.format(folder=os.path.join(TOP, "tests", "gdb"),
                                 good=good))
        file.flush()
        done = subprocess.run([GDB, "-nx", "-q", "-batch", "-x", file.name],
                              text=True, stdout=subprocess.PIPE,
                              stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout


def all_good_is_0():
    status, text = run(True)
    return status == 0 and "\nok 1 some" in text and "not ok" not in text


def one_failed_is_1():
    status, text = run(False)
    return (status == 1 and "    # AssertionError: this is wrong" in text and
            "not ok 2 one_that_may_fail" in text and
            "ok 3 the_others_go_on" in text and "\nnot ok 1 some" in text)


def main():
    return run_cases("gdb_status", [all_good_is_0, one_failed_is_1],
                     "" if GDB else "no gdb for ARM")


if __name__ == "__main__":
    sys.exit(main())
