#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does tools/kallsyms.py see a table that does not fit its kernel?

Prints KTAP; run by tools/test like a program of tests/host.
"""

import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(TOP, "tools", "kallsyms.py")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(TOOL))
import kallsyms  # noqa: E402
from runner.cases import run as run_cases  # noqa: E402

ELF = os.path.join(TOP, "build", "kernel.elf")


def run(*args):
    """Exit status, output and messages of the tool."""
    done = subprocess.run([sys.executable, TOOL, *args], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


TABLE = run(ELF)[1]


def check(table):
    """Exit status and messages of the check of this table."""
    with tempfile.NamedTemporaryFile("w", suffix=".S") as file:
        file.write(table)
        file.flush()
        status, _, messages = run("--check", ELF, file.name)
    return status, messages


def its_own_table_fits():
    return check(TABLE)[0] == 0


def a_moved_function_is_seen():
    first = re.search(r"\.word (0xc0[0-9a-f]{6})", TABLE).group(1)
    moved = f"0x{int(first, 16) + 4:08x}"
    status, messages = check(TABLE.replace(first, moved, 1))
    return status == 1 and first[2:] in messages and moved[2:] in messages


def a_missing_function_is_seen():
    return check(re.sub(r"\t\.byte .* T panic \*/\n", "", TABLE))[0] == 1


def a_renamed_function_is_seen():
    codes = re.search(r"\t\.byte (.*)\t.* T panic \*/\n", TABLE).group(1)
    *others, last = codes.split(", ")
    other = ", ".join(others + [str(int(last) ^ 1)])
    status, messages = check(TABLE.replace(codes, other, 1))
    return status == 1 and "T panic" in messages


def a_longer_table_is_seen():
    return check(TABLE + "\t.word 0\n")[0] == 1


def every_group_has_its_record():
    groups = re.findall(r"\.word (0xc0[0-9a-f]{6}), \d+\n", TABLE)
    records = re.findall(r"/\* (c0[0-9a-f]{6}) \d+ [TtWw] \w*", TABLE)
    return len(records) > 1000 and groups == ["0x" + a for a in records[::32]]


def addresses_ascend_without_gaps():
    records = [(int(a, 16), int(size)) for a, size in
               re.findall(r"/\* (c0[0-9a-f]{6}) (\d+) ", TABLE)]
    return all(a + size == b for (a, size), (b, _) in zip(records, records[1:]))


def a_name_too_long_is_refused():
    long = [(0xc0010000, 4, "T", "x" * kallsyms.NAME_LEN)]
    try:
        kallsyms.assembly(long)
    except SystemExit as error:
        return "more than" in str(error)
    return False


def pairs_of_pairs_are_not_too_deep():
    names = ["ab" * 2 ** n for n in range(5)] + ["ba" * 39] * 20
    packed, pairs = kallsyms.pack(names)

    def depth(code):
        return 1 + max(map(depth, pairs[code])) if code in pairs else 0

    def unpack(codes):
        return "".join(unpack(pairs[c]) if c in pairs else chr(c)
                       for c in codes)
    return ([unpack(codes) for codes in packed] == names and
            2 < max(map(depth, pairs)) < kallsyms.MAX_DEPTH)


def what_is_no_kernel_is_refused():
    status, _, messages = run(TOOL)
    return status != 0 and messages != ""


def main():
    cases = [its_own_table_fits, a_moved_function_is_seen,
             a_missing_function_is_seen, a_longer_table_is_seen,
             a_renamed_function_is_seen, every_group_has_its_record,
             addresses_ascend_without_gaps, a_name_too_long_is_refused,
             pairs_of_pairs_are_not_too_deep, what_is_no_kernel_is_refused]
    return run_cases("kallsyms.py", cases)


if __name__ == "__main__":
    sys.exit(main())
