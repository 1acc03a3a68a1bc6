# SPDX-License-Identifier: MIT
"""Read KTAP from the log of a run.

Ideas
  KTAP    lines anyone can read, and a machine too:

            KTAP version 1
            1..2                             plan: two suites
                KTAP version 1
                # Subtest: buddy
                1..2                         plan: two cases
                ok 1 split_gives_the_low_half
                # buddy.c:88: n is 3         belongs to the next result
                not ok 2 merge_goes_up
            not ok 1 buddy                   ends the suite
            ok 2 string

  Trust   nobody: a kernel may hang, panic or lie anywhere in this. A plan that
          is missing or not met, a suite without its end, a suite that says ok
          with a failed case in it, and a run without a single ok are errors.
          Lines that are no KTAP (boot messages, reports) are kept as the
          explanation of the next result.
  Depth   four spaces a level. A result at level 0 closes a suite; one without
          a subtest before it is a case of its own, in the suite "".

Sources  Linux, Documentation/dev-tools/ktap.rst.
"""

import re
import time

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"

RESULT = re.compile(r"^( *)(not )?ok (\d+)(?: -)? ?(.*?)(?: # *(.*))?$")
PLAN = re.compile(r"^( *)1\.\.(\d+)\s*$")
SUBTEST = re.compile(r"^ *# Subtest: (.*)$")
EXPLAIN_LINES = 40        # kept for one failed case


class Case:
    def __init__(self, name, status, why="", explain=()):
        self.name, self.status, self.why = name, status, why
        self.explain = list(explain)


class Suite:
    def __init__(self, name):
        self.name, self.plan, self.cases = name, None, []
        self.closed = False
        self.start, self.seconds = time.monotonic(), 0

    def count(self, status):
        return sum(case.status == status for case in self.cases)


class Report:
    """What a log said: suites, and in errors what is wrong with the whole."""

    def __init__(self):
        self.suites, self.errors, self.plan = [], [], None
        self.started = False

    def count(self, status):
        return sum(suite.count(status) for suite in self.suites)


def result_status(is_not, directive):
    """Status and reason of a result line; SKIP wins over ok and not ok."""
    word, _, why = (directive or "").partition(" ")
    if word.upper().rstrip(":") == "SKIP":
        return SKIPPED, why.strip()
    return (FAILED if is_not else PASSED), ""


class Reader:
    """Feed it lines as they come (it takes the time); finish() gives the Report."""

    def __init__(self):
        self.report = Report()
        self.suite = None         # the open one
        self.pending = []         # lines that may explain the next result
        self.results = 0          # of cases and suites, so far

    def line(self, line):
        line = line.rstrip()
        if line.startswith("KTAP version 1"):
            self.report.started = True
            self.pending = []
            return
        if not self.report.started or line.strip() == "KTAP version 1":
            return
        for pattern, method in ((PLAN, self.plan), (RESULT, self.result),
                                (SUBTEST, self.subtest)):
            match = pattern.match(line)
            if match:
                method(match)
                return
        if line.startswith("Bail out!"):
            self.report.errors.append(line)
        self.pending.append(line)

    def plan(self, match):
        if len(match[1]) < 4:
            self.report.plan = int(match[2])
        elif self.suite:
            self.suite.plan = int(match[2])

    def subtest(self, match):
        self.suite = Suite(match[1].strip())
        self.report.suites.append(self.suite)
        self.pending = []

    def result(self, match):
        status, why = result_status(match[2], match[5])
        self.results += 1
        if len(match[1]) >= 4 and self.suite:
            case = Case(match[4], status, why)
            if status == FAILED:
                case.explain = self.pending[-EXPLAIN_LINES:]
            self.suite.cases.append(case)
        else:
            self.close_suite(match[4], status, why)
        self.pending = []

    def close_suite(self, name, status, why):
        if self.suite is None:        # a result of its own
            self.suite = Suite(name)
            self.report.suites.append(self.suite)
            self.suite.cases.append(Case(name, status, why, self.pending))
        suite, self.suite = self.suite, None
        suite.closed = True
        suite.seconds = time.monotonic() - suite.start
        if status == FAILED and not suite.count(FAILED):
            suite.cases.append(Case("(suite)", FAILED, "", self.pending))
        if status == PASSED and suite.count(FAILED):
            self.report.errors.append(
                f"suite {suite.name} says ok, but has failed cases")

    def finish(self):
        report = self.report
        if not report.started:
            report.errors.append("no KTAP: the tests did not start")
            return report
        for suite in report.suites:
            self.check_suite(suite)
        closed = sum(suite.closed for suite in report.suites)
        if report.plan is None:
            report.errors.append("no plan (1..N)")
        elif closed < report.plan:
            report.errors.append(
                f"{report.plan} suites planned, {closed} finished")
        elif closed > report.plan:
            report.errors.append(
                f"{report.plan} suites planned, but {closed} reported")
        if not report.count(PASSED) and not report.count(SKIPPED):
            report.errors.append("not a single ok")
        return report

    def check_suite(self, suite):
        cases = len(suite.cases)
        if not suite.closed:
            where = (f"after case {suite.cases[-1].name}" if suite.cases
                     else "in its first case")
            self.report.errors.append(f"suite {suite.name} broke off {where}")
        elif suite.plan is not None and cases < suite.plan:
            self.report.errors.append(
                f"suite {suite.name}: {suite.plan} cases planned, {cases} ran")


def parse(text):
    """The Report of a whole log."""
    reader = Reader()
    for line in text.replace("\r", "").split("\n"):
        reader.line(line)
    return reader.finish()
