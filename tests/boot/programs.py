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
              f"{LIBRARIES}/libc.so.6": f"{LIBRARIES}/libc.so.6",
              f"{LIBRARIES}/libm.so.6": f"{LIBRARIES}/libm.so.6"},
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


# What a person would try next.
SHELL_TOOLS = {
    **DYNAMIC,
    "bash": {"deb/bash": "bin/bash"},
    "libtinfo6": {f"{LIBRARIES}/libtinfo.so.6": f"{LIBRARIES}/libtinfo.so.6"},
    "libacl1": {f"{LIBRARIES}/libacl.so.1":
                f"usr/{LIBRARIES}/libacl.so.1"},
    "sed": {"deb/sed": "bin/sed"},
    "tar": {"deb/tar": "bin/tar"},
    "gzip": {"deb/gzip": "bin/gzip"},
    "diffutils": {"deb/diff": "usr/bin/diff"},
}
PYTHON = {
    **DYNAMIC,
    "libgcc-s1": {f"{LIBRARIES}/libgcc_s.so.1":
                  f"{LIBRARIES}/libgcc_s.so.1"},
    "zlib1g": {f"{LIBRARIES}/libz.so.1": f"{LIBRARIES}/libz.so.1"},
    "libexpat1": {f"{LIBRARIES}/libexpat.so.1":
                  f"{LIBRARIES}/libexpat.so.1"},
    "python3.11-minimal": {"deb/python3": "usr/bin/python3.11"},
    "libpython3.11-minimal": {"usr/lib/python3.11": "usr/lib/python3.11"},
}


def fetched(package):
    try:
        return tool("debian-armhf", package)
    except subprocess.CalledProcessError as error:
        raise Skip(f"{package} cannot be fetched: "
                   + error.stderr.strip().split("\n")[-1]) from error


def options_of(name, path):
    """A file, or a folder with all the Python in it."""
    if not os.path.isdir(path):
        return ["--file", f"{name}={path}"]
    options = []
    for folder, _, files in sorted(os.walk(path)):
        at = os.path.normpath(os.path.join(name, os.path.relpath(folder, path)))
        options.append(f"--folder={at}")
        options += [word for file in sorted(files) if file.endswith(".py")
                    for word in ("--file",
                                 f"{at}/{file}={os.path.join(folder, file)}")]
    return options


def archive(packages):
    """Our archive with files of Debian's packages in it."""
    build = os.path.join(jobs.TOP, "build", "user")
    options = ["--box", os.path.join(build, "box"),
               "--etc", os.path.join(jobs.TOP, "user", "etc")]
    options += [f"--folder={name}" for name in
                ("lib", LIBRARIES, "deb", "usr", "usr/lib")]
    for package, files in packages.items():
        folder = fetched(package)
        for name, path in files.items():
            options += options_of(name, os.path.join(folder, path))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "cpio")
        tool("initramfs", "--out", path, *options)
        with open(path, "rb") as file:
            return file.read()


def dynamic():
    return archive(DYNAMIC)


def shell_tools():
    return archive(SHELL_TOOLS)


def python():
    return archive(PYTHON)


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
             "page-types 99999", "ipcs | head -n 1", "ipcs -sq | grep -c id",
             "ipcrm -q 99999",
             "grep -c buddy /proc/page_types",
             "ls /proc/1/fd | head -n 1", "ls /proc/1/root | head -n 1"),
            [r"total +\d+ +\d+", r"page-types: 99999: ",
             r"Shared Memory Segments", r"^2$",
             r"ipcrm: 99999: Invalid argument", r"^1$", r"^0$", r"^bin$"]),
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
             "tenprocs", "fbdemo; vmapdemo", "pager", "segments | head -n 4"),
            [r"malloc\(280\): joined, fits", r"3 pieces, 18 bytes are lost",
             r"malloc +\d+ ns each",
             r"through the shared one: +the file begins \"SHARED  by hand\"",
             r"through the private one: +the file begins \"SHARED  by hand\"",
             r"read, 4 KiB .* 257 calls",
             r"^0 of them found what another had written$",
             r"^3 of 16 pages were brought$",
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
    Boot("bash_and_tar_of_debian", initrd=shell_tools, prompt=SHELL, smp=2,
         say=("/deb/bash -c 'a=(1 2 3); echo ${a[@]} $((6*7)); "
              "read x <<< here; echo $x'",
              # A pipe by the name of its descriptor, whose writer is gone.
              "/deb/bash -c 'PATH=/deb; diff <(seq 3) <(seq 4)'; echo is $?",
              "/deb/bash -c 'PATH=/deb; coproc cat; echo back >&${COPROC[1]}; "
              "read y <&${COPROC[0]}; echo $y; kill $!; wait; echo waited'",
              "mkdir -p /tmp/t/sub /tmp/o; /deb/seq 1000 > /tmp/t/sub/a; "
              "/deb/bash -c 'PATH=/deb; cd /tmp; tar czf x.tgz t; "
              "tar xzf x.tgz -C o; diff -r t o/t; echo diff $?'",
              "/deb/bash -c 'PATH=/deb; gzip -t < /tmp/x.tgz; echo gzip $?'",
              "/deb/sed -i s/5/five/ /tmp/t/sub/a; /deb/grep -c five /tmp/t/sub/a",
              "poweroff"),
         expect=[r"^1 2 3 42\nhere$", r"^3a4\n> 4\nis 1$", r"^back\nwaited$",
                 r"^diff 0$", r"^gzip 0$", r"^271$"],
         forbid=[r"Function not implemented"]),
    Boot("python_of_debian", initrd=python, prompt=SHELL, smp=2,
         say=("/deb/python3 -c 'print(2**100)'",
              "/deb/python3 -c 'import os, threading; r, w = os.pipe(); "
              "pid = os.fork(); pid or (os.write(w, b\"child\"), os._exit(3)); "
              "print(os.read(r, 9), os.waitpid(pid, 0)[1]); n = []; "
              "t = [threading.Thread(target=lambda: "
              "n.append(sum(range(9999)))) for i in range(8)]; "
              "[x.start() for x in t]; [x.join() for x in t]; "
              "print(len(n), set(n))'",
              "/deb/python3 -c 'import os, select; r, w = os.pipe(); "
              "e = select.epoll(); e.register(r, 1); os.write(w, b\"x\"); "
              "print(e.poll(1) == [(r, 1)])'",
              "poweroff"),
         expect=[r"^1267650600228229401496703205376$",
                 r"^b'child' 768\n8 \{49985001\}$", r"^True$"]),
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
