# SPDX-License-Identifier: MIT
#
# A fault, forwards: from the prompt into do_page_fault(), who did it, and why
# the MMU refused.
#
#	tools/gdb-session --script tools/gdb/sessions/fault-forwards.gdb

tbreak monitor_main
continue
tbreak do_page_fault
mm type oops null-write
continue
mm fault
bt 5
frame 3
info registers r0 r3
mm walk 0x10
mm what $sp
