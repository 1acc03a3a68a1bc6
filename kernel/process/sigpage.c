/* SPDX-License-Identifier: MIT */
/*
 * The page of signal returns, [sigpage]: eight instructions that user mode runs
 * when a handler returns and its C library gave no code of its own (klibc).
 *
 *	offset 0   mov r7, #119; svc 0		sigreturn, ARM
 *	       8   mov r7, #173; svc 0		rt_sigreturn, ARM
 *	      16   movs r7, #119; svc 0		sigreturn, Thumb
 *	      20   movs r7, #173; svc 0		rt_sigreturn, Thumb
 *
 * One page of memory serves all processes, mapped read-only at SIGPAGE_ADDR of
 * each, just below TASK_SIZE and above the stack.
 */
#include <asm/cacheflush.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <mm/gfp.h>
#include <mm/mm.h>
#include <lib/string.h>
#include "sigpage.h"

#define SIGPAGE_ADDR	(TASK_SIZE - 2 * PAGE_SIZE)

static struct page *sigpage;

static const u32 code[] = {
	0xe3a07077, 0xef000000,		/* mov r7, #119; svc 0 */
	0xe3a070ad, 0xef000000,		/* mov r7, #173; svc 0 */
	0xdf002777,			/* movs r7, #119; svc 0 */
	0xdf0027ad,			/* movs r7, #173; svc 0 */
};

static const char *
sigpage_name(struct vm_area_struct *vma)
{
	(void)vma;
	return "[sigpage]";
}

static vm_fault_t
sigpage_fault(struct vm_fault *vmf)
{
	get_page(sigpage);
	vmf->page = sigpage;
	return 0;
}

static const struct vm_operations_struct sigpage_ops = {
	.fault = sigpage_fault,
	.name = sigpage_name,
};

int
sigpage_map(struct mm_struct *mm)
{
	return vm_map_special(mm, SIGPAGE_ADDR, sigpage, VM_READ | VM_EXEC,
			      &sigpage_ops);
}

u32
sigpage_return(bool rt, bool thumb)
{
	u32 offset = thumb ? (rt ? 20 : 16) : (rt ? 8 : 0);

	return (SIGPAGE_ADDR + offset) | thumb;
}

static int
sigpage_init(void)
{
	void *addr = get_zeroed_page(GFP_KERNEL);

	if (!addr)
		panic("no memory for the page of signal returns");
	memcpy(addr, code, sizeof(code));
	icache_sync_range(addr, (char *)addr + sizeof(code));
	sigpage = virt_to_page(addr);
	return 0;
}
device_initcall(sigpage_init);
