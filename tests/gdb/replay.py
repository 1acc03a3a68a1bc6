# SPDX-License-Identifier: MIT
"""Inside gdb: a recorded fault, forwards and backwards.

The recording is of `oops null-write` typed at the prompt (tests/gdb/run).
"""

import os
import re
import sys

import gdb

sys.path.insert(0, os.path.join(os.getcwd(), "tests", "gdb"))
from ktap import case, do, expect, has, run, same  # noqa: E402


def now():
    return int(re.search(r"instruction (\d+)", do("mm when"))[1])


def pc():
    return int(gdb.parse_and_eval("$pc")) & 0xffffffff


@case
def the_session_walks_back_to_the_store():
    text = do("source tools/gdb/sessions/fault-backwards.gdb")
    for part in ("write at 0x00000010", "NULL pointer dereference",
                 "oops_null_write", "steps back"):
        has(text, part)
    back = text.split("== backwards")[1].split("==")[0]
    order = [back.find(part) for part in (
        "<handle_data_abort", "<vector_data_abort", "abt ", "steps back")]
    expect(-1 not in order and order == sorted(order), back)
    store = text.split("about to be tried")[1].split("==")[0]
    expect(re.search(r"svc +0x\w+ <oops_null_write\+\d+>: str", store), store)
    tried = text.split("it is tried")[1]
    expect(re.search(r"abt +0x\w+", tried), tried)


@case
def goto_goes_both_ways_and_comes_back():
    do("mm goto 1000000")
    same(now(), 1000000, "forwards or backwards from the fault")
    there = pc()
    do("mm goto 900000")
    same(now(), 900000, "backwards")
    do("mm goto 1000000")
    same((now(), pc()), (1000000, there), "the same place again")


@case
def a_step_back_undoes_a_step():
    place = (now(), pc())
    do("stepi")
    same(now(), place[0] + 1, "one step")
    do("reverse-stepi")
    same((now(), pc()), place, "and back")


@case
def cause_goes_back_to_the_store():
    do("mm goto 1000000")
    gdb.Breakpoint("do_page_fault", temporary=True)
    do("continue")
    want = int(gdb.parse_and_eval("regs->pc"))
    text = do("mm cause")
    same(pc(), want, "pc")
    has(text, "str")
    has(text, "oops_null_write")
    do("stepi")
    same(int(gdb.parse_and_eval("$cpsr")) & 0x1f, 0x17, "then: abort mode")


@case
def who_wrote_finds_the_store():
    gdb.Breakpoint("do_page_fault", temporary=True)
    do("continue")
    want = int(gdb.parse_and_eval("fault->addr"))
    text = do("mm who-wrote &fault->addr")
    has(text, f"became 0x{want:x}")
    has(text, "handle_data_abort")
    where = int(re.search(r"at instruction (\d+)", text)[1])
    same(now(), where, "it stops at the store")
    do("stepi")
    same(now(), where + 1, "and the store is one step")


run("gdb-replay")
