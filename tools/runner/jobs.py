# SPDX-License-Identifier: MIT
"""What can be run: a command of the host, or a boot of the kernel.

Ideas
  Job      has a name, runs one process to its end with its output in a log,
           and gives a Result. Any thread may run it.
  Limits   a job knows how long it takes on the machine where the table of
           plan.py was written. The limit is ten times that, times how much
           slower this machine has shown itself to be (`scale`), counted anew
           from each result, and in the processor time that the job was given:
           neither a slow machine nor a crowded one may fail a right kernel.
           A job that gets or wants no processor has `PATIENCE` times as long.
           Under icount the kernel limits each case itself, in instructions;
           there this is only a backstop, twice as long.
  Verdict  the KTAP decides, then the exit status; the status alone is no
           proof, for the board's power switch always gives 0.
"""

import os
import re
import select
import signal
import subprocess
import tempfile
import threading
import time

from . import hang, ktap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOGS = os.path.join(TOP, "build", "test")
LIMIT_FACTOR = 10
SHORTEST_LIMIT = 30       # seconds
PATIENCE = 5

# What a kernel in trouble says (kernel/panic.c, kernel/oops.c). Reports that
# a test expects are kept from the console.
TROUBLE = re.compile(r"^(?:\[ *\d+\.\d+\] )?"
                     r"((?:panic:|oops:|BUG at|WARNING at|UBSAN:|BUG: KASAN:|BUG: KFENCE:|"
                     r"translation check:) .*)$", re.M)

# What tests/kernel/virtio_blk.c looks for before it writes to a disk.
SCRATCH_MARK = b"VELLUM SCRATCH DISK\n"
SCRATCH_SIZE = 4 << 20

running = set()           # process groups, for stop_all()
running_lock = threading.Lock()


class Result:
    """suites from the KTAP; errors: what is wrong with the run as a whole."""

    def __init__(self, suites, errors, log, seconds):
        self.suites, self.errors = suites, errors
        self.log, self.seconds = log, seconds

    def count(self, status):
        n = sum(suite.count(status) for suite in self.suites)
        return n + (1 if status == ktap.FAILED and self.errors else 0)

    def failed(self):
        return self.count(ktap.FAILED) > 0


def clocks(pid):
    """(seconds, seconds of processor time that pid and its children had).

    The first twice where nobody tells the second."""
    now = time.monotonic()
    try:
        with open(f"/proc/{pid}/stat") as file:
            ticks = file.read().rpartition(")")[2].split()[11:15]
    except OSError:
        return now, now
    return now, sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


class Process:
    """One process in its own group; output goes to a log.

    limit: seconds to its end or its next result in KTAP.
    ask_where: called when it hangs; says where in lines.
    """

    def __init__(self, command, log_path, limit, talk=None,
                 ask_where=lambda: [], cut=""):
        self.cut = cut            # a pattern: killed when it is printed
        self.command, self.log_path = command, log_path
        self.limit, self.talk, self.ask_where = limit, talk, ask_where
        self.timed_out = False
        self.where = []           # the cores of a machine that hangs
        self.reader = ktap.Reader()
        self.read = 0             # how much of output the reader has had
        self.progress = (0, 0)    # clocks when it began or had a result
        self.output = bytearray()

    def run(self):
        """Run to the end. Returns the exit status (negative: a signal)."""
        with open(self.log_path, "wb") as log:
            child = subprocess.Popen(
                self.command, cwd=TOP, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, start_new_session=True,
                stdin=subprocess.PIPE if self.talk else subprocess.DEVNULL)
            with running_lock:
                running.add(child.pid)
            if self.talk:
                self.talk.heard(self.output, child.stdin)
            try:
                self.pump(child, log)
            finally:
                self.end(child)
                with running_lock:
                    running.discard(child.pid)
        return child.returncode

    def pump(self, child, log):
        self.progress = clocks(child.pid)
        fd = child.stdout.fileno()
        while True:
            if self.over(clocks(child.pid)):
                self.timed_out = True
                self.where = self.ask_where()
                return
            if not select.select([fd], [], [], min(self.limit, 1))[0]:
                if child.poll() is not None:
                    return
                continue
            data = os.read(fd, 65536)
            if not data:
                return
            log.write(data)
            log.flush()
            self.output += data
            if self.feed_lines():
                self.progress = clocks(child.pid)
            if self.talk:
                self.talk.heard(self.output, child.stdin)
            if self.cut and re.search(self.cut.encode(), self.output, re.M):
                self.kill(child, signal.SIGKILL)
                return

    def over(self, now):
        """Is the limit over at these clocks?"""
        wall, given = (at - start for at, start in zip(now, self.progress))
        return given >= self.limit or wall >= PATIENCE * self.limit

    def feed_lines(self):
        """Give the reader what is new. Was there a result in it?"""
        results = self.reader.results
        end = self.output.rfind(b"\n") + 1
        if end > self.read:
            for line in self.output[self.read:end].splitlines():
                self.reader.line(line.decode("utf-8", "replace"))
            self.read = end
        return self.reader.results > results

    def end(self, child):
        try:
            child.wait(timeout=0 if self.timed_out else 5)
        except subprocess.TimeoutExpired:
            self.kill(child, signal.SIGTERM)
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill(child, signal.SIGKILL)
            child.wait()

    @staticmethod
    def kill(child, sig):
        try:
            os.killpg(child.pid, sig)
        except ProcessLookupError:
            pass

    def hang(self):
        """What to say of a process that did not end; [] if it did."""
        if not self.timed_out:
            return []
        what = "further result" if self.reader.results else "end"
        return [f"hang: no {what} after {self.limit:.0f} s"] + self.where

    def text(self):
        return self.output.decode("utf-8", "replace").replace("\r", "")


class Talk:
    """Types a line at each prompt, as a person would.

    A line may be (text, keys): the keys are pressed when the text is seen; with
    no text at once, before the machine has printed anything.
    """

    def __init__(self, prompt, lines):
        self.prompt, self.lines = prompt.encode(), list(lines)
        self.seen = 0

    def heard(self, output, stdin):
        if not self.lines:
            return
        wait, keys = self.prompt, self.lines[0]
        if isinstance(keys, tuple):
            wait, keys = keys[0].encode(), keys[1]
        else:
            keys += "\r"
        at = output.find(wait, self.seen)
        if at < 0:
            return
        self.seen = at + len(wait)
        self.lines.pop(0)
        try:
            stdin.write(keys.encode())
            stdin.flush()
        except BrokenPipeError:
            pass


def stop_all():
    """End what runs (Ctrl-C)."""
    with running_lock:
        for group in running:
            try:
                os.killpg(group, signal.SIGTERM)
            except ProcessLookupError:
                pass


def log_path(name, ending=".log"):
    """build/test/NAME.log, with only plain characters in NAME."""
    os.makedirs(LOGS, exist_ok=True)
    return os.path.join(LOGS, re.sub(r"[^A-Za-z0-9_.-]+", "-", name) + ending)


def trouble_in(text):
    """The first line in which the kernel says that it is in trouble."""
    match = TROUBLE.search(text)
    return match[1] if match else None


class Job:
    """cost: seconds it takes where plan.py was written."""

    def __init__(self, name, cost):
        self.name, self.cost = name, cost

    def limit(self, scale):
        return max(SHORTEST_LIMIT, LIMIT_FACTOR * self.cost * scale)


class HostJob(Job):
    """A command of the host that prints KTAP."""

    def __init__(self, name, command, cost=10):
        super().__init__(name, cost)
        self.command = command

    def run(self, scale):
        start = time.monotonic()
        process = Process(self.command, log_path(self.name), self.limit(scale))
        status = process.run()
        report = process.reader.finish()
        errors = process.hang() + report.errors
        if status and not process.timed_out and not report.count(ktap.FAILED):
            errors.insert(0, f"exit status {status}")
        return Result(report.suites, errors, process.log_path,
                      time.monotonic() - start)


class BrokenJob(Job):
    """Stands for tests that could not be built."""

    def __init__(self, name, message):
        super().__init__(name, 0)
        self.lines = message.strip().split("\n")[-25:]

    def run(self, scale):
        return Result([], ["does not build:"] + self.lines, "", 0)


def scratch_disk(folder):
    """A disk that tests may write to: its first sector says so."""
    path = os.path.join(folder, "scratch.img")
    with open(path, "wb") as file:
        file.write(SCRATCH_MARK)
        file.truncate(SCRATCH_SIZE)
    return path


class QemuJob(Job):
    """A boot: mem in MiB, smp cores, uboot or direct, icount shift or None.

    disk: version of the virtio registers of a scratch disk; 0: no disk.
    iops: requests that it serves in a second; 0: as many as it can.
    cut: kill the machine when this pattern is printed.
    variant: of the kernel, by the name of its folder in build (plan.VARIANTS);
        "": the last one built.
    """

    disk = 0
    iops = 0
    variant = ""
    cut = ""

    def __init__(self, name, cost, mem=256, smp=1, uboot=False, icount=None,
                 append=""):
        super().__init__(name, cost)
        self.mem, self.smp, self.uboot = mem, smp, uboot
        self.icount, self.append = icount, append

    def limit(self, scale):
        return super().limit(scale) * (1 if self.icount is None else 2)

    def kernel(self, ending):
        """The kernel of this job: its .bin, or its .elf with the symbols."""
        return os.path.join(TOP, "build", self.variant, "kernel" + ending)

    def command(self, options=()):
        """tools/run-qemu with this job's machine."""
        command = [os.path.join(TOP, "tools", "run-qemu"), "--batch",
                   "--mem", str(self.mem), "--smp", str(self.smp)]
        if self.icount is not None:
            command += ["--icount", str(self.icount)]
        if self.append:
            command += ["--append", self.append]
        if self.variant:
            command += ["--kernel", self.kernel(".bin")]
        return command + list(options)

    def sd_card(self, options=()):
        """Make this job's own SD card; returns its path."""
        path = log_path(self.name, ".sd.img")
        subprocess.run([os.path.join(TOP, "tools", "sdimage"), "--out", path,
                        "--append", self.append, *options], check=True)
        return path

    def boot(self, limit, options=(), talk=None):
        """Run it; returns (process, exit status)."""
        card = None
        if self.uboot:
            card = self.sd_card()
            options = [*options, "--uboot", "--sd", card]
        with tempfile.TemporaryDirectory() as folder:
            monitor = os.path.join(folder, "monitor")
            if self.disk:
                options = [*options, "--virtio", str(self.disk),
                           "--disk", scratch_disk(folder)]
                if self.iops:
                    options += ["--disk-iops", str(self.iops)]
            process = Process(self.command(["--monitor", monitor, *options]),
                              log_path(self.name), limit, talk,
                              lambda: hang.where(monitor,
                                                 self.kernel(".elf")),
                              self.cut)
            try:
                status = process.run()
            finally:
                if card:
                    os.unlink(card)
        return process, status


class KernelJob(QemuJob):
    """A boot that runs suites of tests/kernel (append holds test=...).

    Legacy virtio registers under icount, modern ones free-running: both are
    met on each machine of several cores.
    """

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.disk = 2 if self.icount is None else 1

    def run(self, scale):
        start = time.monotonic()
        try:
            process, status = self.boot(self.limit(scale))
        except (OSError, subprocess.CalledProcessError) as error:
            return Result([], [f"could not start: {error}"], "", 0)
        report = process.reader.finish()
        return Result(report.suites, self.errors(process, status, report),
                      process.log_path, time.monotonic() - start)

    def errors(self, process, status, report):
        errors = process.hang() + report.errors
        trouble = trouble_in(process.text())
        if status and not process.timed_out and (
                report.errors or not report.count(ktap.FAILED)):
            errors.insert(0, f"exit status {status}")
        if trouble:
            errors.insert(0, trouble)
        return errors


class UserJob(KernelJob):
    """A boot into the suites of tests/user (utest is the first program)."""

    def command(self, options=()):
        return super().command([
            "--initrd", os.path.join(TOP, "build", "user", "utest.cpio"),
            *options])
