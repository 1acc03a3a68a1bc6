# SPDX-License-Identifier: MIT
"""Say what happened: KTAP version 1, a block for each job as it ends.

Cases are listed when they failed (with what explains it), when they were
skipped for a reason, or all of them with V=1. A job that went wrong as a whole
has one more result in its block, with what its log says.
"""

import os
import sys
import threading

from . import jobs, ktap

TAIL = 25                 # lines of the log shown when a run went wrong,
BEFORE = 4                # and before the kernel's own report


def count_text(suite):
    """'14 cases', '14 cases, 1 failed, 2 skipped, 7 s'."""
    parts = [f"{len(suite.cases)} case{'s' * (len(suite.cases) != 1)}"]
    for status in (ktap.FAILED, ktap.SKIPPED):
        if suite.count(status):
            parts.append(f"{suite.count(status)} {status}")
    if suite.seconds >= 1:
        parts.append(f"{suite.seconds:.0f} s")
    return ", ".join(parts)


def log_part(path):
    """The lines of a log that tell most: a report, or else the end."""
    if not path or not os.path.exists(path):
        return []
    with open(path, errors="replace") as file:
        text = file.read()
    name = os.path.relpath(path, jobs.TOP)
    trouble = jobs.TROUBLE.search(text)
    if trouble:
        title = f"from {name}:"
        before = text[:trouble.start()].split("\n")[-BEFORE:]
        lines = before + text[trouble.start():].split("\n")
        lines = [line.rstrip() for line in lines if line.strip()]
        lines = lines[:BEFORE + TAIL]
    else:
        title = f"the end of {name}:"
        lines = [line.rstrip() for line in text.split("\n") if line.strip()]
        lines = lines[-TAIL:]
    return [title] + ["| " + line for line in lines]


class Printer:
    """Writes blocks from several threads; keeps the totals."""

    def __init__(self, planned, verbose):
        self.planned, self.verbose = planned, verbose
        self.totals = {ktap.PASSED: 0, ktap.FAILED: 0, ktap.SKIPPED: 0}
        self.number = 0
        self.lock = threading.Lock()

    def start(self, comments):
        print("KTAP version 1")
        for comment in comments:
            print("# " + comment)
        print(f"1..{self.planned}", flush=True)

    def job(self, job, result):
        """One finished job."""
        with self.lock:
            self.number += 1
            for status in self.totals:
                self.totals[status] += result.count(status)
            self.block(job.name, result)
            print(f"{'not ' * result.failed()}ok {self.number} {job.name}"
                  f" # {result.seconds:.1f} s", flush=True)

    def block(self, name, result):
        points = len(result.suites) + bool(result.errors)
        print(f"    KTAP version 1\n    # Subtest: {name}\n    1..{points}")
        for number, suite in enumerate(result.suites, 1):
            self.suite(number, suite)
        if result.errors:
            for error in result.errors:
                print("    # " + error)
            for line in log_part(result.log):
                print("    # " + line)
            print(f"    not ok {points} the run as a whole")

    def suite(self, number, suite):
        if self.verbose or suite.count(ktap.FAILED):
            self.cases(suite)
        bad = suite.count(ktap.FAILED) or not suite.closed
        print(f"    {'not ' * bool(bad)}ok {number} {suite.name}"
              f" # {count_text(suite)}")

    def cases(self, suite):
        print(f"        KTAP version 1\n        # Subtest: {suite.name}\n"
              f"        1..{len(suite.cases)}")
        for number, case in enumerate(suite.cases, 1):
            for line in case.explain:
                line = line.strip()
                print("        # " + line.removeprefix("# "))
            bad = case.status == ktap.FAILED
            why = f" # SKIP {case.why}" if case.status == ktap.SKIPPED else ""
            print(f"        {'not ' * bad}ok {number} {case.name}{why}")

    def end(self):
        """The last line; returns whether all is well."""
        passed, failed, skipped = self.totals.values()
        sys.stdout.write(f"{passed} passed, {failed} failed, "
                         f"{skipped} skipped\n")
        sys.stdout.flush()
        return not failed and passed > 0
