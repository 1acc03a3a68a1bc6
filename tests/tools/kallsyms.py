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
    return status == 1 and first in messages and moved in messages


def a_missing_function_is_seen():
    return check(re.sub(r'\t\.asciz "T?t?panic"\n', "", TABLE))[0] == 1


def a_longer_table_is_seen():
    return check(TABLE + "\t.word 0\n")[0] == 1


def every_name_has_its_address():
    addresses = re.findall(r"\.word 0xc0", TABLE)
    names = re.findall(r"\.asciz", TABLE)
    return len(addresses) == len(names) > 500


def addresses_ascend():
    addresses = re.findall(r"\.word (0xc0[0-9a-f]{6})", TABLE)
    return addresses == sorted(set(addresses))


def what_is_no_kernel_is_refused():
    status, _, messages = run(TOOL)
    return status != 0 and messages != ""


def main():
    cases = [its_own_table_fits, a_moved_function_is_seen,
             a_missing_function_is_seen, a_longer_table_is_seen,
             every_name_has_its_address, addresses_ascend,
             what_is_no_kernel_is_refused]
    print("KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: kallsyms.py\n"
          f"    1..{len(cases)}")
    failed = 0
    for number, case in enumerate(cases, 1):
        good = case()
        failed += not good
        print(f"    {'' if good else 'not '}ok {number} {case.__name__}",
              flush=True)
    print(f"{'not ' if failed else ''}ok 1 kallsyms.py")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
