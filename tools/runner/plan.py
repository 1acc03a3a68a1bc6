# SPDX-License-Identifier: MIT
"""What tools/test runs: the tables of machines, and how suites are found.

Ideas
  Machine   MiB x cores. 16 MiB is the least; 768 MiB is the most that is
            mapped at once, so 1000 and 1024 have high memory, and 1000 is a
            size that is no power of two.
  Clock     under icount one instruction is a fixed time: one order of events,
            which a seed replays. Free-running gives real races between cores,
            so machines with several cores run both ways.
  Suites    found in the sources: TEST_SUITE("name" in tests/kernel, programs
            of tests/host (`make host-tests`), Boots in tests/boot/*.py.
"""

import glob
import importlib.util
import os
import re

from . import boots, jobs

ICOUNT = 3                # an instruction takes 8 ns of the machine's time

# The sanitizer of the kernel in build/ (make test SAN=...), if any.
SAN = os.environ.get("SAN", "")

# Kernel seconds for one case under icount; 30 are 4 * 10^9 instructions. A
# checked kernel takes many more for the same.
CASE_LIMIT = 300 if SAN else 30

# (MiB, cores, through U-Boot): the machines that differ in what they show.
MATRIX = [
    (16, 1, False), (32, 2, False), (256, 1, False), (256, 2, False),
    (256, 4, False), (1000, 1, False), (1024, 4, False),
    (32, 1, True), (512, 4, True),
]
# (sanitizer, MiB, cores): kernels that are built for it and run beside those.
SANITIZERS = [("ubsan", 256, 4), ("kasan", 256, 4), ("kasan", 1024, 4)]
# Kernels beside the one in build/: their folders there, and what makes them.
VARIANTS = {"debug-ubsan": ["SAN=ubsan"], "debug-kasan": ["SAN=kasan"],
            "release": ["BUILD=release"],
            "release-notests": ["BUILD=release", "TESTS=0"]}
# How much longer all suites take in them.
SANITIZER_COST = {"ubsan": 2, "kasan": 8}
# Slab designs beside SLUB, which all machines above have, and where they run.
DESIGNS = ("slab", "slob")
DESIGN_MACHINE = (256, 4)
# Where kmemleak watches, and how much longer all suites take then.
LEAK_MACHINE, LEAK_COST = (256, 2), 2.5
# A small suite that needs little of the kernel, for the first boot.
SMOKE_SUITE = "lib_cmdline"
# Where the system calls are judged from outside.
USER_MACHINES = [(256, 1, False), (256, 4, False), (32, 2, False)]
RELEASE_MACHINE = (256, 4, False)
USER_COST = 8
# What of them runs in a kernel with a sanitizer, too.
CHECKED = {"kasan": ("attacks", "fuzz_memory", "hostile", "userfault"),
           "ubsan": ("fuzz_memory", "hostile")}
# After each edit: one machine, one order of events, and nothing that takes long
# by itself.
QUICK = [(256, 2, False)]
QUICK_SKIPS = ("fuzz_memory", "hostile", "limits", "sweep_files", "sweep_user",
               "tools mmtrace", "tools run_qemu", "tools runner",
               "tools slab_compare")
ONE_SUITE = [(256, 1, False), (256, 4, False)]

# Seconds of all suites, where this was written: 1 core, and each further one.
COST, COST_CORE, COST_ICOUNT = 10, 5, 3
# Seconds of the calibration boot there.
REFERENCE_BOOT = 1.0


def parse_machine(text):
    """(MiB, cores, through U-Boot) of '256x2' or '32x1u'."""
    match = re.fullmatch(r"(\d+)x(\d)(u?)", text)
    if not match:
        raise SystemExit(f"test: no machine '{text}': it is MBxCORES, as 256x2")
    return int(match[1]), int(match[2]), bool(match[3])


def whole_matrix():
    """Every size, number of cores and path."""
    return [(mem, smp, uboot)
            for uboot in (False, True)
            for mem in (16, 32, 64, 128, 256, 512, 1000, 1024)
            for smp in (1, 2, 3, 4)]


def kernel_jobs(machines, tests, append, clocks=(ICOUNT, None)):
    """One job for each clock; for one core, one."""
    result = []
    for mem, smp, uboot in machines:
        for icount in clocks if smp > 1 else (ICOUNT,):
            cost = COST + COST_CORE * (smp - 1)
            limit = "" if icount is None else f"test.timeout={CASE_LIMIT} "
            name = (f"{mem} MiB x {smp} {'U-Boot' if uboot else 'direct'}, "
                    f"{'free-running' if icount is None else 'icount'}")
            result.append(jobs.KernelJob(
                name, cost * (1 if icount is None else COST_ICOUNT), mem, smp,
                uboot, icount, f"test={tests} panic=-1 {limit}{append}".strip()))
    return result


def sanitizer_jobs(append):
    """Free-running, for it is slow; none if the kernel is checked already."""
    result = []
    for san, mem, smp in SANITIZERS if not SAN else ():
        cost = (COST + COST_CORE * (smp - 1)) * SANITIZER_COST[san]
        job = jobs.KernelJob(f"{mem} MiB x {smp} {san}", cost, mem, smp,
                             append=f"test=all panic=-1 {append}".strip())
        job.variant = "debug-" + san
        result.append(job)
    for san, suites in CHECKED.items() if not SAN else ():
        job = jobs.UserJob(f"user 256 MiB x 4 {san}", USER_COST, 256, 4,
                           append="panic=-1 loglevel=4 utest="
                           f"{','.join(suites)} {append}".strip())
        job.variant = "debug-" + san
        result.append(job)
    return result


def release_jobs(append, only=None):
    """The kernel as it is used, -O2 and Thumb code: all suites, and tests/user
    on one without tests and checks.

    What gcc makes of a wrong constraint it makes of it there."""
    if SAN or only not in (None, "release"):
        return []
    mem, smp, _ = RELEASE_MACHINE
    suites = jobs.KernelJob(
        f"{mem} MiB x {smp} release", COST + COST_CORE * (smp - 1), mem, smp,
        append=f"test=all panic=-1 {append}".strip())
    suites.variant = "release"
    job = jobs.UserJob(f"user {mem} MiB x {smp} release", USER_COST, mem, smp,
                       append=f"panic=-1 loglevel=4 {append}".strip())
    job.variant = "release-notests"
    return [suites, job]


def design_jobs(append):
    """All suites on the other slab designs; free-running, for the races."""
    mem, smp = DESIGN_MACHINE
    return [jobs.KernelJob(
        f"{mem} MiB x {smp} slab={design}", COST + COST_CORE * (smp - 1), mem,
        smp, append=f"test=all panic=-1 slab={design} {append}".strip())
            for design in (() if SAN == "kasan" else DESIGNS)]


def leak_jobs(append):
    """All suites while kmemleak watches: no case may lose an object."""
    mem, smp = LEAK_MACHINE
    return [] if SAN == "kasan" else [jobs.KernelJob(
        f"{mem} MiB x {smp} kmemleak", LEAK_COST * (COST + COST_CORE * (smp - 1)),
        mem, smp, append=f"test=all panic=-1 kmemleak=on {append}".strip())]


def kernel_suites():
    """Names of the suites in tests/kernel."""
    names = set()
    for path in glob.glob(os.path.join(jobs.TOP, "tests/kernel/**/*.c"),
                          recursive=True):
        with open(path) as file:
            names.update(re.findall(r'TEST_SUITE\(\s*"([^"]+)"', file.read()))
    return names


def user_suites():
    """Names of the suites in tests/user."""
    names = set()
    for path in glob.glob(os.path.join(jobs.TOP, "tests/user/*.c")):
        with open(path) as file:
            names.update(re.findall(r"^UTEST_SUITE\((\w+)", file.read(), re.M))
    return names


def user_jobs(append, only=None, machines=USER_MACHINES):
    """tests/user; with `only`, SUITE or SUITE:CASE of it ("user": all)."""
    if only not in (None, "user") and only.split(":")[0] not in user_suites():
        return []
    which = "" if only in (None, "user") else f"utest={only} "
    return [jobs.UserJob(
        f"user {mem} MiB x {smp}", USER_COST, mem, smp,
        icount=ICOUNT if smp == 1 else None,
        append=f"panic=-1 loglevel=4 {which}{append}".strip())
            for mem, smp, _ in machines]


def quick_user_job(append):
    """The system calls, but for what takes long."""
    mem, smp, _ = QUICK[0]
    chosen = ",".join(sorted(user_suites() - set(QUICK_SKIPS)))
    return jobs.UserJob(
        f"user {mem} MiB x {smp}", USER_COST, mem, smp,
        append=f"panic=-1 loglevel=4 utest={chosen} {append}".strip())


def boot_jobs(only=None):
    """One job for each file of tests/boot; with `only`, that file or boot."""
    result = []
    for path in sorted(glob.glob(os.path.join(jobs.TOP, "tests/boot/*.py"))):
        stem = os.path.basename(path)[:-3]
        spec = importlib.util.spec_from_file_location("boot_" + stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        chosen = [boot for boot in module.BOOTS
                  if only in (None, "boot", stem, boot.name)]
        if chosen:
            result.append(boots.BootsJob("boot-" + stem, chosen))
    return result
