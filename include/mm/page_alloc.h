/* SPDX-License-Identifier: MIT */
/* Inside the page allocator: what its files tell each other. */
#ifndef MM_PAGE_ALLOC_H
#define MM_PAGE_ALLOC_H

#include <mm/gfp.h>

/* Frees that could not be right, reported and ignored. */
extern unsigned nr_bad_pages;

/*
 * Report a request that failed: order, gfp, zones, stack; one report for
 * many failures. mm/phys/report.c
 */
void warn_alloc(gfp_t gfp, unsigned order);
/* A line for each zone, to the log. */
void show_zones(void);
/* How many reports were made and how many were left out. */
extern unsigned nr_alloc_reports, nr_alloc_reports_dropped;

/* The names that gfp_format() uses, n = 0, 1, ...; NULL behind the last. */
const char *gfp_name(unsigned n, gfp_t *bits);

#endif
