#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the LCD shows, as the emulator sees it: `screendump` of its monitor.

Boots with lcd=map and looks at pixels: the legend, the palette as people with
either kind of colour blindness see it, cells whose frames are known. Boots again
with programs, and looks at what fbdemo has drawn. The last picture is kept as
build/test/screen.ppm. Prints KTAP; run by tools/test.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECONDS = 60              # far more than any step takes
PROMPT, SHELL = b"vellum> ", b"vellum$ "
MIB = 64
COLUMNS, CELL, MAP_TOP = 128, 5, 24

# Place in the legend, and colour, of each owner (drivers/lcd_map.c).
LEGEND = {
    "free": (32, 32, 40), "reserved": (72, 72, 72), "kernel": (213, 94, 0),
    "slab": (230, 159, 0), "page table": (204, 121, 167), "cma": (0, 114, 178),
    "anon": (86, 180, 233), "page cache": (0, 158, 115),
    "swap cache": (240, 228, 66), "isolated": (232, 232, 232),
}
WHITE = (255, 255, 255)
# Brettel, Vienot and Mollon's method in one matrix each (Vienot 1999).
BLINDNESS = {
    "protan": ((0.112, 0.888, 0), (0.112, 0.888, 0), (0.004, -0.004, 1)),
    "deutan": ((0.292, 0.708, 0), (0.292, 0.708, 0), (-0.022, 0.022, 1)),
}


class Machine:
    """QEMU with the console on pipes and its monitor on a socket."""

    def __init__(self, folder, append, prompt, *options):
        self.folder, self.prompt = folder, prompt
        self.socket = os.path.join(folder, "monitor")
        self.child = subprocess.Popen(
            [os.path.join(TOP, "tools/run-qemu"), "--mem", str(MIB),
             "--timeout", str(2 * SECONDS), "--monitor", self.socket,
             "--append", append, *options], cwd=TOP, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.text = b""
        self.wait_for_prompt()

    def wait_for_prompt(self):
        seen, end = len(self.text), time.monotonic() + SECONDS
        while self.prompt not in self.text[seen:]:
            part = self.child.stdout.read1(65536)
            if not part or time.monotonic() > end:
                raise RuntimeError("no prompt:\n" + self.text.decode())
            self.text += part

    def say(self, line):
        """Type a line; returns what the kernel answers."""
        seen = len(self.text)
        self.child.stdin.write(line.encode() + b"\r")
        self.child.stdin.flush()
        self.wait_for_prompt()
        return self.text[seen:].decode()

    def screen(self):
        """The picture, as (width, height, bytes)."""
        path = os.path.join(self.folder, "screen.ppm")
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(self.socket)
            self.monitor_prompt(monitor)
            monitor.sendall(f"screendump {path}\n".encode())
            self.monitor_prompt(monitor)
        with open(path, "rb") as file:
            data = file.read()
        os.makedirs(os.path.join(TOP, "build/test"), exist_ok=True)
        with open(os.path.join(TOP, "build/test/screen.ppm"), "wb") as file:
            file.write(data)
        head = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
        return int(head[1]), int(head[2]), data[head.end():]

    @staticmethod
    def monitor_prompt(monitor):
        text = b""
        while not text.endswith(b"(qemu) "):
            part = monitor.recv(4096)
            if not part:
                raise RuntimeError("QEMU's monitor closed")
            text += part

    def end(self):
        self.child.stdin.close()
        self.child.terminate()
        self.child.wait()


def pixel(screen, x, y):
    width, _, data = screen
    at = 3 * (y * width + x)
    return tuple(data[at:at + 3])


def same(seen, wanted):
    """Equal as far as 5 and 6 bits go."""
    return all(abs(a - b) <= 8 for a, b in zip(seen, wanted))


def legend_at(number):
    return 4 + number % 6 * 106, 436 + number // 6 * 16


def cell_at(frame):
    scale = 1
    while MIB * 256 > COLUMNS * 80 * scale:
        scale *= 2
    cell = frame // scale
    return cell % COLUMNS * CELL, MAP_TOP + cell // COLUMNS * CELL


def screen_is_640_by_480(machine, screen):
    return screen[:2] == (640, 480) and len(screen[2]) == 640 * 480 * 3


def red_is_red_and_blue_is_blue(machine, screen):
    red = pixel(screen, *(at + 5 for at in legend_at(2)))
    blue = pixel(screen, *(at + 5 for at in legend_at(5)))
    return red[0] > 150 > red[2] and blue[2] > 150 > blue[0]


def legend_shows_the_palette(machine, screen):
    for number, wanted in enumerate(LEGEND.values()):
        x, y = legend_at(number)
        if not same(pixel(screen, x, y), WHITE):
            return False
        if not same(pixel(screen, x + 5, y + 5), wanted):
            return False
    return True


def legend_has_a_name_at_each_square(machine, screen):
    def lit(number):
        x, y = legend_at(number)
        return sum(same(pixel(screen, x + 14 + i, y + 2 + j), WHITE)
                   for i in range(60) for j in range(7))
    # "FREE" is 14 + 18 + 18 + 18 dots.
    return lit(0) == 68 and \
        all(lit(number) > 20 for number in range(len(LEGEND)))


def palette_is_told_apart_by_the_colour_blind(machine, screen):
    for matrix in BLINDNESS.values():
        seen = [tuple(sum(m * c / 255 for m, c in zip(row, colour))
                      for row in matrix) for colour in LEGEND.values()]
        for i, one in enumerate(seen):
            for other in seen[:i]:
                if sum((a - b) ** 2 for a, b in zip(one, other)) < 0.02:
                    return False
    return True


def kernel_image_is_reserved_and_the_rest_mostly_free(machine, screen):
    image = pixel(screen, *cell_at(0x10))
    cells = [pixel(screen, *cell_at(frame))
             for frame in range(0, MIB * 256, 2)]
    free = sum(same(cell, LEGEND["free"]) for cell in cells)
    with open(os.path.join(TOP, "build", ".variant")) as made:
        least = 1 / 2 if "kasan" in made.read() else 3 / 4   # an eighth is shadow
    return same(image, LEGEND["reserved"]) and free > len(cells) * least


def frame_buffer_shows_itself(machine, screen):
    found = re.search(r"frame buffer at 0x([0-9a-f]+)", machine.say("cat lcd"))
    frame = (int(found[1], 16) - 0x60000000) >> 12
    return all(same(pixel(screen, *cell_at(frame + i)), LEGEND["cma"])
               for i in range(150))


def picture_follows_an_allocation(machine, screen):
    found = re.search(r"pfn 0x([0-9a-f]+)|frames? 0x([0-9a-f]+)|0x([0-9a-f]{5})",
                      machine.say("alloc 8"))
    frame = int(next(filter(None, found.groups())), 16) - 0x60000
    before = pixel(screen, *cell_at(frame + 100))
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if same(pixel(machine.screen(), *cell_at(frame + 100)),
                LEGEND["kernel"]):
            return same(before, LEGEND["free"])
        time.sleep(0.1)
    return False


def off_gives_the_memory_back(machine, screen):
    machine.say("lcd off")
    return "512 pages: 0 out" in machine.say("cat cma")


def fbdemo_colour(x, y):
    """user/examples/fbdemo.c: red grows to the right, green downwards."""
    red, green = 31 * x // 640, 63 * y // 480
    ring = ((x - 320) ** 2 + (y - 240) ** 2) // 1024 % 32
    return red * 255 // 31, green * 255 // 63, ring * 255 // 31


def a_program_s_stores_are_on_the_screen(machine, _screen):
    said = machine.say("fbdemo")
    screen = machine.screen()
    return "640x480, 16 bits" in said and re.search(
        r"rw-s .* /dev/fb0", said) and all(
            same(pixel(screen, x, y), fbdemo_colour(x, y))
            for x in range(0, 640, 7) for y in range(0, 480, 7))


def its_picture_is_the_file_s_bytes(machine, _screen):
    said = machine.say("wc -c < /dev/fb0")
    return str(640 * 480 * 2) in said


def zeros_make_it_black(machine, _screen):
    machine.say("cat /dev/zero > /dev/fb0")
    screen = machine.screen()
    return all(same(pixel(screen, x, y), (0, 0, 0))
               for x in range(0, 640, 7) for y in range(0, 480, 7))


def vmapdemo_reads_what_the_kernel_wrote(machine, _screen):
    said = machine.say("vmapdemo")
    return all(part in said for part in (
        "page 3 begins \"page 3 of the kernel", "page faults: 4",
        "the kernel sees: \"written by a program\""))


PROGRAM_CASES = (
    a_program_s_stores_are_on_the_screen,
    its_picture_is_the_file_s_bytes,
    zeros_make_it_black,
    vmapdemo_reads_what_the_kernel_wrote,
)
CASES = (
    screen_is_640_by_480,
    red_is_red_and_blue_is_blue,
    legend_shows_the_palette,
    legend_has_a_name_at_each_square,
    palette_is_told_apart_by_the_colour_blind,
    kernel_image_is_reserved_and_the_rest_mostly_free,
    frame_buffer_shows_itself,
    picture_follows_an_allocation,
    off_gives_the_memory_back,
)


def run_cases(machine, cases, first):
    """Print the verdicts, numbered from first on; how many are bad."""
    failed = 0
    try:
        time.sleep(0.5)
        screen = machine.screen()
        for number, case in enumerate(cases, first):
            good = case(machine, screen)
            failed += not good
            print(f"    {'' if good else 'not '}ok {number} {case.__name__}",
                  flush=True)
    finally:
        machine.end()
    return failed


def main():
    print(f"KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: screen\n"
          f"    1..{len(CASES) + len(PROGRAM_CASES)}")
    with tempfile.TemporaryDirectory() as folder:
        failed = run_cases(Machine(folder, "lcd=map quiet", PROMPT), CASES, 1)
        failed += run_cases(
            Machine(folder, "quiet", SHELL, "--initrd",
                    os.path.join(TOP, "build/initramfs.cpio")),
            PROGRAM_CASES, len(CASES) + 1)
    print(f"{'not ' if failed else ''}ok 1 screen")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
