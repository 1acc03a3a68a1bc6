#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/slab-compare: its table says what the logs say, a log that is not
whole is refused, and two runs of the machine print the same. Prints KTAP.
"""
import functools
import pathlib
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
TOOL = TOP / "tools/slab-compare"
DESIGNS = ("slub", "slab", "slob")

SCRIPT = '''\
bench slab "{0}" mean {1}.5 median 40 worst 900
note slab "{0}" "asked" 3072
note slab "{0}" "given" 4096
note slab "{0}" "pages at peak" 2
note slab "{0}" "pages after" {1}
note slab "{0}" "pages at rest" 0
'''
FRAGMENTS = '''\
bench slab "fragments" mean 9.0 median 0 worst 0
note slab "fragments" "objects" 100
note slab "fragments" "asked at full" 8192
note slab "fragments" "pages at full" 4
note slab "fragments" "survivors" 7
note slab "fragments" "asked" 4097
note slab "fragments" "pages held" 3
note slab "fragments" "pages nearly empty" 1
note slab "fragments" "largest block" 64
note slab "fragments" "pages at rest" 0
# bench: 3 cases
'''


def log(n):
    """What the kernel prints, with the figures of design n."""
    return SCRIPT.format("mixed", n) + SCRIPT.format("bursts", 10 * n) + FRAGMENTS


def compare(*arguments):
    done = subprocess.run([TOOL, *map(str, arguments)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def table_of(texts):
    """Exit status, and {row: [columns]}; rows of one name: the last one."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder, name) for name in DESIGNS]
        for path, text in zip(paths, texts):
            path.write_text(text)
        status, output = compare(*paths)
    rows = [re.split(r" {2,}", line.strip()) for line in output.splitlines()]
    return status, {row[0]: row[1:] for row in rows}, output


def columns_are_the_designs():
    status, _, output = table_of([log(1), log(2), log(3)])
    return status == 0 and output.split("\n")[0].split() == list(DESIGNS)


def costs_stand_in_their_column():
    rows = table_of([log(1), log(2), log(3)])[1]
    return (rows["mixed lives: instructions per call, mean"] == ["1.5", "2.5", "3.5"] and
            rows["bursts: instructions per call, mean"] == ["10.5", "20.5", "30.5"])


def waste_is_computed():
    rows = table_of([log(1), log(2), log(3)])[1]
    return (rows["lost inside objects, %"] == ["25.0"] * 3 and
            rows["pages that its bytes would fill"] == ["2"] * 3)


def bytes_of_a_page_are_a_share():
    rows = table_of([log(1), log(2), log(3)])[1]
    return rows["of these bytes asked for, %"] == ["50.0"] * 3


def log_that_broke_off_is_refused():
    status, _, output = table_of([log(1), log(2), log(3)[:-20]])
    return status == 1 and "the kernel counted None" in output


def log_without_a_figure_is_refused():
    bad = log(2).replace('"pages held"', '"pages lost"')
    status, _, output = table_of([log(1), bad, log(3)])
    return status == 1 and "pages held" in output


def two_logs_are_too_few():
    return compare("a", "b")[0] == 2


@functools.lru_cache(maxsize=None)
def machine(run):
    """Exit status and table of the run-th run of the kernel in build."""
    return compare("--kernel", TOP / "build/kernel.bin")


def machine_prints_the_same_twice():
    return machine(1) == machine(2) and machine(1)[0] == 0


def designs_differ_and_give_everything_back():
    rest = re.findall(r"and after shrinking +(\d+) +(\d+) +(\d+)", machine(1)[1])
    cost = re.search(r"mixed lives.*mean +(\S+) +(\S+) +(\S+)", machine(1)[1])
    return rest == [("0", "0", "0")] * 2 and len(set(cost.groups())) == 3


def main():
    # A kernel with KASAN has one design, and keeps what was freed for a while.
    checked = (TOP / "build/.variant").read_text().strip() not in ("debug", "release")
    cases = [value for value in list(globals().values())
             if callable(value) and getattr(value, "__module__", "") == "__main__"
             and value not in (log, compare, table_of, machine, main)]
    print(f"KTAP version 1\n1..{len(cases)}")
    count = {"ok": 0, "not ok": 0, "skip": 0}
    for number, case in enumerate(cases, 1):
        if checked and case in (machine_prints_the_same_twice,
                                designs_differ_and_give_everything_back):
            count["skip"] += 1
            print(f"ok {number} {case.__name__} # SKIP the kernel in build is a checked one")
            continue
        word = "ok" if case() else "not ok"
        count[word] += 1
        print(f"{word} {number} {case.__name__}", flush=True)
    print(f"# totals: {count['ok']} passed, {count['not ok']} failed, {count['skip']} skipped")
    sys.exit(1 if count["not ok"] else 0)


main()
