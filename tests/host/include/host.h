/* SPDX-License-Identifier: MIT */
/*
 * Included before everything in each file built for the host (-include).
 *
 * The kernel's formatting functions have the names of the C library's, whose
 * own the sanitizers and stdio need: so they get others here.
 */
#ifndef HOST_H
#define HOST_H

#define vsnprintf	vellum_vsnprintf
#define snprintf	vellum_snprintf

#endif
