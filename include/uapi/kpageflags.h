/* SPDX-License-Identifier: MIT */
/* Bits of /proc/kpageflags: Linux's linux/kernel-page-flags.h, and its tools'. */
#ifndef UAPI_KPAGEFLAGS_H
#define UAPI_KPAGEFLAGS_H

#define KPF_LOCKED		0
#define KPF_ERROR		1
#define KPF_REFERENCED		2
#define KPF_UPTODATE		3
#define KPF_DIRTY		4
#define KPF_LRU			5
#define KPF_ACTIVE		6
#define KPF_SLAB		7
#define KPF_WRITEBACK		8
#define KPF_RECLAIM		9
#define KPF_BUDDY		10
#define KPF_MMAP		11
#define KPF_ANON		12
#define KPF_SWAPCACHE		13
#define KPF_SWAPBACKED		14
#define KPF_COMPOUND_HEAD	15
#define KPF_COMPOUND_TAIL	16
#define KPF_HUGE		17
#define KPF_UNEVICTABLE		18
#define KPF_HWPOISON		19
#define KPF_NOPAGE		20
#define KPF_KSM			21
#define KPF_THP			22
#define KPF_OFFLINE		23
#define KPF_ZERO_PAGE		24
#define KPF_IDLE		25
#define KPF_PGTABLE		26
#define KPF_RESERVED		32

/* Names by bit, for an array of 64. */
#define KPF_NAMES \
	[KPF_LOCKED] = "locked", [KPF_ERROR] = "error", \
	[KPF_REFERENCED] = "referenced", [KPF_UPTODATE] = "uptodate", \
	[KPF_DIRTY] = "dirty", [KPF_LRU] = "lru", [KPF_ACTIVE] = "active", \
	[KPF_SLAB] = "slab", [KPF_WRITEBACK] = "writeback", \
	[KPF_RECLAIM] = "reclaim", [KPF_BUDDY] = "buddy", \
	[KPF_MMAP] = "mmap", [KPF_ANON] = "anonymous", \
	[KPF_SWAPCACHE] = "swapcache", [KPF_SWAPBACKED] = "swapbacked", \
	[KPF_COMPOUND_HEAD] = "compound_head", \
	[KPF_COMPOUND_TAIL] = "compound_tail", [KPF_HUGE] = "huge", \
	[KPF_UNEVICTABLE] = "unevictable", [KPF_HWPOISON] = "hwpoison", \
	[KPF_NOPAGE] = "nopage", [KPF_KSM] = "ksm", [KPF_THP] = "thp", \
	[KPF_OFFLINE] = "offline", [KPF_ZERO_PAGE] = "zero_page", \
	[KPF_IDLE] = "idle_page", [KPF_PGTABLE] = "pgtable", \
	[KPF_RESERVED] = "reserved"

#endif
