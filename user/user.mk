# SPDX-License-Identifier: MIT
#
# Programs that run on the kernel, and the archives that bring them to it.
# Included by the top Makefile; docs/user.md tells more.
#
#	user/lib/*		libuser.a: Linux system calls under newlib
#	user/box/*/*.c		box: init, sh, ls, ps, ... in one program
#	user/examples/X.c	/bin/X
#	user/bench/*.c		/bin/bench: no C library at all
#	tests/user/*.c		utest: the system calls judged from outside
#
# One build serves every kernel: build/user does not depend on BUILD or SAN.

UOUT	:= build/user
UARCH	:= -mthumb -mcpu=cortex-a9 -mfloat-abi=soft
UFLAGS	:= -std=gnu11 -Os -g $(UARCH) -ffunction-sections -fdata-sections \
	   -fno-common -D_GNU_SOURCE -Wall -Wextra -Wstrict-prototypes \
	   -Wmissing-prototypes -Wno-unused-parameter $(if $(CI),-Werror)
UINC	:= -isystem user/include
ULINK	:= $(UARCH) -nostartfiles -static -Wl,--gc-sections \
	   -Wl,--build-id=none -Wl,-T,user/user.ld -Wl,-z,max-page-size=4096 \
	   -Wl,-z,noexecstack

# All of libuser comes first: what newlib also has (signal, raise) is ours. What
# is not used is dropped again (--gc-sections).
ULIBS	:= -nodefaultlibs -Wl,--whole-archive $(UOUT)/libuser.a \
	   -Wl,--no-whole-archive -Wl,--start-group -lc -lgcc -Wl,--end-group

ULIB_SRC := $(wildcard user/lib/*.c user/lib/*.S)
ULIB_OBJ := $(ULIB_SRC:%=$(UOUT)/%.o)
BOX_SRC	:= $(sort $(wildcard user/box/*.c user/box/*/*.c))
BENCH_SRC := $(sort $(wildcard user/bench/*.c))
UTEST_SRC := $(sort $(wildcard tests/user/*.c))
EXAMPLES := $(patsubst user/examples/%.c,%,$(sort $(wildcard user/examples/*.c)))
EXAMPLE_BIN := $(EXAMPLES:%=$(UOUT)/%)

UOBJ	= $(patsubst %,$(UOUT)/%.o,$(1))

$(UOUT)/.flags: FORCE
	$(Q)mkdir -p $(UOUT)
	$(Q)echo '$(CC) $(UFLAGS) $(UINC) $(ULINK)' | cmp -s - $@ || \
		echo '$(CC) $(UFLAGS) $(UINC) $(ULINK)' >$@

$(UOUT)/%.c.o: %.c $(UOUT)/.flags
	$(Q)mkdir -p $(@D)
	$(call say,UCC,$<)
	$(Q)$(CC) $(UFLAGS) $(UINC) -MMD -MP -c -o $@ $<

$(UOUT)/%.S.o: %.S $(UOUT)/.flags
	$(Q)mkdir -p $(@D)
	$(call say,UAS,$<)
	$(Q)$(CC) $(UARCH) -g -MMD -MP -c -o $@ $<

# The side that newlib sees is built with newlib's headers alone.
$(UOUT)/user/lib/newlib.c.o: UINC :=

$(UOUT)/libuser.a: $(ULIB_OBJ)
	$(Q)rm -f $@
	$(Q)$(CROSS)ar rcs $@ $^

# $(1) the program, with its symbols as $(1).elf; $(2) what to link
define program
$(UOUT)/$(1).elf: $(2) $(UOUT)/libuser.a user/user.ld
	$$(call say,ULD,$$@)
	$$(Q)$$(CC) $$(ULINK) $$(ULINK_$(1)) -o $$@ $(2) $$(ULIBS)
$(UOUT)/$(1): $(UOUT)/$(1).elf
	$$(Q)$$(CROSS)strip -o $$@ $$<
endef

ULINK_leakhook := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free

$(eval $(call program,box,$(call UOBJ,$(BOX_SRC))))
$(eval $(call program,utest,$(call UOBJ,$(UTEST_SRC))))
$(foreach e,$(EXAMPLES),$(eval $(call program,$(e),$(UOUT)/user/examples/$(e).c.o)))

# The benchmark brings its own start and uses no library.
$(UOUT)/user/bench/%.c.o: UFLAGS := -std=gnu11 -O2 -g -marm -mcpu=cortex-a9 \
	-mfloat-abi=soft -ffreestanding -fno-common -Wall -Wextra -fno-builtin \
	-fno-tree-loop-distribute-patterns -Wno-unused-parameter $(if $(CI),-Werror)
$(UOUT)/bench.elf: $(call UOBJ,$(BENCH_SRC)) user/user.ld
	$(call say,ULD,$@)
	$(Q)$(CC) -marm -mcpu=cortex-a9 -mfloat-abi=soft -nostdlib -static \
		-Wl,--build-id=none -Wl,-T,user/user.ld -Wl,-z,noexecstack \
		-Wl,-z,max-page-size=4096 -o $@ \
		$(filter %.o,$^) -lgcc
$(UOUT)/bench: $(UOUT)/bench.elf
	$(Q)$(CROSS)strip -o $@ $<

# --- archives ---------------------------------------------------------------

# What a person gets; what tests/user and the benchmarks boot into.
INITRAMFS := build/initramfs.cpio
UTEST_CPIO := $(UOUT)/utest.cpio
BENCH_CPIO := $(UOUT)/bench.cpio
INITRD	?= $(INITRAMFS)

$(INITRAMFS): $(UOUT)/box $(EXAMPLE_BIN) $(wildcard user/etc/*) tools/initramfs
	$(call say,CPIO,$@)
	$(Q)$(PYTHON) tools/initramfs --out $@ --box $(UOUT)/box \
		--etc user/etc $(EXAMPLE_BIN)

$(UTEST_CPIO): $(UOUT)/utest $(UOUT)/box tools/initramfs
	$(call say,CPIO,$@)
	$(Q)$(PYTHON) tools/initramfs --out $@ --box $(UOUT)/box \
		--init $(UOUT)/utest

$(BENCH_CPIO): $(UOUT)/bench tools/initramfs
	$(call say,CPIO,$@)
	$(Q)$(PYTHON) tools/initramfs --out $@ --init $(UOUT)/bench

.PHONY: user
user: $(INITRAMFS) $(if $(UTEST_SRC),$(UTEST_CPIO)) $(if $(BENCH_SRC),$(BENCH_CPIO))

-include $(ULIB_OBJ:.o=.d) $(patsubst %,$(UOUT)/%.d,$(BOX_SRC) $(UTEST_SRC) \
	$(BENCH_SRC)) $(EXAMPLES:%=$(UOUT)/user/examples/%.c.d)
