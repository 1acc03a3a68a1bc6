# SPDX-License-Identifier: MIT
"""Run the benchmark kernel; read what it prints (kernel/bench.c), and the aims.

    bench SUITE "CASE" mean 118.0 median 110 worst 240     costs of a case
    note SUITE "CASE" "FIGURE" 152                         what else it found
    # bench: 12 cases                                      the last line
"""

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KERNEL = os.path.join(TOP, "build", "release-notests-bench", "kernel.bin")
AIMS = os.path.join(TOP, "tests", "bench-aims.txt")
TIMEOUT = 600                         # seconds of the host; a run takes ten
FIGURES = ("mean", "median", "worst")

LINE = re.compile(r'^bench (\S+) "([^"]+)" mean ([\d.]+) median (\d+) '
                  r'worst (\d+)\s*$')
NOTE = re.compile(r'^note (\S+) "([^"]+)" "([^"]+)" (\d+)\s*$')
AIM = re.compile(r'^(\S+) "([^"]+)"\s+(mean|worst)\s+(\d+)\s+(\d+|-)\s*$')
END = re.compile(r"^# bench: (\d+) cases\s*$")


def fail(text):
    print(f"{os.path.basename(sys.argv[0])}: {text}", file=sys.stderr)
    sys.exit(1)


def parse(text):
    """{(suite, case): {figure: number}} and how many cases the log claims."""
    found, claimed = {}, None
    for line in text.splitlines():
        if match := LINE.match(line):
            found[match[1], match[2]] = dict(
                zip(FIGURES, map(float, match.groups()[2:])))
        elif (match := NOTE.match(line)) and (match[1], match[2]) in found:
            found[match[1], match[2]][match[3]] = int(match[4])
        elif match := END.match(line):
            claimed = int(match[1])
    return found, claimed


def complete(text):
    """What parse() finds; ends the program if the log is not whole."""
    found, claimed = parse(text)
    if not found or claimed != len(found):
        print(text)
        fail(f"{len(found)} results, but the kernel counted {claimed}")
    return found


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def run(kernel, suites, options=(), append=""):
    """The log of one run; one instruction is one nanosecond in it."""
    if not os.path.exists(kernel):
        fail(f"{kernel} is not there: run make bench")
    command = [os.path.join(TOP, "tools", "run-qemu"), "--batch",
               "--icount", "0", "--timeout", str(TIMEOUT),
               "--kernel", kernel, *options, "--append",
               f"bench={suites} panic=-1 {append}".strip()]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          errors="replace", stdout=subprocess.PIPE)
    if done.returncode:
        print(done.stdout)
        fail(f"the run ended with status {done.returncode}")
    return done.stdout


def read_aims():
    aims = {}
    for number, line in enumerate(read(AIMS).splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = AIM.match(line)
        if not match:
            fail(f"{AIMS}:{number}: not an aim: {line}")
        suite, case, figure, aim, linux = match.groups()
        aims[suite, case, figure] = (int(aim), linux)
    return aims
