/* SPDX-License-Identifier: MIT */
/*
 * Who uses which physical addresses: the iomem node.
 *
 * The entries are a tree by containment: of two ranges one holds the other,
 * or they do not touch.
 */
#ifndef KERNEL_RESOURCE_H
#define KERNEL_RESOURCE_H

#include <lib/types.h>

/*
 * Enter [start, start + size), in bytes, under a name that stays.
 * Context: any, not an interrupt. Returns 0; -EINVAL for an empty range or
 * one past the end of the address space; -EBUSY when it overlaps another one
 * in part; -ENOSPC when the table is full.
 */
int request_mem_region(phys_addr_t start, phys_addr_t size, const char *name);

#endif
