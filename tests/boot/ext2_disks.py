# SPDX-License-Identifier: MIT
"""ext2 between two systems: what mke2fs makes our programs use, and what they
leave e2fsck and debugfs look at.

Each disk is made by mke2fs, with files of the host's in it; the machine uses it
through the shell; then e2fsck -fn must find nothing, and the files must hold
what was written.
"""

import os
import re
import shutil
import subprocess
import tempfile

from runner import jobs
from runner.boots import Boot, Skip

SHELL = r"vellum$ "
SBIN = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
BOX = os.path.join(jobs.TOP, "build", "user", "box")


def ours():
    with open(os.path.join(jobs.TOP, "build", "initramfs.cpio"), "rb") as file:
        return file.read()


def e2(tool, *arguments, allowed=(0,)):
    """Run a tool of e2fsprogs; what it printed."""
    path = shutil.which(tool, path=SBIN)
    if not path:
        raise Skip(f"{tool} is not installed (e2fsprogs)")
    done = subprocess.run([path, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode not in allowed:
        raise OSError(f"{tool} {' '.join(arguments)}: {text}")
    return text


def rows(n):
    return "".join(f"{i}\n" for i in range(1, n + 1))


def host_files(folder):
    """What the host puts on the disk: a folder that gets an index, a file with
    indirect blocks, links of both kinds."""
    many = os.path.join(folder, "many")
    os.mkdir(many)
    for i in range(400):
        with open(os.path.join(many, f"a-name-to-fill-blocks-{i}"), "w") as f:
            f.write(f"{i}\n")
    with open(os.path.join(folder, "rows"), "w") as file:
        file.write(rows(60000))
    os.symlink("rows", os.path.join(folder, "short"))
    os.symlink("./" * 60 + "rows", os.path.join(folder, "long"))
    with open(os.path.join(folder, "sparse"), "wb") as file:
        file.seek(3_000_000)
        file.write(b"end\n")


def disk(*options, mib=16, fill=host_files):
    """Makes a disk with mke2fs and these options."""
    def make(path):
        with tempfile.TemporaryDirectory() as folder:
            fill(folder)
            with open(path, "wb") as file:
                file.truncate(mib << 20)
            e2("mke2fs", "-q", "-F", "-t", "ext2", "-d", folder, *options,
               path)
    return make


def dump(path, name):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        e2("debugfs", "-R", f"dump {name} {out}", path)
        if not os.path.exists(out):
            return None
        with open(out, "rb") as file:
            return file.read()


def fsck(path):
    """What e2fsck complains of."""
    text = e2("e2fsck", "-fn", path, allowed=(0, 4, 12))
    return [] if "WARNING" not in text and not re.search(
        r"<y>|\? no|error|UNEXPECTED", text) else text.strip().split("\n")[-12:]


def used(path, _text):
    """After USE: sound, and the files hold what was written."""
    wrong = fsck(path)
    for name, want in (("/d/seq", rows(30000).encode()),
                       ("/d/hard", rows(30000).encode()),
                       ("/moved", b"moved\n"),
                       ("/rows", (rows(60000) + "more\n").encode()),
                       ("/many/new", b"new\n"),
                       ("/d/f39", b"39\n")):
        got = dump(path, name)
        if got != want:
            wrong.append(f"{name} holds {len(got or b'')} bytes, want "
                         f"{len(want)}, and these")
    with open(BOX, "rb") as file:
        box = file.read()
    if dump(path, "/box") != box:
        wrong.append("/box is not what it was copied from")
    listing = e2("debugfs", "-R", "ls /many", path)
    if "a-name-to-fill-blocks-7 " in listing or "blocks-8 " not in listing:
        wrong.append("/many has the wrong names")
    stat = e2("debugfs", "-R", "stat /d/seq", path)
    if "Mode:  0600" not in stat or "Links: 2" not in stat:
        wrong.append("/d/seq: " + stat)
    stat = e2("debugfs", "-R", "stat /d/link", path)
    if 'Fast link dest: "seq"' not in stat:
        wrong.append("/d/link: " + stat)
    return wrong


USE = ("mkdir /tmp/m; mount -t ext2 /dev/vda /tmp/m; cd /tmp/m; echo $?",
       "wc -l < rows; wc -l < short; wc -l < long; ls many | wc -l",
       "echo size $(wc -c < sparse); sort many/* | head -n 2",
       "mkdir d; seq 30000 > d/seq; ln d/seq d/hard; ln -s seq d/link; "
       "chmod 600 d/seq",
       "for i in $(seq 60); do echo $i > d/f$i; done; rm d/f1 d/f2 d/f40",
       "cp /bin/box box; echo more >> rows; rm many/a-name-to-fill-blocks-7; "
       "echo new > many/new",
       "echo moved > d/x; mv d/x moved; mkdir a; mkdir a/b; mv a/b d/b; "
       "rmdir a; wc -l < d/hard",
       "df /tmp/m | wc -l; stat moved | head -n 1; cd /; umount /tmp/m; "
       "echo left $?",
       "mount -r -t ext2 /dev/vda /tmp/m; wc -l < /tmp/m/d/link; "
       "echo no > /tmp/m/no; umount /tmp/m; poweroff")
SAW = [r"^0$", r"^60000 $\n^60000 $\n^60000 $\n^400 $", r"^size 3000004$",
       r"^0$\n^1$", r"^30000 $", r"^2 $", r"^moved: file, 6 bytes",
       r"^left 0$", r"^30000 $", r"Read-only file system|read-only"]


def between(name, *options, **more):
    return Boot(name, say=USE, expect=SAW, initrd=ours, prompt=SHELL,
                image=disk(*options), after=used, **more)


def root_files(folder):
    for name in ("bin", "sbin", "dev", "proc", "tmp", "root", "etc"):
        os.mkdir(os.path.join(folder, name))
    shutil.copy(BOX, os.path.join(folder, "bin", "box"))
    for name in ("sh", "cat", "ls", "echo", "mount", "poweroff", "wc", "df"):
        os.symlink("box", os.path.join(folder, "bin", name))
    os.symlink("../bin/box", os.path.join(folder, "sbin", "init"))


def rooted(path, _text):
    wrong = fsck(path)
    if dump(path, "/root/note") != b"from the machine\n":
        wrong.append("/root/note is not there")
    return wrong


def survived(path, text):
    """After a power cut: e2fsck repairs, and what was safe is there."""
    wrong = []
    safe = max((int(n) for n in re.findall(r"^safe (\d+)", text, re.M)),
               default=0)
    if not safe:
        return ["nothing was safe before the power was cut"]
    e2("e2fsck", "-fy", path, allowed=(0, 1))
    wrong += fsck(path)
    for i in range(1, safe + 1):
        if dump(path, f"/s{i}") != rows(i * 700).encode():
            wrong.append(f"s{i} was safe, and is not what it was")
    return wrong


CUT = ("mkdir /tmp/m; i=1; while [ $i -lt 100 ]; do "
       "mount -t ext2 /dev/vda /tmp/m; seq $((i*700)) > /tmp/m/s$i; "
       "umount /tmp/m; echo safe $i; mount -t ext2 /dev/vda /tmp/m; "
       "mkdir /tmp/m/d$i; seq 5000 > /tmp/m/d$i/u; rm /tmp/m/d$((i-1))/u; "
       "echo unsafe; umount /tmp/m; i=$((i+1)); done",)

BOOTS = [
    between("blocks_of_1k", "-b", "1024", "-I", "128"),
    between("blocks_of_2k", "-b", "2048", "-I", "256", smp=4),
    between("blocks_of_4k", "-b", "4096", "-I", "256"),
    between("revision_0", "-b", "1024", "-r", "0", "-O", "none"),
    between("one_group_of_few_inodes", "-b", "4096", "-N", "1024",
            "-O", "^resize_inode,^dir_index", mem=64),
    between("many_groups", "-b", "1024", "-g", "1024", smp=2),
    between("what_ext3_would_add", "-b", "1024", "-O", "ext_attr,dir_index"),
    Boot("extents_are_refused", initrd=ours, prompt=SHELL,
         image=disk("-O", "extents"),
         say=("mount -t ext2 /dev/vda /tmp; echo $?", "poweroff"),
         expect=[r"features 0x40 \(incompat\) are not known", r"^1$"]),
    Boot("metadata_checksums_are_only_read", initrd=ours, prompt=SHELL,
         image=disk("-O", "uninit_bg"),
         say=("mount -t ext2 /dev/vda /tmp; echo $?",
              "mount -r -t ext2 /dev/vda /tmp; wc -l < /tmp/rows",
              "poweroff"),
         expect=[r"\(ro_compat\) are not known", r"^1$", r"^60000 $"]),
    Boot("the_root_is_on_a_disk", append="root=/dev/vda rw",
         image=disk("-b", "1024", fill=root_files), after=rooted,
         prompt="$ ",
         say=("mount", "echo from the machine > note", "ls /dev/null",
              "poweroff"),
         expect=[r"root: /dev/vda, rw", r"/dev/vda / ext2 rw", r"/dev/null"]),
    Boot("a_root_is_read_only_unless_rw_is_said", append="root=/dev/vda",
         image=disk("-b", "4096", fill=root_files),
         after=lambda path, text: fsck(path), prompt="$ ",
         say=("echo no > note", "mount -o remount,rw /; echo yes > note; "
              "cat note", "poweroff"),
         expect=[r"root: /dev/vda, ro", r"note: ", r"^yes$"]),
    Boot("a_root_that_is_not_there", append="root=/dev/vdb",
         image=disk("-b", "1024"), say=("poweroff",),
         expect=[r"root=/dev/vdb cannot be mounted: error 2"]),
    Boot("a_file_is_swap", initrd=ours, prompt=SHELL, mem=40,
         image=disk("-b", "4096", mib=48),
         say=("mkdir /tmp/m; mount -t ext2 /dev/vda /tmp/m; cd /tmp/m",
              "dd if=/dev/zero of=swap bs=4096 count=8000; mkswap swap",
              "cd /; swapon /tmp/m/swap; cat /proc/swaps",
              "thrash 50 4; grep -c pswpin /proc/vmstat",
              "rm /tmp/m/swap; echo no > /tmp/m/swap; umount /tmp/m",
              "poweroff"),
         expect=[r"^/tmp/m/swap +file\t31996", r"thrash: 4 .* 0 failed$",
                 r"swap: Operation not permitted", r"swap: Program is running"],
         after=lambda path, text: fsck(path)),
    Boot("power_cut_with_blocks_of_1k", initrd=ours, prompt=SHELL, say=CUT,
         image=disk("-b", "1024"), after=survived, cut=r"^safe 6\b",
         status=-1),
    Boot("power_cut_in_the_middle", initrd=ours, prompt=SHELL, say=CUT,
         image=disk("-b", "4096"), after=survived,
         cut=r"^safe 9\b(.|\n)*unsafe", status=-1),
]
