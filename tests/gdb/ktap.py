# SPDX-License-Identifier: MIT
"""What the tests inside gdb share: cases, KTAP, and talking to the kernel."""

import os
import re
import time

import gdb

cases = []
facts = {}                  # what the kernel printed, by the line typed
LOG = os.environ.get("VELLUM_LOG", "build/serial.log")


class Skip(Exception):
    """What the machine lacks, so that a case says nothing."""


def skip(reason):
    raise Skip(reason)


def case(function):
    """Decorator: a test case. It fails when it raises an exception."""
    cases.append(function)
    return function


def do(command):
    """Output of a gdb command; a Python trace in it is a failure."""
    text = gdb.execute(command, to_string=True)
    expect("Traceback" not in text and "Python Exception" not in text,
           f"{command}: printed a Python trace: {text}")
    return text


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def same(got, want, what):
    expect(got == want, f"{what}: got {got!r}, want {want!r}")


def has(text, part, what=""):
    expect(part in text, f"{what}: no \"{part}\" in: {text}")


def address(expression):
    return int(gdb.parse_and_eval(f"(unsigned long)({expression})"))


class Damage:
    """Write a word, and put the old one back at the end."""

    def __init__(self, where, number):
        self.where, self.number = where, number

    def __enter__(self):
        self.old = address(f"*(unsigned *){self.where}")
        self.poke(self.number)

    def __exit__(self, *_):
        self.poke(self.old)

    def poke(self, number):
        gdb.execute(f"set *(unsigned *){self.where} = {number & 0xffffffff}")


def lines_of(text):
    return [line for line in text.split("\n") if line.strip()]


def learn(lines):
    """Boot to the prompt, and let the kernel say the facts."""
    gdb.Breakpoint("monitor_main", temporary=True)
    do("continue")
    text = ask(*lines)
    for line in lines:
        facts[line] = output_of(text, line)


def console():
    with open(LOG, errors="replace") as file:
        return file.read().replace("\r", "")


def type_lines(lines):
    with open(os.environ["VELLUM_KEYS"], "wb", buffering=0) as keys:
        for line in lines:
            keys.write(line.encode() + b"\r")


def ask(*lines):
    """Type lines at the prompt; run until they are done. Returns the output.

    The last thing typed is `oops` without a word, which only lists, and whose
    function is where the kernel is stopped.
    """
    at = len(console())
    stop = gdb.Breakpoint("oops_command", temporary=True)
    type_lines([*lines, "oops"])
    do("continue")
    if stop.is_valid():
        stop.delete()
    for _ in range(50):
        text = console()[at:]
        if re.search(r"vellum> oops\s*$", text) or not lines:
            break
        time.sleep(0.02)
    return text


def output_of(text, line):
    """What the kernel printed for one of the lines typed."""
    found = re.search(r"vellum> " + re.escape(line) + r"\n(.*?)(?=vellum> )",
                      text, re.S)
    expect(found, f"the console shows no \"{line}\": {text}")
    return found[1]


def run(suite):
    """Run all cases and print KTAP. gdb ends with status 1 if one failed."""
    gdb.write(f"\nKTAP version 1\n1..1\n    KTAP version 1\n"
              f"    # Subtest: {suite}\n    1..{len(cases)}\n")
    failed = 0
    for number, function in enumerate(cases, 1):
        start, note = time.time(), ""
        try:
            function()
            verdict = ""
        except Skip as reason:
            verdict, note = "", f"SKIP {reason}, "
        except Exception as error:      # whatever it is, the others go on
            failed += 1
            verdict = "not "
            for line in f"{type(error).__name__}: {error}".split("\n"):
                gdb.write(f"    # {line}\n")
        gdb.write(f"    {verdict}ok {number} {function.__name__} # {note}"
                  f"{time.time() - start:.1f} s\n")
    gdb.write(f"{'not ' if failed else ''}ok 1 {suite}\n")
    if failed:
        gdb.flush()
        gdb.execute("quit 1")
