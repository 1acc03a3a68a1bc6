/* SPDX-License-Identifier: MIT */
/* Tables of the linker, under names for which the host's makes bounds. */
#ifndef HOST_KERNEL_NODE_H
#define HOST_KERNEL_NODE_H

#include_next <kernel/node.h>

#undef NODE
#define NODE(path, func) \
	static const struct node node_##func \
	__used __section("host_nodes") __aligned(8) = { path, func, NULL }
#undef NODE_DIR
#define NODE_DIR(path, func, entry_func) \
	static const struct node node_##func \
	__used __section("host_nodes") __aligned(8) = { path, func, entry_func }

#endif
