/* SPDX-License-Identifier: MIT */
/* Where allocations were made to fail. See fail_sites.c. */
#ifndef MM_DEBUG_FAIL_SITES_H
#define MM_DEBUG_FAIL_SITES_H

#ifdef VELLUM_DEBUG
/* The caller's caller made an allocation fail. Context: any. */
void fail_site_note(void);
#else
#define fail_site_note()	((void)0)
#endif

#endif
