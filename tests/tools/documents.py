#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The console transcripts of README.md and docs/ are what the kernel prints.

They are of the debug build; another one (a sanitizer's, say) has other sizes.
"""
import os
import pathlib
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]

variant = (TOP / "build/.variant").read_text().strip()
if variant != "debug":
    print("KTAP version 1\n1..1")
    print(f"ok 1 transcripts # SKIP they are of the debug build, this is {variant}")
    print("# totals: 0 passed, 0 failed, 1 skipped")
    sys.exit(0)
tool = str(TOP / "tools/doc-transcripts")
os.execv(tool, [tool])
