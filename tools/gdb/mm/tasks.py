# SPDX-License-Identifier: MIT
"""mm tasks: the tasks, and the stack of one that does not run."""

import gdb

from . import command, lists, target

STATES = {0: "running", 1: "interruptible", 2: "sleeping", 4: "new", 8: "dead"}


def thread_size():
    """Bytes of a stack: with KASAN's red zones twice as many (asm/memory.h)."""
    return 16384 if target.kasan() else 8192


class Task:
    def __init__(self, address):
        value = target.object_at("struct task", address)
        self.value, self.address = value, address
        self.pid, self.cpu = int(value["pid"]), int(value["cpu"])
        self.name = value["name"].string(errors="replace")
        self.state = STATES.get(int(value["state"]), "?")
        self.stack = target.pointer(value["stack"])
        self.pc = int(value["context"]["pc"]) & 0xffffffff
        self.sp = int(value["context"]["sp"]) & 0xffffffff
        self.fn = target.pointer(value["fn"])
        self.stack_end = self.stack + thread_size()

    def stack_holds(self, address):
        return self.stack and self.stack <= address < self.stack_end


def tasks():
    """All tasks; what is wrong with the list is the second result."""
    head = target.symbol("task_list")
    if not head:
        raise target.MMError("the kernel has no task_list")
    if not target.value("(unsigned long)task_list.next"):
        return [], None
    offset = target.offset_of("struct task", "task_node")
    trouble = None
    try:
        nodes = lists.walk(head, 4096)
    except lists.Broken as error:
        nodes, trouble = error.nodes, str(error)
    return [Task(node - offset) for node in nodes], trouble


def running():
    """{address of a task: core} for those that run now."""
    result = {}
    base = target.symbol("current_task")
    try:
        for cpu in range(4):
            offset = target.value(f"percpu_offset[{cpu}]")
            if cpu and not offset:
                continue
            result[target.value(f"*(unsigned *){base + offset}")] = cpu
    except target.MMError:
        pass
    return result


class Tasks(command.Command):
    """The tasks, with where each sleeps.

    mm tasks [PID]       with PID: the calls on its stack

      task_list <-> task <-> task <-> (head)
                      | context { r4-r11, sp, pc }   saved by cpu_switch_to()
                      v
      stack   |....free....<--- grows down---| struct task |  8 KiB

    For the task that runs on a core use gdb's own bt."""

    name, usage = "tasks", "[PID]"
    counts = (0, 1)

    def run(self, words, _options):
        found, trouble = tasks()
        on = running()
        if words:
            pid = target.evaluate(words[0])
            for task in found:
                if task.pid == pid:
                    return self.one(task, on)
            self.fail(f"no task has pid {pid}")
        return self.table(found, on, trouble)

    @staticmethod
    def table(found, on, trouble):
        yield "  PID CORE STATE          STACK                  NAME" \
              "             RUNS"
        for task in found:
            state = "on core" if task.address in on else task.state
            entry = (target.source_of(task.fn) or "?").split(" ")[0]
            yield (f"{task.pid:5d} {task.cpu:4d} {state:14s} 0x{task.stack:08x}"
                   f"-0x{task.stack_end:08x}  {task.name:16s} "
                   f"{entry if task.fn else 'idle loop'}")
        if trouble:
            yield " " + trouble
        yield "next: mm tasks PID   mm what $sp"

    @staticmethod
    def one(task, on):
        yield (f"task {task.pid} \"{task.name}\"   struct task "
               f"0x{task.address:08x}   stack 0x{task.stack:08x}-"
               f"0x{task.stack_end:08x}")
        if task.address in on:
            yield f"  runs on core {on[task.address]}"
            yield f"next: thread {on[task.address] + 1}   bt"
            return
        yield f"  saved by cpu_switch_to: pc 0x{task.pc:08x}  sp 0x{task.sp:08x}"
        for line in saved_calls(task):
            yield "  " + line
        yield f"next: print *(struct task *)0x{task.address:x}"


def saved_calls(task):
    """What gdb makes of the saved registers: it is asked with them set.

    The registers are put back, so the machine does not notice.
    """
    names = [f"r{n}" for n in range(4, 12)] + ["sp", "pc"]
    frame = gdb.selected_frame()
    gdb.newest_frame().select()
    old = {name: target.register(name) for name in names + ["lr"]}
    context = task.value["context"]
    try:
        for name in names:
            gdb.execute(f"set ${name} = {int(context[name]) & 0xffffffff}",
                        to_string=True)
        text = gdb.execute("bt 20", to_string=True)
    finally:
        for name, number in old.items():
            gdb.execute(f"set ${name} = {number}", to_string=True)
        if frame.is_valid():
            frame.select()
    return text.rstrip().split("\n")


def register():
    Tasks()
