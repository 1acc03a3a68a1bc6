# SPDX-License-Identifier: MIT
"""Load the `mm` commands into gdb:  gdb -x tools/gdb/vellum.py build/kernel.elf

It is always named on the command line and never found by auto-load, which
gdb refuses for most folders. `make gdb` does it. Inside gdb: help mm
"""

import os
import sys

import gdb

sys.dont_write_bytecode = True      # leave nothing among the sources
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

for setting in ("pagination off", "confirm off", "print pretty on",
                "history save off", "backtrace past-main on",
                "backtrace limit 40", "tcp connect-timeout 10"):
    gdb.execute("set " + setting)

import mm  # noqa: E402

mm.load()
