# SPDX-License-Identifier: MIT
"""A window of the text interface that shows a command's output at each stop.

    mm window COMMAND       such as: mm window mm buddy Normal

    +--------------------------+----------------------+
    | code                     | mm                   |
    +--------------------------+----------------------+
    | (gdb)                                           |
    +-------------------------------------------------+

`make gdb-tui` starts with it.
"""

import gdb

from . import command

LAYOUT = ("tui new-layout mm {-horizontal src 1 mm 1} 3 status 0 cmd 2")


class Window:
    """One window. gdb makes it and calls render() and vscroll()."""

    shown = "mm zones"
    current = None

    def __init__(self, window):
        self.window, self.top, self.lines = window, 0, []
        window.title = Window.shown
        Window.current = self

    def close(self):
        Window.current = None

    def refresh(self):
        try:
            text = gdb.execute(Window.shown, to_string=True)
        except gdb.error as error:
            text = str(error)
        self.lines = text.split("\n")
        self.window.title = Window.shown
        self.render()

    def render(self):
        height, width = self.window.height, self.window.width
        lines = self.lines[self.top:self.top + height]
        self.window.erase()
        for line in lines:
            self.window.write(line[:width].ljust(width) if len(line) < width
                              else line[:width])

    def vscroll(self, lines):
        self.top = max(0, min(self.top + lines, max(0, len(self.lines) - 1)))
        self.render()

    def hscroll(self, _columns):
        pass

    def click(self, _x, _y, _button):
        pass


class Show(command.Command):
    """Show a command's output in the window mm, anew at each stop.

    mm window COMMAND        mm window mm walk $sp
                             mm window mm buddy Normal
                             mm window bt

      +-----------------------+--------------+
      | code                  | mm           |   make gdb-tui, or
      +-----------------------+--------------+   layout mm
      | (gdb)                                |
      +--------------------------------------+"""

    name, usage, live = "window", "COMMAND", False
    complete_with = gdb.COMPLETE_COMMAND

    def parse(self, argument):
        return [argument.strip()], {}

    def run(self, words, _options):
        if not words[0]:
            self.fail("which command?")
        Window.shown = words[0]
        if Window.current:
            Window.current.refresh()
            return []
        return ["next: layout mm   (make gdb-tui starts with it)"]


def stopped(_event):
    if Window.current:
        Window.current.refresh()


def register():
    Show()
    if not hasattr(gdb, "register_window_type"):
        return                      # gdb before 10, or without TUI
    gdb.register_window_type("mm", Window)
    try:
        gdb.execute(LAYOUT, to_string=True)
    except gdb.error:
        return
    gdb.events.stop.connect(stopped)
