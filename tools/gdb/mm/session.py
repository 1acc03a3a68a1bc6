# SPDX-License-Identifier: MIT
"""What a session needs at its start and its end (see tools/gdb-session)."""

import os

import gdb

from . import command, target
from .target import MMError


def find_test(name):
    """Names of the functions of a test SUITE or SUITE:CASE, from the image."""
    suite, _, case = name.partition(":")
    try:
        kind = gdb.lookup_type("struct test_suite")
    except gdb.error:
        raise MMError("this kernel was built without tests (TESTS=0)") from None
    at, end = target.symbol("__tests_start"), target.symbol("__tests_end")
    names = []
    while at < end:
        entry = gdb.Value(at).cast(kind.pointer()).dereference()
        at += kind.sizeof
        names.append(entry["name"].string())
        if names[-1] != suite:
            continue
        cases = [entry["cases"][i] for i in range(int(entry["nr_cases"]))]
        for one in cases:
            if case in ("", one["name"].string()):
                return int(one["fn"]) & ~1
        raise MMError(f"suite {suite} has no case \"{case}\"; it has "
                      + ", ".join(one["name"].string() for one in cases))
    raise MMError(f"no suite is called \"{suite}\"; there are "
                  + ", ".join(names))


class BreakTest(command.Command):
    """Stop at the start of a test.

    mm break-test SUITE[:CASE]      of a suite: its first case

    `make gdb T=SUITE:CASE` does this and starts the test."""

    name, usage = "break-test", "SUITE[:CASE]"
    counts, live = (1,), False
    complete_with = gdb.COMPLETE_NONE

    def run(self, words, _options):
        gdb.Breakpoint(f"*0x{find_test(words[0]):x}", temporary=True)
        return ["next: continue"]


class RunTo(command.Command):
    """Run until a function, also one that runs before the MMU is on.

    mm run-to FUNC

      linked at    0xc0010000  start, boot_cpu_or_pen, enable_mmu, ...
      runs first   0x60010000  the same bytes, until the MMU is on

    For the code of boot/head.S the symbols are loaded a second time, at
    physical addresses, so that gdb shows the source. When the MMU is on:
    remove-symbol-file -a 0x60010000"""

    name, usage = "run-to", "FUNC"
    counts = (1,)
    complete_with = gdb.COMPLETE_LOCATION

    def run(self, words, _options):
        address = target.evaluate(words[0])
        first, end = target.symbol("__text_start"), target.symbol(
            "__vectors_page")
        if first <= address < end and not target.mmu_on():
            image = gdb.objfiles()[0].filename
            gdb.execute(f"add-symbol-file {image} -o -0x60000000",
                        to_string=True)
            gdb.Breakpoint(f"*0x{address - 0x60000000:x}", temporary=True)
        else:
            gdb.Breakpoint(words[0], temporary=True)
        gdb.execute("continue")


class Type(command.Command):
    """Type a line at the kernel's console, while it is stopped.

    mm type TEXT           mm type oops null-write

    The kernel reads it when it runs on. Works in a session that tools/
    gdb-session started without a console of its own."""

    name, usage = "type", "TEXT"
    complete_with = gdb.COMPLETE_NONE

    def run(self, words, _options):
        path = os.environ.get("VELLUM_KEYS")
        if not path or not os.path.exists(path):
            raise MMError("the console is in the other window: type there")
        with open(path, "wb", buffering=0) as keys:
            keys.write(" ".join(words).encode() + b"\r")
        return ["next: continue"]


def register():
    BreakTest()
    RunTo()
    Type()
