# SPDX-License-Identifier: MIT
#
# Vellum: build, run and test. `make help` lists the targets.
#
# Everything under boot, arch, mm, kernel and drivers that ends in .c or .S is
# built (and tests/kernel, unless TESTS=0), into build/VARIANT, so that a
# debug and a release build stand side by side. The kernel is linked twice:
# the second time with the table of its own symbols.

BUILD	?= debug
TESTS	?= 1
SAN	?=
TRACE	?= 1
COVERAGE ?= 0
MEM	?= 256
SMP	?= 1
APPEND	?=

CROSS	?= arm-none-eabi-
CC	:= $(CROSS)gcc
OBJCOPY	:= $(CROSS)objcopy
NM	:= $(CROSS)nm
SIZE	:= $(CROSS)size
PYTHON	?= python3

VARIANT := $(BUILD)$(if $(SAN),-$(SAN))$(if $(filter 1,$(COVERAGE)),-coverage)$(if $(filter 0,$(TRACE)),-notrace)$(if $(filter 0,$(TESTS)),-notests)$(if $(filter 1,$(BENCH)),-bench)
OUT	:= build/$(VARIANT)

Q	:= $(if $(filter 1,$(V)),,@)
say	= $(if $(filter 1,$(V)),@:,@printf '  %-7s %s\n' $(1) $(2))

# --- what is built ---------------------------------------------------------

DIRS	:= boot arch mm kernel drivers $(if $(filter 0,$(TESTS)),,tests/kernel)
SRC	:= $(sort $(shell find $(DIRS) -name '*.c' -o -name '*.S') \
	   $(if $(filter 1,$(BENCH)),$(wildcard tests/kernel/bench_*.c)))
OBJ	:= $(patsubst %,$(OUT)/%.o,$(SRC))
DTB	:= build/vexpress-v2p-ca9.dtb

CFLAGS_debug	:= -Og -DVELLUM_DEBUG
CFLAGS_release	:= -O2 -ffunction-sections
LDFLAGS_release	:= -Wl,--gc-sections
# At -O2 strings begin at multiples of four, and those of Thumb code do not: the
# linker shares what is equal, or the end of another, only among like ones.
AFTER_release	= $(OBJCOPY) --set-section-alignment .rodata.str1.4=1 $@
ifeq ($(CFLAGS_$(BUILD)),)
$(error BUILD=$(BUILD): it is debug or release)
endif

# --- sanitizers: SAN=ubsan, kasan or stack ----------------------------------

SAN_ubsan	:= -fsanitize=undefined -fno-sanitize=object-size
SAN_stack	:= -fstack-protector-all -DVELLUM_STACK_PROTECTOR
SAN_kasan	:= -fsanitize=kernel-address -fasan-shadow-offset=0xdf800000 \
		   -fsanitize-address-use-after-scope \
		   --param asan-stack=1 --param asan-globals=1 \
		   --param asan-instrumentation-with-call-threshold=0
ifeq ($(SAN)-$(BUILD),kasan-release)
$(error SAN=kasan: debug builds only)
endif
ifneq ($(filter-out kasan ubsan stack,$(SAN)),)
$(error SAN=$(SAN): it is kasan, ubsan or stack)
endif

# Debug builds guard the functions that have arrays or pass on addresses.
ifeq ($(BUILD)$(filter stack,$(SAN)),debug)
SAN_always	:= -fstack-protector-strong -DVELLUM_STACK_PROTECTOR
endif
SANFLAGS	:= $(SAN_always) $(SAN_$(SAN))
SANDEFS		:= $(if $(filter kasan,$(SAN)),-DVELLUM_KASAN) \
		   $(if $(filter ubsan,$(SAN)),-DVELLUM_UBSAN)

# Not checked: what prints the reports, what walks broken stacks, and what
# keeps its own notes in memory that nobody owns, what copies memory that a
# device owns, what walks all of mem_map, which is always there, after each test,
# and what spins on a word that its caller has touched. Where these copy or fill
# memory by name, it is not checked either.
UNSANITIZED	:= kernel/ubsan.c kernel/soft_report.c
ifeq ($(SAN),kasan)
UNSANITIZED	+= $(filter mm/debug/kasan%.c mm/debug/stack_depot.c \
		     mm/debug/verify_page.c kernel/locking/spinlock.c \
		     mm/debug/kmemleak%.c mm/kmem/kmemleak%.c \
		     arch/arm/mm/kasan_shadow.c arch/arm/unwind.c \
		     arch/arm/catch.c kernel/oops.c mm/kmem/kmalloc.c \
		     mm/kmem/kasan%.c mm/kmem/dma_bounce.c \
		     mm/kmem/slab%.c mm/kmem/slub%.c mm/kmem/slob%.c,$(SRC))
UNSANITIZED_FLAGS := -Dmemcpy=raw_memcpy -Dmemmove=raw_memmove \
		     -Dmemset=raw_memset
endif

CPPFLAGS := -Iinclude -D__KERNEL__ $(SANDEFS) $(if $(filter 0,$(TESTS)),,-DVELLUM_TESTS) \
	    $(if $(filter 0,$(TRACE)),-DVELLUM_NO_TRACE)
ARCH	:= -marm -mcpu=cortex-a9 -mfloat-abi=soft -mno-unaligned-access
CFLAGS	:= -std=gnu11 $(ARCH) -ffreestanding -fno-common -fno-pic \
	   -funwind-tables -fno-strict-aliasing -fno-delete-null-pointer-checks \
	   -g3 -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes \
	   -Wno-unused-parameter -Wvla $(CFLAGS_$(BUILD)) $(SANFLAGS) \
	   $(if $(CI),-Werror)
ASFLAGS	:= $(ARCH) -g3 -D__ASSEMBLER__
LDFLAGS	:= -nostdlib -static -Wl,--build-id=none -Wl,-T,linker.ld \
	   -Wl,--no-warn-rwx-segments $(LDFLAGS_$(BUILD))
LIBS	:= -lgcc

# The coverage build counts how often each line runs (kernel/gcov.c). Atomic
# counters, so that none is lost between cores. Not counted: gcov.c itself.
ifeq ($(COVERAGE),1)
COVFLAGS := --coverage -fprofile-info-section -fprofile-update=atomic
COVERED	:= $(foreach d,mm arch kernel drivers,$(OUT)/$(d)/%.o)
$(filter $(COVERED),$(filter-out $(OUT)/kernel/gcov.c.o,$(OBJ))): \
	CFLAGS += $(COVFLAGS)
CPPFLAGS += -DVELLUM_COVERAGE
LIBS	:= -Wl,--start-group -lgcov -lgcc -Wl,--end-group
endif

.PHONY: all
all: build/kernel.elf build/kernel.bin $(DTB) build/compile_commands.json user

# The names that people and gdb use always mean the last variant built.
build/kernel.elf: $(OUT)/kernel.elf $(OUT)/.last
	$(Q)cp $< $@
build/kernel.bin: $(OUT)/kernel.bin $(OUT)/.last
	$(Q)cp $< $@

.PHONY: FORCE
$(OUT)/.last: FORCE
	$(Q)mkdir -p $(OUT)
	$(Q)[ "$$(cat build/.variant 2>/dev/null)" = "$(VARIANT)" ] || \
		{ echo "$(VARIANT)" >build/.variant; touch $@; }
	$(Q)[ -f $@ ] || touch $@

$(UNSANITIZED:%=$(OUT)/%.o): CFLAGS := \
	$(filter-out $(filter-out -D%,$(SAN_$(SAN))),$(CFLAGS)) \
	$(UNSANITIZED_FLAGS)

# Memory that is no device's may be read and written at any address, which the
# compiler is told only where copying is all: on entry to the kernel, before the
# MMU is on, it would be wrong.
$(OUT)/kernel/lib/lz4.c.o: CFLAGS += -munaligned-access

# Each test of a debug build ends in a walk over all frames.
$(OUT)/mm/debug/verify_page.c.o: CFLAGS += -O2

# Release kernels: what runs seldom is made small, in Thumb-2 code and for size;
# that is 60 % of the bytes that -O2 makes of it. What every system call, fault or
# allocation passes stays fast and in ARM code. What nothing refers to is left
# out. (A debug kernel is all ARM, one instruction set to read in gdb, and whole.)
ifeq ($(BUILD),release)
FAST	:= $(addprefix kernel/,fault.c irq.c rcu.c locking/% sched/% time/%) \
	   $(addprefix kernel/lib/,string.c rbtree.c lz4.c) \
	   $(addprefix kernel/fs/,fdtable.c file_table.c filemap_rw.c \
		iov_iter.c dcache.c namei.c pipe.c read_write.c rw_calls.c \
		tmpfs.c usercopy.c) \
	   $(addprefix kernel/process/,exit.c fork.c futex.c process.c \
		signal.c signal_frame.c wait.c) \
	   $(addprefix kernel/syscall/,memory.c table.c tasks.c) \
	   $(addprefix kernel/block/,core.c queue.c swap.c) \
	   $(addprefix drivers/,virtio_blk.c virtio_ring.c zram%)
SMALL	:= $(filter-out $(FAST),$(filter kernel/%.c drivers/%.c mm/debug/%.c \
		%/verify.c,$(SRC))) \
	   $(addprefix kernel/sched/,migrate.c ps.c verify.c) \
	   drivers/zram_nodes.c \
	   $(addprefix mm/as/,driver.c gup.c mlock.c oom_reap.c pageout.c \
		section.c userfault.c) \
	   $(addprefix mm/cache/,shmem_swap.c truncate.c) \
	   $(addprefix mm/phys/,cma.c contig.c memblock.c report.c shuffle.c \
		zone.c zoneinfo.c) \
	   $(addprefix mm/kmem/,dma_bounce.c dma_coherent.c kfence.c \
		kfence_pool.c kfence_report.c mempool.c percpu.c pkmap.c \
		shrinker.c slab_info.c slub_debug.c slub_report.c \
		vmalloc_info.c) \
	   $(addprefix mm/reclaim/,kswapd.c lru_node.c policy.c) \
	   $(addprefix arch/arm/,align.c mm/init.c)
$(SMALL:%=$(OUT)/%.o): CFLAGS += -Os -mthumb
endif

# Tests look for themselves in the stacks of reports: a line is one call.
$(filter-out %/bench_%,$(filter $(OUT)/tests/%.c.o,$(OBJ))): \
	CFLAGS += $(if $(filter release,$(BUILD)),-Os -fno-optimize-sibling-calls)

# Objects depend on the flags they were built with and on the list of files.
FLAGS	:= $(CC) $(CPPFLAGS) $(CFLAGS) $(COVFLAGS) $(SRC) small: $(SMALL)
$(OUT)/.flags: FORCE
	$(Q)mkdir -p $(OUT)
	$(Q)echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@

$(OUT)/%.c.o: %.c $(OUT)/.flags
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
	$(Q)$(AFTER_$(BUILD))

$(OUT)/%.S.o: %.S $(OUT)/.flags
	$(Q)mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(CPPFLAGS) $(ASFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/boot/dtb.S.o: $(DTB)

$(DTB): boot/board.dts
	$(Q)mkdir -p $(@D)
	$(call say,DTC,$<)
	$(Q)dtc -q -I dts -O dtb -o $@ $<

# Pass 1 has no symbol table; it gives the addresses. Pass 2 has it.
$(OUT)/kernel.pass1.elf: $(OBJ) linker.ld
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(OBJ) $(LIBS)

$(OUT)/kallsyms.S: $(OUT)/kernel.pass1.elf tools/kallsyms.py
	$(Q)$(PYTHON) tools/kallsyms.py $< >$@.tmp && mv $@.tmp $@

$(OUT)/kallsyms.o: $(OUT)/kallsyms.S
	$(Q)$(CC) $(ASFLAGS) -c -o $@ $<

$(OUT)/kernel.elf: $(OUT)/kallsyms.o $(OBJ) linker.ld
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -Wl,-Map,$(OUT)/kernel.map -o $@ $(OBJ) $< $(LIBS)
	$(Q)$(PYTHON) tools/kallsyms.py --check $@ $(OUT)/kallsyms.S

$(OUT)/kernel.bin: $(OUT)/kernel.elf
	$(Q)$(OBJCOPY) -O binary $< $@

build/compile_commands.json: $(OUT)/.flags tools/compile-commands
	$(Q)$(PYTHON) tools/compile-commands '$(CC) $(CPPFLAGS) $(CFLAGS)' \
		$(filter %.c,$(SRC)) >$@

-include $(OBJ:.o=.d)

include user/user.mk

# --- what people type ------------------------------------------------------

# Install what is missing, then build: in this order, even with -j.
.PHONY: ready
ready:
	$(Q)tools/setup run
	$(Q)$(MAKE) --no-print-directory all

# DISPLAY=1 is our switch; QEMU wants the one that make was started with.
ifeq ($(origin DISPLAY),command line)
LCD	:= $(filter-out 0,$(DISPLAY))
X11	:= DISPLAY="$$(tr '\0' '\n' </proc/$$PPID/environ | sed -n 's/^DISPLAY=//p')"
endif

.PHONY: run
run: ready
	$(Q)$(X11) tools/run-qemu --mem $(MEM) --smp $(SMP) $(if $(LCD),--display) \
		$(if $(INITRD),--initrd '$(INITRD)') \
		--append '$(if $(LCD),lcd=map )$(APPEND)'

.PHONY: run-uboot
run-uboot: ready
	$(Q)tools/uboot
	$(Q)tools/run-qemu --uboot --mem $(MEM) --smp $(SMP) \
		$(if $(INITRD),--initrd '$(INITRD)') --append '$(APPEND)'

# Cost in instructions: the release kernel with benchmarks only. RECORD=1 keeps the
# figures for the next comparison.
.PHONY: bench bench-kernel slab-compare
bench-kernel: ready
	$(Q)$(MAKE) --no-print-directory BUILD=release TESTS=0 BENCH=1 \
		build/release-notests-bench/kernel.bin $(DTB)
bench: bench-kernel
	$(Q)$(PYTHON) tools/bench $(if $(SUITE),--suite '$(SUITE)') \
		$(if $(filter 1,$(RECORD)),--record)
	$(Q)$(if $(SUITE),:,$(MAKE) --no-print-directory bench-user)

# As a user program sees it; bench-linux: beside Debian's Linux, run by the
# very same program on the same emulated board. test-linux: what tests/user
# expects, judged there.
.PHONY: release-kernel bench-user bench-pressure bench-linux test-linux
release-kernel: ready
	$(Q)$(MAKE) --no-print-directory BUILD=release TESTS=0 \
		build/release-notests/kernel.bin $(BENCH_CPIO) $(DTB)
bench-user: release-kernel
	$(Q)tools/bench-user
# 256 MiB touched on a machine of 128, on zram and on a disk.
bench-pressure: release-kernel
	$(Q)tools/bench-user --pressure
bench-linux: release-kernel
	$(Q)tools/bench-user --linux
test-linux: ready
	$(Q)tools/run-linux --batch --initrd $(UTEST_CPIO) --timeout 300 || \
		[ $$? = 3 ]

# One workload under slab=slub, slab and slob (docs/04-kernel-objects.md).
slab-compare: bench-kernel
	$(Q)tools/slab-compare

# All, one suite (SUITE=x), after each edit, every machine (tools/test --help).
TESTFLAGS = $(if $(ON),--machine $(ON)) $(if $(SUITE),--suite '$(SUITE)') $(if $(filter 1,$(V)),-v) \
	    $(if $(SEED),--seed $(SEED)) $(if $(APPEND),--append '$(APPEND)')

# The pure parts on the host; tools/test builds them itself (see tests/host/Makefile).
.PHONY: host-tests fuzz
host-tests:
	$(Q)$(MAKE) --no-print-directory -C tests/host
fuzz:
	$(Q)tools/setup fuzz
	$(Q)$(MAKE) --no-print-directory -C tests/host fuzz

# A KASAN kernel under mixed work for as long as is said (tools/soak).
SOAK_MINUTES ?= 60
.PHONY: soak
soak: ready
	$(Q)tools/setup test
	$(Q)$(MAKE) --no-print-directory SAN=kasan build/debug-kasan/kernel.bin
	$(Q)tools/soak --minutes $(SOAK_MINUTES) $(if $(SEED),--seed $(SEED))

.PHONY: test test-quick test-matrix
test: ready
	$(Q)tools/setup test uboot gdb record
	$(Q)tools/test $(TESTFLAGS)
test-quick: ready
	$(Q)tools/setup test
	$(Q)tools/test --quick $(TESTFLAGS)
test-matrix: ready
	$(Q)tools/setup uboot
	$(Q)tools/test --matrix $(TESTFLAGS)

# BREAK=function, T=suite[:case], RUN=command of the shell; tools/gdb-session
# has the rest.
GDBFLAGS = --mem $(MEM) --smp $(SMP) --append '$(APPEND)' \
	   $(if $(RUN),--run '$(RUN)') $(if $(BREAK),--break '$(BREAK)') $(if $(T),--test '$(T)')

.PHONY: gdb gdb-tui record replay profile
gdb: ready
	$(Q)tools/setup gdb
	$(Q)tools/gdb-session $(GDBFLAGS)
gdb-tui: ready
	$(Q)tools/setup gdb
	$(Q)tools/gdb-session --tui $(GDBFLAGS)
record: ready
	$(Q)tools/setup record
	$(Q)tools/record --mem $(MEM) --append '$(APPEND)' \
		$(if $(RUN),--run '$(RUN)')
replay:
	$(Q)tools/setup record
	$(Q)tools/record --replay
profile:
	$(Q)tools/setup run test
	$(Q)$(MAKE) --no-print-directory BUILD=release \
		build/release/kernel.bin $(DTB)
	$(Q)tools/profile --mem $(MEM) --smp $(SMP) $(if $(P),'$(P)')

# How much the tests reach, and how much they notice (docs/testing.md).
MUTANTFLAGS = $(if $(ONLY),--only $(ONLY)) $(if $(SHARD),--shard $(SHARD)) \
	      $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

.PHONY: coverage fail-sites mutants
coverage: ready
	$(Q)tools/setup test coverage
	$(Q)tools/coverage
fail-sites: ready
	$(Q)tools/fail-sites
mutants: ready
	$(Q)tools/setup test
	$(Q)tools/mutants $(MUTANTFLAGS)

.PHONY: size
size:
	$(Q)$(MAKE) --no-print-directory BUILD=release TESTS=0 \
		build/release-notests/kernel.elf
	$(Q)$(PYTHON) tools/size

.PHONY: docs
docs: ready
	$(Q)tools/doc-transcripts --update

.PHONY: check-layers
check-layers:
	$(Q)$(PYTHON) tools/check-layers

.PHONY: clean
clean:
	$(Q)find build -mindepth 1 -maxdepth 1 ! -name uboot \
		-exec rm -rf {} + 2>/dev/null || true

.PHONY: distclean
distclean:
	$(Q)rm -rf build

.PHONY: help
help:
	@sed -n 's/^## //p' Makefile

## make                  build build/kernel.elf, kernel.bin and the device tree
## make run              build and boot to the shell  (MEM=256 SMP=2 APPEND="..." INITRD=path;
##                       INITRD= to the monitor, the kernel without programs)
## make run DISPLAY=1    the same, with physical memory live in a window
## make run-uboot        the same through U-Boot, from an SD card
## make bench            instructions per operation (SUITE=x, RECORD=1)
## make bench-pressure   what it costs when memory does not suffice: zram, a disk, a kill
## make bench-linux      the same program under Debian's Linux on this board, side by side
## make slab-compare     the same work for slub, slab and slob: instructions and waste
## make test             run everything (SUITE=name: one suite, SEED=n, V=1: all cases)
## make test SAN=x      the same in a kernel with KASAN, UBSan or guarded stacks
## make test-quick       after each edit: one machine, host tests; under a minute
## make test-matrix      every size x cores x direct and U-Boot
## make soak             hours of mixed work in a kernel with KASAN (SOAK_MINUTES=60, SEED=n)
## make fuzz             fuzz the readers of what boot loaders pass (FUZZ_SECONDS=60 each)
## make gdb              QEMU and gdb with the mm commands (BREAK=func, T=suite[:case], RUN=program)
## make gdb-tui          the same with windows: code, and an mm command at each stop
## make record           record a run on one core; make replay: gdb, both directions
## make profile          instructions and calls by function (P="test=buddy")
## make coverage         which lines and branches the tests reach: build/coverage
## make mutants          plant small bugs: are they noticed? (ONLY=buddy SHARD=1/4 SAMPLE=20)
## make size             what a release kernel consists of, by directory
## make fail-sites       places that allocate and that no test has made to fail
## make docs             run the documents' transcripts and write what was printed
## make check-layers     who may include whom (docs/layers.txt)
## make clean            remove build/, but keep U-Boot (distclean: that too)
##
## Everywhere: BUILD=debug|release  TESTS=0  TRACE=0  SAN=kasan|ubsan|stack  V=1 (show commands)
