/* SPDX-License-Identifier: MIT */
/* The knobs of address spaces: /proc/sys/vm, and kernel/randomize_va_space. */
#include <kernel/procfs.h>
#include <mm/mm.h>
#include <mm/reclaim.h>
#include <mm/swap.h>

SYSCTL(vm_swappiness, .name = "vm/swappiness",
       .value = &sysctl_swappiness, .min = 0, .max = 200);
SYSCTL(vm_page_cluster, .name = "vm/page-cluster",
       .value = &sysctl_swap_cluster, .min = 0, .max = 6);
SYSCTL(vm_overcommit_memory, .name = "vm/overcommit_memory",
       .value = &sysctl_overcommit_memory, .min = 0, .max = 2);
SYSCTL(vm_overcommit_ratio, .name = "vm/overcommit_ratio",
       .value = &sysctl_overcommit_ratio, .min = 0, .max = 1000);
SYSCTL(vm_max_map_count, .name = "vm/max_map_count",
       .value = (int *)&sysctl_max_map_count, .min = 0, .max = 1 << 20);
SYSCTL(vm_mmap_min_addr, .name = "vm/mmap_min_addr",
       .value = (int *)&sysctl_mmap_min_addr, .min = 0x1000,
       .max = 0x100000);
SYSCTL(vm_randomize_va_space, .name = "kernel/randomize_va_space",
       .value = &randomize_va_space, .min = 0, .max = 2);
