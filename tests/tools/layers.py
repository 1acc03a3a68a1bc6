#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/check-layers: the tree obeys docs/layers.txt, and wrong arrows are seen."""
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]

# (case, file, its text, words of the complaint or None)
TREES = [
    ("mm_may_not_include_drivers", "mm/a.c", "#include <drivers/x.h>\n", "not in its layers"),
    ("lib_may_include_only_lib", "kernel/lib/a.c", "#include <kernel/panic.h>\n",
     "not in its layers"),
    ("arch_may_not_include_mm", "arch/arm/a.c", "#include <mm/page.h>\n", "not in its layers"),
    ("page_table_bits_stay_in_arch", "kernel/a.c", "#include <asm/arch-pgtable.h>\n",
     "private to arch"),
    ("private_headers_lie_beside_the_file", "mm/a.c", '#include "nobody.h"\n', "not beside it"),
    ("kernel_may_include_mm", "kernel/a.c", "#include <mm/page.h>\n", None),
]


def check(root):
    done = subprocess.run([TOP / "tools/check-layers", "--table", TOP / "docs/layers.txt", root],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def planted(name, text, complaint):
    with tempfile.TemporaryDirectory() as root:
        path = pathlib.Path(root, name)
        path.parent.mkdir(parents=True)
        path.write_text(text)
        status, output = check(root)
    if complaint is None:
        return status == 0, output
    return status == 1 and complaint in output, output


def main():
    status, output = check(TOP)
    results = [("the_tree_is_in_order", status == 0, output)]
    results += [(case, *planted(*rest)) for case, *rest in TREES]
    print(f"KTAP version 1\n1..{len(results)}")
    for number, (case, good, output) in enumerate(results, 1):
        if not good:
            print("".join(f"# {line}\n" for line in output.splitlines()), end="")
        print(f"{'ok' if good else 'not ok'} {number} {case}")
    failed = sum(not good for _, good, _ in results)
    print(f"# totals: {len(results) - failed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)


main()
