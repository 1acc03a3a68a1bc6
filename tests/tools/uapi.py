#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Numbers that programs and the kernel must agree on.

The headers of user/include bring Linux's numbers to programs; the kernel has its
own (include/uapi and others). A name that both define must be the same number,
and a system call's number that of its row in kernel/syscall/calls.h. (Where a
header of user/include includes the kernel's there is only one.)
"""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
KERNEL = ["include/uapi/*.h", "include/lib/errno.h", "include/kernel/signal.h",
          "include/kernel/process.h", "include/kernel/rlimit.h",
          "include/kernel/time.h", "include/kernel/wait.h", "include/mm/mman.h",
          "kernel/fs/*.c", "kernel/syscall/*.c", "kernel/process/*.c"]
# Names that mean something else on each side.
OTHERS = {"NSIG"}
# Linux's name of a call whose row here has the plain one.
ALIASES = {"ugetrlimit": "getrlimit"}


def defines(paths, known=None):
    """{name: [(value, file)]} of the #defines whose value is a number."""
    found = {}
    for path in paths:
        for name, text in re.findall(
                r"^#define[ \t]+([A-Z]\w+)[ \t]+([^\n/]+)", path.read_text(),
                re.M):
            value = number(text.strip())
            if value is not None:
                found.setdefault(name, []).append(
                    (value, str(path.relative_to(TOP))))
    return found


def number(text):
    """Of C's plain constants, sums of bits and shifts; else None."""
    text = re.sub(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]*\b", r"\1", text)
    if not re.fullmatch(r"[0-9a-fA-FxX()|<~ +-]+", text):
        return None
    text = re.sub(r"\b0(\d+)\b", r"0o\1", text)
    try:
        return eval(text, {"__builtins__": {}}) & 0xffffffff
    except (SyntaxError, TypeError, NameError):
        return None


def files(patterns):
    return [path for pattern in patterns for path in sorted(TOP.glob(pattern))]


def shared_names_are_one_number():
    kernel = defines(files(KERNEL))
    user = defines(sorted((TOP / "user/include").rglob("*.h")))
    wrong, both = [], 0
    for name, places in sorted(user.items()):
        if name in OTHERS or name not in kernel:
            continue
        both += 1
        for value, where in places:
            for theirs, there in kernel[name]:
                if value != theirs:
                    wrong.append(f"{name} is {value:#x} in {where}, "
                                 f"{theirs:#x} in {there}")
    if both < 150:
        wrong.append(f"only {both} names in both: is a folder missing?")
    return wrong


def every_call_has_the_number_of_its_row():
    rows = dict((name, int(nr)) for nr, name in re.findall(
        r"X\((\d+), (\w+)\)", (TOP / "kernel/syscall/calls.h").read_text()))
    wrong = []
    text = (TOP / "user/include/sys/syscall.h").read_text()
    calls = re.findall(r"^#define SYS_(\w+)\s+(\d+)$", text, re.M)
    for name, nr in calls:
        row = rows.get(ALIASES.get(name, name))
        if row is None:
            wrong.append(f"SYS_{name}: calls.h has no such row")
        elif row != int(nr):
            wrong.append(f"SYS_{name} is {nr}, in calls.h {row}")
    if len(calls) < 100:
        wrong.append(f"only {len(calls)} calls")
    return wrong


def a_wrong_number_is_seen():
    """The reader itself: plain, octal, hexadecimal, shifted, negative."""
    wrong = []
    for text, want in (("42", 42), ("0x10u", 16), ("0100", 64), ("(1 << 3)", 8),
                       ("1u << 21", 1 << 21), ("(-100)", 0xffffff9c),
                       ("(3 | 0x10)", 19), ("SIGHUP", None), ("((x) + 1)", None)):
        if number(text) != want:
            wrong.append(f"{text} is read as {number(text)}, not {want}")
    return wrong


CASES = (a_wrong_number_is_seen, shared_names_are_one_number,
         every_call_has_the_number_of_its_row)


def main():
    print(f"KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: uapi\n"
          f"    1..{len(CASES)}")
    failed = 0
    for n, case in enumerate(CASES, 1):
        wrong = case()
        failed += bool(wrong)
        for line in wrong:
            print(f"    # {line}")
        print(f"    {'not ' if wrong else ''}ok {n} {case.__name__}")
    print(f"{'not ' if failed else ''}ok 1 uapi")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
