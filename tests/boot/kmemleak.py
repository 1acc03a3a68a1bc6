# SPDX-License-Identifier: MIT
"""kmemleak from the command line and from the prompt.

The last boot is a check of the whole kernel: it runs since the first object,
and so does the search; nothing may be lost.
"""

from runner.boots import PROMPT, Boot

FOUND = (r"unreferenced object 0x[0-9a-f]{8} \(size \d+\):",
         r'comm "main", pid \d+, jiffies \d+',
         r"hex dump \(first 32 bytes\):", r"backtrace \(crc [0-9a-f]+\):",
         r"lose_a_list\+0x")
TWICE = ("kmemleak age=0", "kmemleak scan", "kmemleak scan", "cat kmemleak")

# Three objects lost: found, forgiven, and the scan is clean again.
PLANTED = ("kmemleak leak", *TWICE, "kmemleak clear", "kmemleak scan",
           "kmemleak list", "verify", "poweroff")
AFTER = (r"kmemleak: on, \d+ objects, .* 0 reported",)

BOOTS = [
    Boot("kmemleak_is_off_by_default", say=("cat kmemleak", "kmemleak scan",
                                            "poweroff"),
         expect=[r"kmemleak: off, 0 objects", r"it is off"]),
    Boot("kmemleak_of_no_word", append="kmemleak=maybe",
         expect=[r"bad value of a parameter: kmemleak=maybe", PROMPT]),
    Boot("kmemleak_scan_of_no_time", append="kmemleak=scan=soon",
         expect=[r"bad value of a parameter: kmemleak=scan=soon", PROMPT]),
    Boot("kmemleak_finds_what_is_lost", append="kmemleak=on", say=PLANTED,
         expect=[r"kmemleak: 3 new suspected memory leaks", *FOUND, *AFTER]),
    Boot("kmemleak_switched_on_late",
         say=("kmemleak on", *PLANTED[:-1], "kmemleak off", "cat kmemleak",
              "poweroff"),
         expect=[r"kmemleak: on, \d+ objects",
                 r"kmemleak: 3 new suspected memory leaks", *FOUND, *AFTER,
                 r"kmemleak: off, 0 objects"]),
    Boot("kmemleak_with_slab", smp=2, append="kmemleak=on slab=slab",
         say=PLANTED,
         expect=[r"kmemleak: 3 new suspected memory leaks", *FOUND, *AFTER]),
    Boot("kmemleak_with_slob", smp=4, append="kmemleak=on slab=slob",
         say=PLANTED,
         expect=[r"kmemleak: 3 new suspected memory leaks", *FOUND, *AFTER]),
    Boot("kmemleak_on_the_smallest_machine", mem=16, append="kmemleak=on",
         say=PLANTED,
         expect=[r"kmemleak: 3 new suspected memory leaks", *FOUND, *AFTER]),
    Boot("kmemleak_finds_nothing_in_a_boot", smp=4, append="kmemleak=on",
         say=(*TWICE, "verify", "poweroff"),
         expect=[r"no new leaks; 0 suspects", r"no new leaks; 0 suspects",
                 *AFTER],
         forbid=[r"unreferenced"]),
]
