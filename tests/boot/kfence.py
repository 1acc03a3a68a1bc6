# SPDX-License-Identifier: MIT
"""KFENCE from boot on: the pool is set aside, the timer takes samples.

The suites run here where there is no CMA to take a pool from (16 MiB).
"""

from runner.boots import PROMPT, VERIFIED, Boot

BOOTS = [
    Boot("kfence_samples_from_boot_on", append="kfence.sample_interval=1",
         smp=2, say=("stress 1", "cat kfence", "verify", "poweroff"),
         expect=[PROMPT, r"pool: 63 objects at 0xc", r"sample_interval: 1 ms",
                 r"total allocations: [1-9]", r"total bugs: 0", VERIFIED]),
    Boot("kfence_in_16_mib", mem=16,
         append="kfence.num_objects=8 test=kfence,kfence_pool", say=(), forbid=[PROMPT],
         expect=[r"ok \d+ one_site_does_not_eat_the_pool",
                 r"ok \d+ all_cores_use_it_at_once", r"totals: 27 passed, 0 failed"]),
    Boot("kfence_too_many_objects", append="kfence.num_objects=5000",
         expect=[r"bad value of a parameter: kfence.num_objects=5000",
                 PROMPT]),
    Boot("kfence_no_interval", append="kfence.sample_interval=often",
         expect=[r"bad value of a parameter: kfence.sample_interval=often",
                 PROMPT]),
    Boot("kfence_pool_larger_than_memory", mem=16,
         append="kfence.num_objects=1024 kfence.sample_interval=100",
         say=("cat kfence", "verify", "poweroff"), expect=[PROMPT, VERIFIED]),
]
