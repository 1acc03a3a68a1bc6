/* SPDX-License-Identifier: MIT */
/* Tables of the linker, under names for which the host's makes bounds. */
#ifndef HOST_KERNEL_INIT_H
#define HOST_KERNEL_INIT_H

#include_next <kernel/init.h>

#undef BOOT_PARAM
#define BOOT_PARAM(param, func) \
	static const struct boot_param boot_param_##func \
	__used __section("host_boot_params") __aligned(8) = { param, func }

#endif
