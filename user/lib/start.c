/* SPDX-License-Identifier: MIT */
/* From the first instruction to main(), and the heap under malloc(). */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv, char **envp);
void program_start(unsigned long *stack);
void *_sbrk(ptrdiff_t grow);

char **environ;

/* What newlib expects, and nothing here needs: no constructors to run. */
void _init(void);
void _fini(void);

void
_init(void)
{
}

void
_fini(void)
{
}

void
program_start(unsigned long *stack)
{
	int argc = stack[0];
	char **argv = (char **)(stack + 1);

	environ = argv + argc + 1;
	exit(main(argc, argv, environ));
}

void
_exit(int status)
{
	for (;;)
		SYSCALL(SYS_exit_group, status);
}

/*
 * Move the end of the heap; returns where it was. The kernel answers a brk()
 * that it refuses with the old end.
 */
void *
_sbrk(ptrdiff_t grow)
{
	static unsigned long heap_end;
	unsigned long old;

	if (!heap_end)
		heap_end = SYSCALL(SYS_brk, 0);
	old = heap_end;
	if (grow && (unsigned long)SYSCALL(SYS_brk, old + grow) != old + grow) {
		errno = ENOMEM;
		return (void *)-1;
	}
	heap_end = old + grow;
	return (void *)old;
}

void *
sbrk(ptrdiff_t grow)
{
	return _sbrk(grow);
}
