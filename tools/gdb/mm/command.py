# SPDX-License-Identifier: MIT
"""What the commands share: their arguments, their errors, their last line."""

import gdb

from . import target
from .target import MMError


class Prefix(gdb.Command):
    """Memory management, seen from outside.

         mm walk ADDR    how the MMU translates an address, level by level
         mm what ADDR    what lies at an address of any kind
         mm maps         all that is mapped, as ranges
         mm vma          what a process maps, and what of it is there
         mm regs         the registers that steer translation
         mm fault        the fault being handled, and the rule that decided it
         mm page X       one page frame      mm map    all of them, a letter each
         mm zones        zones               mm buddy  their free lists
         mm slab         object caches       mm vmalloc  areas of the vmalloc space
         mm shadow ADDR  what KASAN knows of an address
         mm owner        live allocations by call site
         mm snap NAME, mm diff NAME      what changed in between
         mm check        re-derive the counters and say what contradicts
         mm rmap X       who maps a frame
         mm lru          lists of pages by use    mm swap    areas and slots
         mm oom          who would end if memory ran out, and why
         mm tasks        tasks, and the stack of one
         mm when, mm goto N, mm cause, mm who-wrote ADDR    in a replay
         mm break-user PROGRAM FUNC      stop in a program; mm symbols: whose
                         symbols are loaded
         mm type TEXT    type a line at the kernel's console

       help mm walk    tells more of a command and draws what it looks at
       mm walk <TAB>   completes"""

    def __init__(self):
        super().__init__("mm", gdb.COMMAND_DATA, prefix=True)

    def invoke(self, argument, _from_tty):
        gdb.execute("help mm")


class Command(gdb.Command):
    """Base of the commands. A subclass has name, usage, options and run().

    options: {"-v": False} is a switch, {"-o": int} takes a number, and
    {"--ttbr": str} a word. run(words, options) yields or returns lines.
    """

    name, usage, options = "", "", {}
    complete_with = gdb.COMPLETE_EXPRESSION
    live = True                 # needs a machine, not only the symbols
    counts = ()                 # how many words may be given

    def __init__(self):
        super().__init__("mm " + self.name, gdb.COMMAND_DATA)

    def complete(self, text, word):
        last = text.split(" ")[-1]
        if last.startswith("-"):
            return [o for o in self.options if o.startswith(last)]
        return self.complete_with

    def invoke(self, argument, _from_tty):
        try:
            words, options = self.parse(argument)
            if self.live:
                target.need_machine()
            for line in self.run(words, options) or ():
                gdb.write(line.rstrip() + "\n")
        except MMError as error:
            gdb.write(f"mm {self.name}: {error}\n")
        except KeyboardInterrupt:
            gdb.write(f"mm {self.name}: interrupted\n")
        except (gdb.error, gdb.MemoryError, ValueError, KeyError, TypeError,
                IndexError, AttributeError, OverflowError, OSError) as error:
            gdb.write(f"mm {self.name}: cannot go on "
                      f"({type(error).__name__}: {error}); is memory damaged, "
                      "or has the kernel not come that far?\n")

    def fail(self, why):
        raise MMError(f"{why}. Usage: mm {self.name} {self.usage}".rstrip())

    def parse(self, argument):
        """Split into words and options; words that are one expression stay."""
        words, found = [], {}
        rest = gdb.string_to_argv(argument)
        while rest:
            word = rest.pop(0)
            if word not in self.options:
                if word.startswith("--") or word[:1] == "-" and not words \
                        and not word[1:2].isdigit() and len(word) == 2:
                    self.fail(f"unknown option {word}")
                words.append(word)
            elif self.options[word] is False:
                found[word] = True
            elif not rest:
                self.fail(f"{word} needs a value")
            else:
                found[word] = self.convert(word, rest.pop(0))
        if self.counts and len(words) not in self.counts:
            if 1 in self.counts and words:      # an expression with spaces
                words = [" ".join(words)]
            else:
                self.fail("too few words" if len(words) < min(self.counts)
                          else "too many words")
        return words, found

    def convert(self, option, word):
        if self.options[option] is str:
            return word
        return target.number(word)

    def run(self, words, options):
        raise NotImplementedError


def size_text(size):
    """4096 -> '4K'; a size that is no whole MiB stays in KiB."""
    if size >= 1 << 20 and size % (1 << 20) == 0:
        return f"{size >> 20}M"
    return f"{size >> 10}K"


def many(count, word):
    """'1 page', '2 pages'."""
    return f"{count} {word}" + ("" if count == 1 else "s")
