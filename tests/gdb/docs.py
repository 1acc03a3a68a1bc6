# SPDX-License-Identifier: MIT
"""Inside gdb: the transcripts of docs, typed in again and compared.

A block fenced by ```gdb is one; "gdb replay" is one of the recorded fault. "gdb
user" and "gdb user replay" are of mapdemo (chapter 6), from reset on; "gdb
pressure" of thrash on a machine that is too small (chapters 9 to 12).
Numbers differ from build to build, so a number stands for any number; "..."
in a line stands for any text, a line of "..." for any lines. What gdb says
where it stops is not compared.
"""

import glob
import os
import re
import sys

import gdb

sys.path.insert(0, os.path.join(os.getcwd(), "tests", "gdb"))
from ktap import cases, do, expect, run, skip  # noqa: E402

MOVES = ("continue", "frame", "tbreak", "stepi", "reverse", "set",
         "finish")


with open("build/.variant") as made:
    VARIANT = made.read().strip()
KIND = os.environ.get("VELLUM_KIND", "gdb")
BOOKS = ["docs/06-address-spaces.md"] if "user" in KIND else \
    sorted(glob.glob("docs/09-*") + glob.glob("docs/1[012]-*")) \
    if "pressure" in KIND else ["docs/gdb.md"]


def blocks(kind):
    text = ""
    for name in BOOKS:
        with open(name) as file:
            text += file.read()
    return [body for info, body in re.findall(
        r"^```(gdb[^\n]*)\n(.*?)^```$", text, re.M | re.S) if info == kind]


def commands_of(block):
    """[(command, the lines that must follow)]"""
    result = []
    for line in block.rstrip("\n").split("\n"):
        if line.startswith("(gdb) "):
            result.append((line[6:], []))
        else:
            result[-1][1].append(line)
    return result


def pattern_of(lines):
    """A regular expression for what a transcript shows."""
    result = ""
    for line in lines:
        if line.strip() == "...":
            result += r"(?:[^\n]*\n)*?"
            continue
        words = re.sub(r"0x[0-9a-f]+|\b\d+\b", "\1", " ".join(line.split()))
        words = re.escape(words).replace(r"\.\.\.", ".*?")
        result += re.sub(r"\\?\x01", "[0-9a-fx]+", words) + "\n"
    return result


def squeezed(text):
    return "".join(" ".join(line.split()) + "\n"
                   for line in text.rstrip("\n").split("\n"))


def check(block):
    for command, lines in commands_of(block):
        got = do(command)
        if not lines or command.split()[0].startswith(MOVES):
            continue
        expect(re.fullmatch(pattern_of(lines), squeezed(got)),
               f"(gdb) {command} now says:\n{got}instead of:\n"
               + "\n".join(lines))


def add(kind):
    for number, block in enumerate(blocks(kind), 1):
        def one(block=block):
            if VARIANT != "debug":
                skip(f"the transcripts are of the debug build, this is {VARIANT}")
            check(block)
        one.__name__ = f"transcript_{number}_of_{kind.replace(' ', '_')}"
        cases.append(one)


if KIND == "gdb":
    gdb.Breakpoint("monitor_main", temporary=True)
    do("continue")
add(KIND)
expect(cases, f"{BOOKS} have no transcript of \"{KIND}\"")
run("gdb-docs")
