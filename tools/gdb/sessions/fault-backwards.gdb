# SPDX-License-Identifier: MIT
#
# A fault, backwards: from do_page_fault() through the entry code to the store
# that faulted, and one instruction further, before it was tried.
#
#	tools/record --keys "oops null-write"
#	tools/record --replay --script tools/gdb/sessions/fault-backwards.gdb

echo \n== run to the fault\n
break do_page_fault
continue
mm when
mm fault
bt 4

echo \n== backwards, until the core was not in the abort handler any more\n
python
import gdb
import mm.target

try:                                    # one line a step: ours
    gdb.execute("set suppress-cli-notifications on")
except gdb.error:
    pass
MODES = {0x13: "svc", 0x17: "abt"}

def mode():
    return MODES.get(mm.target.register("cpsr") & 0x1f, "?")

def show():
    text = gdb.execute("x/i $pc", to_string=True).strip().lstrip("=> ")
    gdb.write("%s  %s\n" % (mode(), " ".join(text.split())))

# A store that faults is not counted as executed, so after it the machine is
# at the store and at the vector at the same count: either may be shown.
store = int(gdb.parse_and_eval("regs->pc"))
steps, was_abort = 0, False
while steps < 200 and not (was_abort and mode() == "svc"):
    gdb.execute("reverse-stepi", to_string=True)
    show()
    steps += 1
    was_abort = was_abort or mode() == "abt"
gdb.write("%d steps back\n" % steps)
end

echo \n== the store, about to be tried\n
python
while int(gdb.parse_and_eval("$pc")) < store:
    gdb.execute("stepi", to_string=True)
show()
end
mm when
bt 3
mm what $r0

echo \n== it is tried: the next instruction is the vector\n
stepi
python show()
