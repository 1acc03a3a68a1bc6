# SPDX-License-Identifier: MIT
"""Memory for devices, set aside at boot: on the command line, in the tree."""

from runner.boots import PROMPT, Boot, memory

MIB = 1 << 20
RAM = 0x60000000


def reserved(name, start, size, more, append=""):
    """A tree of 64 MiB with a reserved range, and a command line."""
    return memory((RAM, 64 * MIB), bootargs=f"{append} panic=-1", extra=(
        "/ { reserved-memory { #address-cells = <1>; #size-cells = <1>; "
        "ranges; %s@%x { compatible = \"shared-dma-pool\"; "
        "reg = <%#x %#x>; %s }; }; };" % (name, start, start, size, more)))


def cma(name, append, *expect, mem=64, forbid=(), **more):
    """A boot that shows the areas, and whether every rule holds."""
    return Boot(name, append=append, mem=mem,
                say=("cat cma", "verify", "poweroff"),
                expect=[*expect, r"every rule holds"],
                forbid=list(forbid), **more)


BOOTS = [
    cma("cma_default_is_a_thirty_second", "",
        r"default: 0x[0-9a-f]+, 512 pages: 0 out"),
    cma("cma_default_is_at_most_16_mib", "", r"default: .*, 4096 pages",
        mem=1024),
    cma("cma_of_a_small_machine_is_none", "", r"no area", mem=16),
    cma("cma_of_a_small_machine_on_request", "cma=1M", r", 256 pages",
        mem=16),
    cma("cma_size", "cma=8M", r"default: 0x[0-9a-f]+, 2048 pages"),
    cma("cma_is_whole_pageblocks", "cma=1500K", r", 512 pages"),
    cma("cma_at_an_address", "cma=4M@0x63000000",
        r"default: 0x63000000, 1024 pages"),
    cma("cma_none", "cma=0", r"no area"),
    cma("cma_larger_than_memory", "cma=512M", r"no area"),
    cma("cma_over_the_kernel", "cma=4M@0x60000000", r"no area"),
    cma("cma_is_lowmem", "cma=8M@0x9f000000", r"no area", mem=1024),
    cma("cma_no_size", "cma=lots", r"default: "),
    Boot("cma_no_size_is_told", append="cma=lots",
         expect=[r"bad value of a parameter: cma=lots", PROMPT]),
    Boot("cma_without_room_is_told", append="cma=4M@0x60000000",
         expect=[r"cma: no free lowmem for 4 MiB at that address", PROMPT]),
    cma("reusable_range_of_the_tree_is_lent", "",
        r"camera@?\w*: 0x62000000, 512 pages: 0 out",
        tree=reserved("camera", RAM + 32 * MIB, 2 * MIB, "reusable;"),
        forbid=[r"default:"]),
    cma("reusable_range_beside_cma", "", r"camera.*512 pages",
        r"default: .*256 pages",
        tree=reserved("camera", RAM + 32 * MIB, 2 * MIB, "reusable;",
                      "cma=1M")),
    cma("range_that_is_not_reusable_is_kept", "", r"no area",
        tree=reserved("camera", RAM + 32 * MIB, 2 * MIB, "", "cma=0")),
    cma("range_of_odd_size_is_kept", "", r"camera@62000000 at 0x62000000 cannot be lent",
        r"no area",
        tree=reserved("camera", RAM + 32 * MIB, 2 * MIB + 4096, "reusable;",
                      "cma=0")),
    Boot("coherent_pool_size", append="coherent_pool=1M",
         say=("cat dma", "verify", "poweroff"),
         expect=[PROMPT, r"pool of 1024 KiB", r"every rule holds"]),
    Boot("coherent_pool_none", append="coherent_pool=0",
         say=("cat dma", "poweroff"), expect=[PROMPT, r"pool of 0 KiB"]),
    Boot("coherent_pool_too_large", append="coherent_pool=64M",
         expect=[r"bad value of a parameter: coherent_pool=64M", PROMPT]),
    Boot("everything_bounced", append="swiotlb=force",
         say=("cat dma", "test dma", "poweroff"),
         expect=[PROMPT, r"all \(swiotlb=force\)", r" 0 failed"]),
    Boot("swiotlb_no_word", append="swiotlb=maybe",
         expect=[r"bad value of a parameter: swiotlb=maybe", PROMPT]),
    # Three seconds of the host's; asleep, the kernel is far ahead.
    Boot("slow_disk_under_icount", icount=3, disk_iops=2, smp=4, say=(),
         append="test=virtio_blk:what_was_written_is_read_back "
                "test.timeout=10", expect=[r"ok 1 what_was_written"]),
    # A case of more than a minute that may take a second, or five.
    Boot("a_case_beyond_its_limit", icount=3, disk_iops=1, smp=2,
         append="test=virtio_blk:many_requests_are_in_flight_at_a_time "
                "test.timeout=1", say=(), status=1,
         expect=[r"panic: test: virtio_blk:many_requests_are_in_flight_at_a_"
                 r"time still runs after its limit of 1 s", r"core \d: task"]),
    Boot("a_device_that_nobody_drives_is_told", device="virtio-rng-device",
         say=("cat virtio", "verify", "poweroff"),
         expect=[r"virtio\d+: device 4: no driver", PROMPT,
                 r"^\d+: device 4, version 1, irq \d+, no driver"]),
    Boot("a_disk_in_memory_by_parameter", append="ramdisk=2M",
         say=("blk", "verify", "poweroff"),
         expect=[PROMPT, r"^ram0: 4096 sectors, ramdisk"]),
    Boot("a_disk_in_memory_of_no_size", append="ramdisk=2G",
         expect=[r"bad value of a parameter: ramdisk=2G", PROMPT]),
    Boot("screen_without_memory", append="lcd=map cma=0",
         expect=[PROMPT], say=("cat lcd", "dmesg", "poweroff"),
         forbid=[r"oops|panic:"]),
    Boot("screen_no_word", append="lcd=tetris",
         expect=[r"bad value of a parameter: lcd=tetris", PROMPT]),
]
