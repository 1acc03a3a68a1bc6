/* SPDX-License-Identifier: MIT */
/* Line counters of the coverage build (make coverage). */
#ifndef KERNEL_GCOV_H
#define KERNEL_GCOV_H

#ifdef VELLUM_COVERAGE
/* Hand the counters to the emulator's host: the machine is about to end. */
void gcov_dump(void);
#else
static inline void
gcov_dump(void)
{
}
#endif

#endif
