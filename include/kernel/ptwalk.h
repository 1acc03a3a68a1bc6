/* SPDX-License-Identifier: MIT */
/* A translation told in words, in the short form of reports. */
#ifndef KERNEL_PTWALK_H
#define KERNEL_PTWALK_H

#include <lib/seq_buf.h>

/* Walk the kernel's table for va and print each step. Context: any. */
void ptwalk_show(struct seq_buf *s, unsigned long va);

#endif
