#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""From the kernel's trace ring to every format of tools/mmtrace, and back.

Boots the kernel under a fixed clock: at its prompt, where the ring is shown,
written to a file and left in memory for a dump of all memory; to a crash; and
for suites, with the file written at power off. Prints KTAP; run by tools/test
like a program of tests/host.
"""

import json
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tools"))
from runner.cases import run as run_cases  # noqa: E402
TOOL = os.path.join(TOP, "tools", "mmtrace")
RUN = os.path.join(TOP, "tools", "run-qemu")
PROMPT = b"vellum> "
LIMIT = 300               # seconds, generous: what hangs must end
# They allocate a lot, but not more than fits into the rings.
SUITES = "page_alloc,kmalloc:every_size_is_served_aligned_and_whole"
FOLDER = tempfile.mkdtemp(prefix="mmtrace-")


def path(name):
    return os.path.join(FOLDER, name)


def mmtrace(*args):
    """Exit status, output and messages of the tool."""
    done = subprocess.run([sys.executable, TOOL, *args], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


# --- boots ------------------------------------------------------------------

class Session:
    """A machine at its prompt."""

    def __init__(self, append="quiet"):
        self.qemu = subprocess.Popen(
            [RUN, "--batch", "--icount", "0", "--mem", "32", "--smp", "2",
             "--timeout", str(LIMIT), "--monitor", path("monitor"),
             "--append", append],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.read()

    def read(self):
        """What comes up to the next prompt."""
        text, end = b"", time.monotonic() + LIMIT
        while not text.endswith(PROMPT):
            ready = select.select([self.qemu.stdout], [], [],
                                  max(0, end - time.monotonic()))[0]
            part = self.qemu.stdout.read1(65536) if ready else b""
            if not part:
                break
            text += part
        return text.decode(errors="replace").replace("\r", "")

    def say(self, command):
        self.qemu.stdin.write(command.encode() + b"\n")
        self.qemu.stdin.flush()
        return self.read().partition("\n")[2].removesuffix(PROMPT.decode())

    def dump_memory(self, name):
        """By QEMU's own monitor: the machine needs no part in it."""
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(path("monitor"))
            link.settimeout(LIMIT)
            talk = link.makefile("rwb", buffering=0)
            for command in (f"dump-guest-memory {name}", "info status"):
                talk.write(command.encode() + b"\n")
            text = b""
            while b"VM status" not in text:
                text += talk.read(4096)

    def end(self):
        try:
            self.qemu.communicate(b"poweroff\n", LIMIT)
        except BrokenPipeError:
            self.qemu.wait(LIMIT)
        finally:
            self.qemu.kill()


def boot_prompt():
    """What `trace show` printed; files file.core and memory.core."""
    session = Session()
    for command in ("trace on kmem,sched,irq,stack", "alloc 3", "alloc 0",
                    "alloc 6", "free all", "trace off"):
        session.say(command)
    shown = session.say("trace show 0")
    session.say(f"trace dump {path('file.core')}")
    session.dump_memory(path("memory.core"))
    session.end()
    return shown


def boot_crash():
    """A fault at the prompt ends the machine; crash.core is left."""
    session = Session(f"quiet panic=-1 trace.file={path('crash.core')}")
    session.say("trace on mm_page_alloc,exceptions")
    session.say("alloc 4")
    session.say("oops null-read")
    session.end()


def boot_suite():
    subprocess.run(
        [RUN, "--batch", "--icount", "3", "--mem", "64", "--smp", "2",
         "--timeout", str(LIMIT), "--append",
         f"test={SUITES} panic=-1 quiet trace=mm_page_alloc,mm_page_free,"
         f"kmalloc,kfree trace_size=4M trace.file={path('suite.core')}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)


SHOWN = boot_prompt()
boot_crash()
boot_suite()


# --- cases ------------------------------------------------------------------

def the_tool_passes_its_own_test():
    status, out, _ = mmtrace("--selftest")
    return status == 0 and "not ok" not in out


def the_text_is_what_the_kernel_shows():
    return (SHOWN.count("mm_page_alloc:") > 1 and " => " in SHOWN and
            mmtrace("show", path("file.core"))[1] == SHOWN)


def a_dump_of_memory_tells_the_same():
    return mmtrace("show", path("memory.core"))[1] == SHOWN


def a_crash_leaves_its_trace():
    lines = mmtrace("text", path("crash.core"))[1].splitlines()
    return ("page_fault_kernel: address=00000010 ip=oops_null_read+" in
            lines[-1] and any("order=4 " in line for line in lines))


LINE = re.compile(r"\s*[A-Za-z0-9-]*-\d+\s+\[\d+\]\s+[0-9.]+: (\w+): (.*)")
FIELDS = {
    "mm_page_alloc": r"page=[0-9a-f]{8} pfn=\d+ order=\d+ migratetype=\d+ "
                     r"gfp_flags=[A-Z_|]+ ",
    "mm_page_free": r"page=[0-9a-f]{8} pfn=\d+ order=\d+$",
    "mm_page_alloc_zone_locked": r"page=[0-9a-f]{8} pfn=\d+ order=\d+ "
                                 r"migratetype=\d+ percpu_refill=[01]$",
    "sched_switch": r"prev_comm=\S+ prev_pid=\d+ prev_prio=120 "
                    r"prev_state=[RSDX] ==> next_comm=\S+ next_pid=\d+ "
                    r"next_prio=120$",
}


def the_text_is_what_scripts_for_linux_expect():
    seen = set()
    for line in mmtrace("text", path("file.core"))[1].splitlines()[2:]:
        match = LINE.fullmatch(line)
        if line.startswith(" => "):
            continue
        if not match or not re.match(FIELDS.get(match[1], ""), match[2]):
            print(f"    # {line}")
            return False
        seen.add(match[1])
    return seen >= set(FIELDS)


def events_add_up_to_pgalloc_and_pgfree():
    out = mmtrace("stat", path("suite.core"))[1]
    totals = re.findall(r"pg\w+: (\d+) frames by events, (\d+) by", out)
    return (re.search(r"^ +0  lost", out, re.M) and len(totals) == 2 and
            all(int(a) == int(b) > 1000 for a, b in totals))


def number_of_events(core):
    return int(re.search(r"(\d+)  events", mmtrace("stat", core)[1])[1])


def nested(slices):
    """Do the slices of one track lie beside or inside each other?"""
    open_until = []
    for start, end in sorted(slices, key=lambda s: (s[0], -s[1])):
        while open_until and open_until[-1] <= start + 1e-6:
            open_until.pop()
        if open_until and end > open_until[-1] + 1e-6:
            return False
        open_until.append(end)
    return True


def json_loads_and_slices_nest():
    document = json.loads(mmtrace("json", path("file.core"))[1])
    events = document["traceEvents"]
    slices = {}
    for e in events:
        if e["ph"] == "X":
            slices.setdefault(e["tid"], []).append((e["ts"],
                                                    e["ts"] + e["dur"]))
    names = {e["name"] for e in events}
    return (slices and all(map(nested, slices.values())) and
            {"free frames", "mm_page_alloc"} <= names and
            any(name.startswith("irq ") for name in names) and
            document["otherData"]["events"] ==
            number_of_events(path("file.core")))


def counters_stay_within_memory():
    events = json.loads(mmtrace("json", path("suite.core"))[1])["traceEvents"]
    free = [e["args"]["frames"] for e in events if e["name"] == "free frames"]
    held = [e["args"]["bytes"] for e in events
            if e["name"] == "bytes of objects held"]
    return (len(free) > 100 and min(free) >= 0 and max(free) < 64 * 256 and
            len(held) > 100 and min(held) >= 0 and held[-1] < max(held))


WIDTH = {"u8": 1, "u16": 2, "u32": 4, "x32": 4, "u64": 8}


def read_ctf(folder):
    """The events of a CTF trace by its metadata: [(name, fields)]."""
    with open(os.path.join(folder, "metadata"), encoding="utf-8") as file:
        text = file.read()
    kinds = {}
    for block in re.findall(r"event \{.*?\n\};", text, re.S):
        name = re.search(r'name = "([^"]*)"', block)[1]
        number = int(re.search(r"id = (\d+)", block)[1])
        kinds[number] = (name, re.findall(r"\t\t(\w+) _(\w+);", block))
    result = []
    for name in sorted(os.listdir(folder)):
        if name != "metadata":
            with open(os.path.join(folder, name), "rb") as file:
                result += read_packet(file.read(), kinds)
    return result


def read_packet(data, kinds):
    magic, content = struct.unpack_from("<I36xQ", data)
    size, = struct.unpack_from("<Q", data, 24 + 16)
    assert magic == 0xc1fc1fc1 and content == size == len(data) * 8
    at, result = 24 + 44, []
    while at < len(data):
        _, number = struct.unpack_from("<QB", data, at)
        at = data.index(b"\0", at + 9 + 4) + 1
        name, fields = kinds[number]
        values = {}
        for kind, field in fields:
            end = (data.index(b"\0", at) + 1 if kind == "string" else
                   at + WIDTH[kind])
            values[field] = data[at:end]
            at = end
        result.append((name, values))
    return result


def ctf_is_read_back_by_its_metadata():
    if mmtrace("ctf", path("suite.core"), "-o", path("ctf"))[0]:
        return False
    events = read_ctf(path("ctf"))
    frames = sum(1 << int.from_bytes(values["order"], "little")
                 for name, values in events
                 if name == "kmem:mm_page_alloc" and any(values["pfn"]))
    out = mmtrace("stat", path("suite.core"))[1]
    return (len(events) == number_of_events(path("suite.core")) and
            f"pgalloc: {frames} frames" in out)


def babeltrace2_reads_the_ctf_trace():
    if not shutil.which("babeltrace2"):
        return "SKIP babeltrace2 is not installed"
    mmtrace("ctf", path("file.core"), "-o", path("ctf2"))
    done = subprocess.run(["babeltrace2", path("ctf2")], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines = done.stdout.splitlines()
    if done.returncode or len(lines) != number_of_events(path("file.core")):
        print("\n".join("    # " + line for line in lines[:5]))
        return False
    return "kmem:mm_page_alloc: { cpu_id = " in done.stdout


def folded_stacks_count_each_event():
    out = mmtrace("folded", path("file.core"))[1]
    total = sum(int(line.rsplit(" ", 1)[1]) for line in out.splitlines())
    return (total == number_of_events(path("file.core")) and
            re.search(r"^mm_page_alloc;.*;monitor_main;.*alloc_command", out,
                      re.M))


def what_was_freed_is_not_live():
    whole = mmtrace("folded", path("file.core"), "--weight", "bytes")[1]
    live = mmtrace("folded", path("file.core"), "--live")[1]
    return "alloc_command" in whole and "alloc_command" not in live


def a_file_without_a_trace_is_refused():
    status, _, messages = mmtrace("text", os.path.join(TOP, "build",
                                                       "kernel.elf"))
    empty = mmtrace("text", os.devnull)
    return (status == 1 and "mmtrace:" in messages and
            empty[0] == 1 and "ELF" in empty[2])


CASES = [the_tool_passes_its_own_test, the_text_is_what_the_kernel_shows,
         a_dump_of_memory_tells_the_same, a_crash_leaves_its_trace,
         the_text_is_what_scripts_for_linux_expect,
         events_add_up_to_pgalloc_and_pgfree, json_loads_and_slices_nest,
         counters_stay_within_memory, ctf_is_read_back_by_its_metadata,
         babeltrace2_reads_the_ctf_trace, folded_stacks_count_each_event,
         what_was_freed_is_not_live, a_file_without_a_trace_is_refused]


def main():
    failed = run_cases("mmtrace", CASES)
    shutil.rmtree(FOLDER, ignore_errors=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
