#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does the test runner see what is wrong? Logs of broken runs, and processes
that hang or die: a runner that believes everything proves nothing.

Prints KTAP; run by tools/test like a program of tests/host.
"""

import os
import sys
import tempfile
import time

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools"))
from runner import boots, jobs, ktap  # noqa: E402
from runner.cases import run as run_cases  # noqa: E402

GOOD = """\
[    0.000000] Vellum boots
KTAP version 1
# test.seed=1
1..2
    KTAP version 1
    # Subtest: buddy
    1..3
    ok 1 split
    ok 2 - merge
    ok 3 contig # SKIP needs 64 MiB
ok 1 buddy
    KTAP version 1
    # Subtest: string
    1..1
    ok 1 copy
ok 2 string
# totals: 3 passed, 0 failed, 1 skipped
"""
FAILED = GOOD.replace("    ok 2 - merge", "    # buddy.c:88: n is 3, want 4\n"
                      "    not ok 2 merge").replace("ok 1 b", "not ok 1 b")


def errors(text):
    return " / ".join(ktap.parse(text).errors)


def counts(text):
    report = ktap.parse(text)
    return tuple(report.count(status) for status in
                 (ktap.PASSED, ktap.FAILED, ktap.SKIPPED))


def good_run_counts_and_has_no_errors():
    return errors(GOOD) == "" and counts(GOOD) == (3, 0, 1)


def carriage_returns_do_not_matter():
    return errors(GOOD.replace("\n", "\r\n")) == ""


def failed_case_keeps_its_explanation():
    case = ktap.parse(FAILED).suites[0].cases[1]
    return (counts(FAILED) == (2, 1, 1) and case.name == "merge" and
            case.explain == ["    # buddy.c:88: n is 3, want 4"])


def silence_is_an_error():
    return errors("").startswith("no KTAP")


def missing_plan_is_an_error():
    return "no plan" in errors(GOOD.replace("\n1..2\n", "\n"))


def missing_suite_is_an_error():
    return "3 suites planned, 2 finished" in errors(
        GOOD.replace("\n1..2\n", "\n1..3\n"))


def surplus_suite_is_an_error():
    return "1 suites planned, but 2" in errors(
        GOOD.replace("\n1..2\n", "\n1..1\n"))


def missing_case_is_an_error():
    return "suite buddy: 4 cases planned, 3 ran" in errors(
        GOOD.replace("    1..3", "    1..4"))


def broken_off_suite_is_an_error_and_is_named():
    return "suite buddy broke off after case split" in errors(
        GOOD[:GOOD.index("    ok 2")])


def ok_suite_with_a_failed_case_is_an_error():
    return "says ok" in errors(FAILED.replace("not ok 1 buddy", "ok 1 buddy"))


def bail_out_is_an_error():
    return "Bail out! gone" in errors(GOOD + "Bail out! gone\n")


def not_a_single_ok_is_an_error():
    return "not a single ok" in errors("KTAP version 1\n1..0\n")


def panic_is_found_in_the_log():
    return (jobs.trouble_in("a\n[    1.25] panic: zone\nb") == "panic: zone"
            and jobs.trouble_in("[    1.25] a panic: zone\n") is None)


def result_of(script, limit=20):
    """The Result of a host job that runs this shell script."""
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as file:
        file.write(script)
        file.flush()
        job = jobs.HostJob("self-test", ["sh", file.name])
        job.limit = lambda scale: limit
        return job.run(1)


def hanging_process_is_ended_and_reported():
    start = time.monotonic()
    result = result_of("echo KTAP version 1; sleep 100", limit=1)
    return (time.monotonic() - start < 10 and result.failed() and
            "hang" in result.errors[0])


def hang_is_told_with_its_place():
    with tempfile.NamedTemporaryFile() as log:
        process = jobs.Process(["sleep", "100"], log.name, 0.1,
                               ask_where=lambda: ["CPU 0 is at f+0x10"])
        process.run()
    return process.hang()[1:] == ["CPU 0 is at f+0x10"]


def each_result_begins_the_limit_anew():
    process = jobs.Process([], "", 1)
    seen = []
    for line in (b"KTAP version 1\n1..2\n", b"ok 1 a\n", b"# b\n", b"ok 2"):
        process.output += line
        seen.append(process.feed_lines())
    return seen == [False, True, False, False]


def waiting_for_a_processor_is_no_hang():
    process = jobs.Process([], "", 100)
    process.progress = 1000, 10
    return (not process.over((1300, 90)) and process.over((1150, 110)) and
            process.over((1000 + 100 * jobs.PATIENCE, 10)))


def processor_time_is_told():
    before = jobs.clocks(os.getpid())
    while jobs.clocks(os.getpid())[1] < before[1] + 0.05:
        pass
    return jobs.clocks(os.getpid())[0] > before[0]


def symbols_are_those_of_the_kernel_that_runs():
    plain, checked = jobs.QemuJob("x", 1), jobs.QemuJob("x", 1)
    checked.variant = "debug-kasan"
    command = checked.command()
    return (plain.kernel(".elf").endswith("build/kernel.elf") and
            checked.kernel(".elf").endswith("build/debug-kasan/kernel.elf") and
            checked.kernel(".bin") == command[command.index("--kernel") + 1])


def exit_status_of_a_dying_process_is_reported():
    result = result_of("cat <<'END'\n" + GOOD + "END\nkill -9 $$")
    return result.failed() and "exit status -9" in result.errors


def process_that_never_starts_is_a_failure():
    return result_of("exit 127").failed()


def good_process_passes():
    return not result_of("cat <<'END'\n" + GOOD + "END\n").failed()


def boot_needs_its_messages_in_order():
    run = boots.BootRun("x", boots.Boot("x", expect=["one", "two"], say=()))
    seen = jobs.Process([], "", 1)
    seen.output = bytearray(b"two one")
    return run.judge(seen, 0) == ['not on the console: "two"']


def boot_needs_its_exit_status():
    run = boots.BootRun("x", boots.Boot("x", status=1, say=()))
    return run.judge(jobs.Process([], "", 1), 0) == ["exit status 0, want 1"]


def boot_has_to_be_verified():
    run = boots.BootRun("x", boots.Boot("x"))
    return run.judge(jobs.Process([], "", 1), 0) == [
        f'verify did not say "{boots.VERIFIED}"']


def boot_with_a_warning_is_wrong():
    run = boots.BootRun("x", boots.Boot("x", say=()))
    seen = jobs.Process([], "", 1)
    seen.output = bytearray(b"[    0.1] WARNING at mm/x.c:1: bad\n")
    return run.judge(seen, 0) == ["WARNING at mm/x.c:1: bad"]


def main():
    cases = [value for name, value in list(globals().items())
             if callable(value) and getattr(value, "__module__", "") ==
             "__main__" and name not in ("main", "errors", "counts",
                                         "result_of")]
    return run_cases("runner", cases)


if __name__ == "__main__":
    sys.exit(main())
