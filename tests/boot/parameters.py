# SPDX-License-Identifier: MIT
"""The kernel's command line: what it does, and what it says of a mistake.

A mistake on the command line is reported and the boot goes on, for a typing
error must not keep anyone from the prompt.
"""

from runner.boots import PROMPT, Boot

BOOTS = [
    Boot("unknown_parameter_is_named", append="quux=1 loglevel=7",
         expect=[r"unknown parameter: quux", PROMPT]),
    Boot("mem_limits_memory", append="mem=64M", say=("cat meminfo", "poweroff"),
         expect=[PROMPT, r"MemTotal: +[3-6]\d{4} kB"]),
    Boot("mem_that_is_no_size", append="mem=much",
         expect=[r"bad value of a parameter: mem=much", PROMPT]),
    Boot("mem_of_nothing", append="mem=0",
         expect=[r"bad value of a parameter: mem=0", PROMPT]),
    Boot("mem_below_the_least", append="mem=2M", say=(), status=1,
         expect=[r"too little memory"], forbid=[PROMPT]),
    Boot("mem_above_what_there_is", append="mem=4G", expect=[PROMPT]),
    Boot("vmalloc_moves_the_lowmem_limit", mem=1024, append="vmalloc=480M",
         expect=[r"lowmem +0xc0000000 - 0xe1000000 +528 MiB", PROMPT]),
    Boot("vmalloc_absurd", append="vmalloc=4000M",
         expect=[r"bad value of a parameter: vmalloc=4000M", PROMPT]),
    Boot("vmalloc_no_number", append="vmalloc=lots",
         expect=[r"bad value of a parameter: vmalloc=lots", PROMPT]),
    Boot("maxcpus_1_of_4", smp=4, append="maxcpus=1",
         say=("cat cpuinfo", "verify", "poweroff"),
         expect=[PROMPT], forbid=[r"processor\s*: [123]"]),
    Boot("maxcpus_2_of_4", smp=4, append="maxcpus=2",
         say=("cat cpuinfo", "verify", "poweroff"),
         expect=[PROMPT, r"processor\s*: 1"], forbid=[r"processor\s*: [23]"]),
    Boot("maxcpus_no_number", smp=2, append="maxcpus=few",
         expect=[r"bad value of a parameter: maxcpus=few", PROMPT]),
    Boot("loglevel_hides_messages", append="loglevel=3", expect=[PROMPT],
         forbid=[r"layout:"]),
    Boot("test_of_an_unknown_suite", append="test=nonesuch", say=(), status=1,
         expect=[r'no suite or case is called "nonesuch"'], forbid=[PROMPT]),
    Boot("command_line_of_2000_bytes", append="x" * 1990 + " loglevel=7",
         expect=[PROMPT]),
    Boot("quoted_value", append='quux="a b c"',
         expect=[r"unknown parameter: quux", PROMPT], forbid=[r"parameter: b"]),
]
