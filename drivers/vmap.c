/* SPDX-License-Identifier: MIT */
/*
 * /dev/vmap: memory from vmalloc() in programs, page by page as they touch it.
 *
 *	kernel	0xd0a00000  | page 0 | page 1 | page 2 | page 3 |  one range
 *				|        \       /        |
 *	frames		     0x61f03   0x60a11 0x7c004   0x61f08   anywhere
 *				|        /       \        |
 *	program	0xb6f00000  | page 0 | page 1 | page 2 | page 3 |  another
 *
 * Ideas
 *   One by one	There is no first frame to count from (as in drivers/fb.c), so
 *		each fault asks which frame lies behind its page of the kernel's
 *		range (vmalloc_to_page) and returns it with a reference: the
 *		reference is the translation's from then on.
 *   Life	The memory comes with the first open and goes with the last
 *		close; a mapping holds the file open. So no frame goes while a
 *		program has it.
 *   Shared	Everybody who opens it sees the same pages.
 *
 * Locks	vmap_lock, a mutex: memory, nr_open. Between open and release the
 *		pointer does not change.
 * Sources	Linux mm/memory.c, vm_fault; Corbet, LDD3, chapter 15.
 */
#include <asm/barrier.h>
#include <kernel/fs.h>
#include <kernel/mutex.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/vmalloc.h>

#define VMAP_PAGES	4u
#define VMAP_BYTES	(VMAP_PAGES << PAGE_SHIFT)

static DEFINE_MUTEX(vmap_lock);
static char *memory;			/* vmap_lock */
static unsigned nr_open;		/* vmap_lock */

/* What programs find: each page says which it is. */
static char *
make_memory(void)
{
	char *new = vzalloc(VMAP_BYTES);

	for (unsigned i = 0; new && i < VMAP_PAGES; i++)
		snprintf(new + (i << PAGE_SHIFT), 64,
			 "page %u of the kernel's", i);
	return new;
}

static int
vmap_open(struct inode *inode, struct file *file)
{
	int err = 0;

	(void)inode;
	(void)file;
	mutex_lock(&vmap_lock);
	if (!nr_open)
		memory = make_memory();
	if (memory)
		nr_open++;
	else
		err = -ENOMEM;
	mutex_unlock(&vmap_lock);
	return err;
}

static void
vmap_release(struct inode *inode, struct file *file)
{
	(void)inode;
	(void)file;
	mutex_lock(&vmap_lock);
	if (!--nr_open) {
		vfree(memory);
		memory = NULL;
	}
	mutex_unlock(&vmap_lock);
}

static ssize_t
vmap_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	(void)file;
	return memory_read(memory, VMAP_BYTES, to, pos);
}

static ssize_t
vmap_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	(void)file;
	return memory_write(memory, VMAP_BYTES, from, pos);
}

static s64
vmap_llseek(struct file *file, s64 offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, VMAP_BYTES);
}

/* SIGBUS behind the end, as behind the end of any file. */
static vm_fault_t
vmap_fault(struct vm_fault *vmf)
{
	if (vmf->pgoff >= VMAP_PAGES)
		return VM_FAULT_SIGBUS;
	vmf->page = vmalloc_to_page(memory + (vmf->pgoff << PAGE_SHIFT));
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct vmap_vm_ops = {
	.open = file_vm_open, .close = file_vm_close, .fault = vmap_fault,
};

static int
vmap_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_flags |= VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP;
	vma->vm_ops = &vmap_vm_ops;
	vma->vm_file = get_file(file);
	return 0;
}

static const struct file_operations vmap_ops = {
	.open = vmap_open, .release = vmap_release, .read = vmap_read,
	.write = vmap_write, .llseek = vmap_llseek, .mmap = vmap_mmap,
};

static const struct char_device devices[] = {
	{ "vmap", MKDEV(10, 240), 0666, &vmap_ops },
};
CHAR_DEVICES(vmap, devices);
