# SPDX-License-Identifier: MIT
"""Programs: our own shell and tools, and Debian's busybox, unmodified.

A person types into them; what they print is compared.
"""

import hashlib
import os
import subprocess
import tempfile

from runner import jobs
from runner.boots import Boot, Skip

SHELL = r"vellum$ "
ASH = "# "


def ours():
    with open(os.path.join(jobs.TOP, "build", "initramfs.cpio"), "rb") as file:
        return file.read()


def tool(name, *arguments):
    return subprocess.run([os.path.join(jobs.TOP, "tools", name), *arguments],
                          check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True).stdout.strip()


def md5_of_numbers(n):
    lines = "".join(f"{i}\n" for i in range(1, n + 1))
    return hashlib.md5(lines.encode()).hexdigest()


def busybox():
    """An archive with nothing but Debian's busybox in it."""
    try:
        files = tool("debian-armhf", "busybox-static")
    except subprocess.CalledProcessError as error:
        raise Skip("busybox-static cannot be fetched: "
                   + error.stderr.strip().split("\n")[-1]) from error
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "cpio")
        tool("initramfs", "--out", path,
             "--file", f"bin/busybox={files}/bin/busybox",
             "--link", "bin/sh=busybox")
        with open(path, "rb") as file:
            return file.read()


# Of Debian: its dynamic linker and libraries, and programs that need them.
LIBRARIES = "lib/arm-linux-gnueabihf"
DYNAMIC = {
    "libc6": {"lib/ld-linux-armhf.so.3": f"{LIBRARIES}/ld-linux-armhf.so.3",
              f"{LIBRARIES}/libc.so.6": f"{LIBRARIES}/libc.so.6"},
    "libselinux1": {f"{LIBRARIES}/libselinux.so.1":
                    f"{LIBRARIES}/libselinux.so.1"},
    "libpcre2-8-0": {f"{LIBRARIES}/libpcre2-8.so.0":
                     f"usr/{LIBRARIES}/libpcre2-8.so.0"},
    "dash": {"deb/dash": "bin/dash"},
    "grep": {"deb/grep": "bin/grep"},
    "coreutils": {f"deb/{name}": f"{folder}/{name}" for name, folder in (
        ("ls", "bin"), ("cat", "bin"), ("sleep", "bin"), ("sort", "usr/bin"),
        ("wc", "usr/bin"), ("seq", "usr/bin"), ("md5sum", "usr/bin"))},
}


def dynamic():
    """Our archive with those files in it."""
    build = os.path.join(jobs.TOP, "build", "user")
    options = ["--box", os.path.join(build, "box"),
               "--etc", os.path.join(jobs.TOP, "user", "etc")]
    for package, files in DYNAMIC.items():
        try:
            folder = tool("debian-armhf", package)
        except subprocess.CalledProcessError as error:
            raise Skip(f"{package} cannot be fetched: "
                       + error.stderr.strip().split("\n")[-1]) from error
        for name, path in files.items():
            options += ["--file", f"{name}={os.path.join(folder, path)}"]
    options += [f"--folder={name}" for name in
                ("lib", LIBRARIES, "deb")]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "cpio")
        tool("initramfs", "--out", path, *options)
        with open(path, "rb") as file:
            return file.read()


def session(name, say, expect, **options):
    return Boot(name, say=(*say, "poweroff"), expect=expect, initrd=ours,
                prompt=SHELL, **options)


BOOTS = [
    session("pipes_and_redirection",
            ("echo one two | wc -w", "ls / | sort | head -n 3",
             "echo saved > /tmp/f; cat < /tmp/f",
             "cat /nowhere 2>&1 | wc -l"),
            [r"^2 $", r"^bin\ndev\netc$", r"^saved$", r"^1 $"]),
    session("frames_and_segments",
            ("page-types | grep total", "page-types $$ | grep -c zero_page",
             "page-types 99999", "ipcs | head -n 1",
             "grep -c buddy /proc/page_types",
             "ls /proc/1/fd | head -n 1", "ls /proc/1/root | head -n 1"),
            [r"total +\d+ +\d+", r"page-types: 99999: ",
             r"Shared Memory Segments", r"^1$", r"^0$", r"^bin$"]),
    session("scripts",
            ("for i in a b c; do echo -n $i-; done; echo end",
             "i=0; while [ $i -lt 50 ]; do i=$((i+1)); true | cat; done; "
             "echo done $i",
             "if grep -c MemTotal /proc/meminfo; then echo found; fi",
             "false || echo or $?"),
            [r"^a-b-c-end$", r"^done 50$", r"^1\nfound$", r"^or 1$"]),
    session("jobs",
            ("sleep 1000 &", "jobs", "kill %1; wait", "sh -c 'kill -INT $$'",
             "echo $?"),
            [r"^\[1\] \d+$", r"^\[1\] running +sleep 1000$", r"^130$"]),
    session("tools_that_look_at_memory",
            ("ps", "free", "smem", "pmap", "slabtop 3", "vmstat",
             "time ls /bin | wc -l"),
            [r"PID +PPID", r" 1 +0 .* init$", r"^Mem: +\d+ +\d+",
             r"VSS KiB +RSS KiB +PSS KiB +USS KiB", r"\[stack\]", r"caches, ",
             r"faults", r"page faults: \d+ minor, 0 major"]),
    session("more_memory_than_there_is",
            ("mkswap /dev/zram0", "swapon -p 5 /dev/zram0", "swapon -s",
             "thrash 60 16", "grep -c SwapTotal /proc/meminfo",
             "swapoff /dev/zram0", "swapon -s | wc -l",
             "swapon /dev/nothing"),
            [r"version 1, size = \d+ KiB", r"/dev/zram0 +partition\t262140",
             r"^thrash: 16 processes, 15360 pages, 0 failed$", r"^1$",
             r"^swapon: /dev/nothing: "],
            mem=40, append="zram=256M"),
    session("examples",
            ("mymalloc", "leakhook", "mempool", "mapdemo", "readvsmmap",
             "tenprocs", "fbdemo; vmapdemo", "segments | head -n 4"),
            [r"malloc\(280\): joined, fits", r"3 pieces, 18 bytes are lost",
             r"malloc +\d+ ns each",
             r"through the shared one: +the file begins \"SHARED  by hand\"",
             r"through the private one: +the file begins \"SHARED  by hand\"",
             r"read, 4 KiB .* 257 calls",
             r"^0 of them found what another had written$",
             r"^text +main"]),
    session("least_machine", ("ls -l /bin/sh", "free"),
            [r"/bin/sh -> box", r"^Mem: "], mem=16),
    session("four_cores",
            ("for i in 1 2 3 4 5 6; do seq 2000 | sort -nr | head -n 1 & done; "
             "wait", "echo all"),
            [r"^2000$", r"^all$"], mem=1024, smp=4),
    session("keys_of_job_control",
            # What speaks is the job itself: it has the terminal then.
            ("sh -c 'echo go\"\"ing; sleep 1000'", ("going", "\x03"),
             "echo status $?",
             "sh -c 'echo stop\"\"ping; sleep 1001'", ("stopping", "\x1a"),
             "jobs", "bg %1", "jobs", "kill %1; wait; jobs; echo n''one",
             "cat | wc -c", ("cat | wc -c", "four\r\x04"),
             "for i in 1 2 3; do sh -c 'echo tu\"\"rn; sleep 1000'; done",
             ("turn", "\x03"), "echo not f''or ever"),
            [r"^status 130$", r"^\[1\] stopped +sh -c",
             r"^\[1\] running +sh -c", r"^none$", r"^5 *$",
             r"^not for ever$"]),
    session("a_program_that_fails_is_told",
            ("nosuch; echo $?", "/etc/profile; echo $?",
             "sh -c 'kill -SEGV $$'; echo $?"),
            [r"nosuch: not found", r"^127$", r"Permission denied", r"^126$",
             r"SIGSEGV", r"^139$"]),
    Boot("run_a_command_and_power_off", initrd=ours, say=(),
         append="run=echo from the command line; free",
         expect=[r"^from the command line$", r"^Mem: "]),
    session("through_u_boot", ("uname", "ls /bin/box"),
            [r"^/bin/box"], uboot=True),
    Boot("dynamic_programs_of_debian", initrd=dynamic, prompt=SHELL, smp=2,
         say=("/deb/ls -l /deb/dash",
              "/deb/dash -c 'i=0; while [ $i -lt 30 ]; do i=$((i+1)); "
              "/deb/seq $i | /deb/wc -l; done | /deb/sort -n | "
              "/deb/md5sum'",
              "/deb/dash -c '/deb/sleep 1000 & m=/proc/$!/smaps; "
              "until /deb/grep -q r-xp.*libc $m; do :; done; "
              "/deb/grep -A 12 r-xp.*libc $m; kill $!'",
              "/deb/cat /nowhere; echo $?",
              "/deb/dash -c 'kill -SEGV $$'; echo $?",
              "poweroff"),
         # The text of the library: one copy for dash, grep and sleep.
         expect=[r"^-rwxr-xr-x .* /deb/dash$",
                 r"^%s  -$" % md5_of_numbers(30),
                 r"r-xp .*libc\.so\.6\n(?:.*\n)*?Rss: +(\d+) kB\n"
                 r"(?:.*\n)*?Shared_Clean: +[1-9]\d\d kB\n"
                 r"Shared_Dirty: +0 kB\nPrivate_Clean: +\d{1,3} kB",
                 r"/nowhere: No such file or directory\n1$", r"^139$"],
         forbid=[r"Function not implemented"]),
    Boot("busybox_of_debian", initrd=busybox, prompt=ASH,
         append="rdinit=/bin/sh",
         say=("/bin/busybox mkdir -p /proc /tmp",
              "/bin/busybox mount -t proc proc /proc",
              "/bin/busybox --install -s /bin",
              "ls -l /bin/cat",
              "cat /proc/meminfo | grep -c MemTotal",
              "for i in $(seq 40); do true | cat | wc -c; done | sort -u",
              "i=0; while [ $i -lt 60 ]; do /bin/true; i=$((i+1)); done; "
              "echo forked $i",
              "dd if=/dev/zero bs=4096 count=64 2>/dev/null | md5sum",
              "echo a b c | awk '{ print $3 $2 $1 }'",
              "poweroff -f"),
         expect=[r"/bin/cat -> /bin/busybox", r"^1$", r"^0$", r"^forked 60$",
                 r"^ec87a838931d4d5d2e94a04644788a55  -$", r"^cba$"]),
]
