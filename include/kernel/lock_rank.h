/* SPDX-License-Identifier: MIT */
/*
 * The order of locks: the one table that the checker reads and that
 * docs/locking.md is printed from.
 *
 * A core that holds a spinlock may only take one further down. An interrupt
 * adds its locks to those of the code that it interrupts: so what is held with
 * interrupts on stands above everything that handlers take. Two locks of
 * the same rank are never held together. X(name, what it guards)
 */
#ifndef KERNEL_LOCK_RANK_H
#define KERNEL_LOCK_RANK_H

#define LOCK_RANKS(X) \
	X(TEST,		"a test's own data")				\
	X(DCACHE,	"names of files, mounts")			\
	X(FILES,	"descriptors of a process")			\
	X(FS,		"root and working folder of a process")		\
	X(MM_LIST,	"list of all address spaces")			\
	X(MM_PGTABLE,	"page table and counts of one address space")	\
	X(MM_PGTABLE_FORK, "the same, of the space that fork fills")	\
	X(PAGE_TREE,	"page cache: pages of one file")		\
	X(SWAP,		"swap: areas and their slots")			\
	X(INODE,	"inodes: hash, unused ones, dirty ones")	\
	X(FUTEX,	"futex: one bucket of waiters")			\
	X(ZRAM,		"zram: a sixteenth of its slots")		\
	X(ZSMALLOC,	"zsmalloc: zspages of one pool")		\
	X(MONITOR,	"monitor: input line and history")		\
	X(TTY,		"tty: line being edited, settings")		\
	X(PROCESS,	"processes: tree, numbers, signals")	\
	X(IRQ_DESC,	"irq: handler table")				\
	X(TIMER,	"timer: one core's tree of timers")		\
	X(RCU,		"rcu: grace periods and callbacks")		\
	X(CALL,		"smp: cross-call queue of a core")		\
	X(MEMPOOL,	"mempool: reserve of one pool")			\
	X(PKMAP,	"pkmap: slots of kmap()")			\
	X(KSTACK,	"stacks kept for the next thread")		\
	X(PERCPU,	"percpu: chunks and their bits")		\
	X(VMALLOC,	"vmalloc: free, busy and waiting areas")	\
	X(BLK_QUEUE,	"block: waiting pieces of one disk")		\
	X(BLOCK,	"block driver: one disk's queue")		\
	X(DMA,		"dma: pool, bounce buffers, table of mappings")	\
	X(PGTABLE,	"page tables of the kernel, list of pgds")	\
	X(PCP,		"page_alloc: one core's page lists")		\
	X(PAGE_OWNER,	"page_owner: table of stacks")			\
	X(SLAB_LIST,	"slab: changes of the list of caches")		\
	X(SLAB_NODE,	"slab: lists of one cache")			\
	X(LRU,		"lru: lists of one zone")			\
	X(ZONE,		"zone: free lists, pageblocks, counters")	\
	X(WAIT,		"wait queue: its list of waiters")		\
	X(EPOLL,	"epoll: files that have something, waiters")	\
	X(TASK_LIST,	"list of all tasks")				\
	X(RUNQUEUE,	"run queue of one core")			\
	X(PSI,		"psi: who is held up, totals")		\
	X(RANDOM,	"random numbers: their state")			\
	X(KMEMLEAK,	"kmemleak: records of objects, trees")		\
	X(FAULT_INJECT,	"fault injection: counters")			\
	X(PRINTK,	"log ring")					\
	X(CONSOLE,	"a console's device")

enum lock_rank {
#define LOCK_RANK_ENUM(name, what) LOCK_##name,
	LOCK_RANKS(LOCK_RANK_ENUM)
#undef LOCK_RANK_ENUM
	NR_LOCK_RANKS
};

#endif
