/* SPDX-License-Identifier: MIT */
/* System calls on memory. Errors: -1 (MAP_FAILED) and errno. */
#include <stdarg.h>
#include <sys/mman.h>

#include "lib.h"

/* The kernel takes the offset in pages. */
void *
mmap(void *addr, size_t len, int prot, int flags, int fd, long long offset)
{
	if (offset & 0xfff) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	return (void *)result(SYSCALL(SYS_mmap2, addr, len, prot, flags, fd,
				      (long)(offset >> 12)));
}

int
munmap(void *addr, size_t len)
{
	return result(SYSCALL(SYS_munmap, addr, len));
}

int
mprotect(void *addr, size_t len, int prot)
{
	return result(SYSCALL(SYS_mprotect, addr, len, prot));
}

void *
mremap(void *addr, size_t len, size_t new_len, int flags, ...)
{
	va_list args;
	void *to;

	va_start(args, flags);
	to = va_arg(args, void *);
	va_end(args);
	return (void *)result(SYSCALL(SYS_mremap, addr, len, new_len, flags,
				      to));
}

int
madvise(void *addr, size_t len, int advice)
{
	return result(SYSCALL(SYS_madvise, addr, len, advice));
}

int
msync(void *addr, size_t len, int flags)
{
	return result(SYSCALL(SYS_msync, addr, len, flags));
}

int
mlock(const void *addr, size_t len)
{
	return result(SYSCALL(SYS_mlock, addr, len));
}

int
munlock(const void *addr, size_t len)
{
	return result(SYSCALL(SYS_munlock, addr, len));
}

int
mincore(void *addr, size_t len, unsigned char *vec)
{
	return result(SYSCALL(SYS_mincore, addr, len, vec));
}

int
memfd_create(const char *name, unsigned flags)
{
	return result(SYSCALL(SYS_memfd_create, name, flags));
}
