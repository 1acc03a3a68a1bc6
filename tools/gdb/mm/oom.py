# SPDX-License-Identifier: MIT
"""mm oom: who would have to end if memory ran out, and why."""

from . import command, frames, swaps, target, tasks

STATES = ("", "killed", "reaped")
NEVER = -1000


class Candidate:
    """A process with a space: what would come back, in pages."""

    def __init__(self, process, task, total):
        mm = target.object_at("struct mm_struct",
                              target.pointer(task.value["mm"]))
        rss = [int(mm["rss"][i]) for i in range(4)]
        self.pid = int(process["pid"])
        self.name, self.adj = task.name, int(process["oom_score_adj"])
        self.state = int(process["oom_state"])
        self.swap, self.tables = rss[2], int(mm["nr_tables"])
        self.pipes = int(process["pipe_pages"]["value"])
        self.rss = rss[0] + rss[1] + rss[3]
        self.shift = abs(self.adj) * total // 1000
        if self.adj < 0:
            self.shift = -self.shift
        self.points = max(0, self.rss + self.swap + self.tables + self.pipes
                          + self.shift)

    def why_not(self, init):
        if self.pid == init:
            return "never: init"
        if self.adj == NEVER:
            return "never: -1000"
        return STATES[self.state] if self.state < len(STATES) else "?"


def candidates(total):
    """One for each process: that of its first thread with a space."""
    found = {}
    for task in tasks.tasks()[0]:
        at = target.pointer(task.value["process"])
        if not at or at in found or not target.pointer(task.value["mm"]):
            continue
        found[at] = Candidate(target.object_at("struct process", at), task,
                              total)
    return list(found.values())


class Oom(command.Command):
    """The table of the out-of-memory killer, as it would be now.

    mm oom

      |##### rss #####|## swap ##|# tables #|# pipes #|--- adj --->   the largest ends
      |## rss ##|# tables #|                                          the others stay

      badness = rss + swap + tables + pipes + oom_score_adj * all pages / 1000
      all pages: of memory and of swap.
      The largest ends; of equals the youngest. Never: init, adj -1000, and
      who has been killed already. Pages, all of them."""

    name, usage = "oom", ""
    counts = (0,)

    def run(self, _words, _options):
        total = sum(zone.managed for zone in frames.zones()) + \
            sum(area.usable for area in swaps.areas() if area.active)
        at = target.value("(unsigned long)init_process")
        init = int(target.object_at("struct process", at)["pid"]) if at else 0
        rows = sorted(candidates(total), key=lambda c: (-c.points, -c.pid))
        yield (f"{'pid':>5} {'badness':>8} {'rss':>8} {'swap':>6} "
               f"{'tables':>6} {'pipes':>6} {'adj':>5}  pages")
        for c in rows:
            why = c.why_not(init)
            yield (f"{c.pid:5} {c.points:8} {c.rss:8} {c.swap:6} "
                   f"{c.tables:6} {c.pipes:6} {c.adj:5}  {c.name}"
                   + (f"  ({why})" if why else ""))
        free = [c for c in rows if not c.why_not(init)]
        yield (f"the next would be {free[0].pid} ({free[0].name})" if free
               else "there is nobody to end")
        yield "next: mm vma PID   mm tasks"


def register():
    Oom()
