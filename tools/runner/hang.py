# SPDX-License-Identifier: MIT
"""Where is a kernel that hangs? Asked of QEMU's monitor before it is ended.

`info registers -a` shows every core; the program counter and the link register
are looked up in the symbols of the kernel that runs. R14 is only a hint: it is
the caller as long as the function has not called anything itself.
"""

import bisect
import os
import re
import socket
import subprocess
import time

SECONDS = 3               # for QEMU to answer


def ask_monitor(path, command):
    """QEMU's answer on its monitor socket; '' when it gives none."""
    answer = b""
    try:
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(SECONDS)
            monitor.connect(path)
            monitor.sendall(command.encode() + b"\n")
            end = time.monotonic() + SECONDS
            while answer.count(b"(qemu)") < 2 and time.monotonic() < end:
                data = monitor.recv(65536)
                if not data:
                    break
                answer += data
    except OSError:
        pass
    return answer.decode("utf-8", "replace")


class Symbols:
    """Names of addresses in an ELF file, by nm."""

    def __init__(self, elf):
        done = subprocess.run(["arm-none-eabi-nm", "-n", elf],
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
        found = re.findall(r"^([0-9a-f]{8}) [tT] ([^$\s]+)$", done.stdout, re.M)
        self.addresses = [int(address, 16) for address, _ in found]
        self.names = [name for _, name in found]

    def name(self, address):
        """symbol+0xoffset, or the number."""
        at = bisect.bisect_right(self.addresses, address) - 1
        if at < 0 or address - self.addresses[at] > 0x10000:
            return f"{address:#010x}"
        return f"{self.names[at]}+{address - self.addresses[at]:#x}"


def where(monitor_path, elf):
    """A line for each core: 'CPU 0 is at f+0x10, called from g+0x4'."""
    if not os.path.exists(elf):
        return []
    answer = ask_monitor(monitor_path, "info registers -a")
    symbols, lines = Symbols(elf), []
    for cpu in re.split(r"CPU#", answer)[1:]:
        pc, lr = (re.search(rf"{reg}=([0-9a-f]{{8}})", cpu)
                  for reg in ("R15", "R14"))
        if pc and lr:
            lines.append(f"CPU {cpu.strip()[0]} is at "
                         f"{symbols.name(int(pc[1], 16))}, called from "
                         f"{symbols.name(int(lr[1], 16))}")
    return lines
