/* SPDX-License-Identifier: MIT */
/*
 * pager: memory whose pages another process brings, one by one, when they are
 * touched.
 *
 *	pager (parent)				its pager (child)
 *	looks at page 9		 fault ->	read(): a fault, at this address
 *	   sleeps				makes up what is in page 9
 *	"this is page 9"	 <- woken	UFFDIO_COPY: this is in it
 *
 * A machine that moves to another host begins there at once, and fetches its memory
 * as it needs it, in this way.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "example.h"

#define PAGE	4096
#define PAGES	16

static char *memory;

/* The child. Memory of the parent: it has it at the same address, but its own. */
static void
bring_pages(int fd)
{
	static char page[PAGE] __attribute__((aligned(PAGE)));
	struct uffdio_copy copy = { .src = (unsigned long)page, .len = PAGE };
	struct uffd_msg msg;
	unsigned long n;

	while (read(fd, &msg, sizeof(msg)) == sizeof(msg)) {
		n = ((unsigned long)msg.arg.pagefault.address -
		     (unsigned long)memory) / PAGE;
		printf("    a fault: %s page %lu\n",
		       msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WRITE ?
		       "a store to" : "a load from", n);
		fflush(stdout);
		snprintf(page, sizeof(page), "this is page %lu", n);
		copy.dst = msg.arg.pagefault.address;
		if (ioctl(fd, UFFDIO_COPY, &copy))
			perror("pager: UFFDIO_COPY");
	}
}

/* Memory in which nothing is, served through the file that it returns. */
static int
make_memory(void)
{
	int fd = SYSCALL(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register r = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	r.range.start = (unsigned long)memory;
	r.range.len = PAGES * PAGE;
	if (fd < 0 || memory == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &r)) {
		perror("pager");
		exit(1);
	}
	return fd;
}

static void
look(int n)
{
	printf("page %d:\n", n);
	fflush(stdout);
	printf("    \"%s\"\n", memory + n * PAGE);
}

int
main(void)
{
	unsigned char there[PAGES];
	int fd = make_memory(), i, n = 0;
	pid_t pid = fork();

	if (!pid) {
		bring_pages(fd);
		_exit(1);
	}
	look(9);
	look(3);
	look(9);
	printf("page 12, written to:\n");
	fflush(stdout);
	memory[12 * PAGE] = 'T';
	look(12);
	mincore(memory, PAGES * PAGE, there);
	for (i = 0; i < PAGES; i++)
		n += there[i] & 1;
	printf("%d of %d pages were brought\n", n, PAGES);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}
