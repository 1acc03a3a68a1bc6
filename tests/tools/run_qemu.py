#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a person at a terminal sees of tools/run-qemu.

The wrapper is started on a pseudo terminal, as `make run` does: keys reach the
kernel, both ways out work, the exit status comes through, and the terminal is
as it was before, whatever ended the run. Prints KTAP; run by tools/test.
"""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WRAPPER = os.path.join(TOP, "tools", "run-qemu")
PROMPT = b"vellum> "
SECONDS = 60              # far more than any step takes


class Terminal:
    """run-qemu on a pseudo terminal, and the terminal's settings before."""

    def __init__(self, *options):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.seen = b""
        self.child = subprocess.Popen([WRAPPER, *options], stdin=self.slave,
                                      stdout=self.slave, stderr=self.slave,
                                      start_new_session=True, cwd=TOP)

    def wait_for(self, text):
        """Read until text has come; False when it does not."""
        end = time.monotonic() + SECONDS
        while text not in self.seen:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                return False
            self.seen += os.read(self.master, 4096)
        return True

    def type(self, keys):
        os.write(self.master, keys)

    def finish(self):
        """The exit status; None if it does not end."""
        end = time.monotonic() + SECONDS
        while self.child.poll() is None and time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                self.seen += os.read(self.master, 4096)
        status = self.child.poll()
        if status is None:
            os.killpg(self.child.pid, signal.SIGKILL)
        return status

    def restored(self):
        return termios.tcgetattr(self.slave) == self.before


def group_lives(group):
    """Is a process of this group left?"""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def way_out_is_told_before_the_kernel_speaks():
    terminal = Terminal()
    good = terminal.wait_for(b"Ctrl-A then X")
    terminal.type(b"\x01x")
    return terminal.finish() == 0 and good


def poweroff_passes_its_exit_status_on():
    terminal = Terminal()
    good = terminal.wait_for(PROMPT)
    terminal.type(b"poweroff 7\r")
    return terminal.finish() == 7 and good and terminal.restored()


def ctrl_a_x_leaves_and_restores_the_terminal():
    terminal = Terminal("--smp", "2")
    good = terminal.wait_for(PROMPT)
    terminal.type(b"\x01x")
    return terminal.finish() == 0 and good and terminal.restored()


def ctrl_c_goes_to_the_kernel():
    terminal = Terminal()
    good = terminal.wait_for(PROMPT)
    terminal.seen = b""
    terminal.type(b"nonsense\x03")
    good &= terminal.wait_for(PROMPT)
    terminal.type(b"poweroff 3\r")
    return terminal.finish() == 3 and good


def killed_wrapper_takes_qemu_along_and_restores_the_terminal():
    terminal = Terminal()
    good = terminal.wait_for(PROMPT)
    terminal.child.terminate()
    terminal.finish()
    return good and terminal.restored() and not group_lives(terminal.child.pid)


def timeout_ends_a_run_with_124():
    status = subprocess.run([WRAPPER, "--timeout", "1"], cwd=TOP,
                            stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL).returncode
    return status == 124


def no_sound_device_is_complained_about():
    done = subprocess.run([WRAPPER, "--timeout", "1"], cwd=TOP,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE)
    return not re.search(rb"(?i)alsa|audio|warning", done.stderr)


def serial_log_holds_what_was_said():
    with tempfile.NamedTemporaryFile() as log:
        subprocess.run([WRAPPER, "--timeout", "2", "--serial-log", log.name],
                       cwd=TOP, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return b"Vellum" in log.read()


def wrong_options_are_refused_with_status_2():
    for options in (["--mem", "0"], ["--mem", "1025"], ["--smp", "5"],
                    ["--smp", "x"], ["--icount", "99"], ["--quux"],
                    ["--kernel"], ["--kernel", "/nonexistent"],
                    ["--record", "a", "--smp", "2"]):
        done = subprocess.run([WRAPPER, *options], cwd=TOP,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode != 2 or not done.stderr.startswith(b"run-qemu: "):
            return False
    return True


def dry_run_starts_nothing():
    done = subprocess.run([WRAPPER, "--dry-run", "--mem", "64", "--", "-d",
                           "int"], cwd=TOP, stdout=subprocess.PIPE)
    words = done.stdout.decode().split()
    return done.returncode == 0 and words[-2:] == ["-d", "int"] and \
        words[words.index("-m") + 1] == "64"


CASES = (
    way_out_is_told_before_the_kernel_speaks,
    poweroff_passes_its_exit_status_on,
    ctrl_a_x_leaves_and_restores_the_terminal,
    ctrl_c_goes_to_the_kernel,
    killed_wrapper_takes_qemu_along_and_restores_the_terminal,
    timeout_ends_a_run_with_124,
    no_sound_device_is_complained_about,
    serial_log_holds_what_was_said,
    wrong_options_are_refused_with_status_2,
    dry_run_starts_nothing,
)


def main():
    print(f"KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: run_qemu\n"
          f"    1..{len(CASES)}")
    failed = 0
    for number, case in enumerate(CASES, 1):
        good, why = True, ""
        try:
            good = case()
        except OSError as error:      # a container without /dev/pts
            if "pty" not in str(error):
                raise
            why = f" # SKIP {error}"
        failed += not good
        print(f"    {'' if good else 'not '}ok {number} {case.__name__}{why}",
              flush=True)
    print(f"{'not ' if failed else ''}ok 1 run_qemu")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
