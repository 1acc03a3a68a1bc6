/* SPDX-License-Identifier: MIT */
/*
 * readvsmmap: the same file summed up through read() and through mmap().
 *
 *	read	kernel's page --copy--> our buffer	a call for each piece
 *	mmap	kernel's page = our page		a fault for a few pages
 *
 * read() copies every byte once and needs no more memory than the buffer; mmap()
 * copies nothing, but each page has to be put into our tables. The larger the
 * pieces of read(), the fewer calls; the more pages a fault brings
 * (fault-around), the fewer faults.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "example.h"

#define NAME	"/tmp/readvsmmap"
#define SIZE	(1024 * 1024)

static unsigned char buffer[65536];

static unsigned long
sum(const unsigned char *at, size_t len)
{
	const unsigned *word = (const unsigned *)at;
	unsigned long total = 0;

	for (len /= sizeof(*word); len--;)
		total += *word++;
	return total;
}

static void
report(const char *how, unsigned long long ns, long calls, long faults,
       unsigned long copied, unsigned long total)
{
	printf("%-18s %9llu ns  %5ld calls %5ld faults %8lu KiB copied, sum %08lx\n",
	       how, ns, calls, faults, copied / 1024, total);
}

static long
faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

static void
by_read(int fd, size_t piece)
{
	unsigned long total = 0, copied = 0;
	unsigned long long from = now_ns();
	long calls = 0, before = faults();
	char name[32];
	ssize_t got;

	lseek(fd, 0, SEEK_SET);
	while ((got = read(fd, buffer, piece)) > 0) {
		calls++;
		copied += got;
		total += sum(buffer, got);
	}
	snprintf(name, sizeof(name), "read, %u KiB", (unsigned)piece / 1024);
	report(name, now_ns() - from, calls + 1, faults() - before, copied,
	       total);
}

static void
by_mmap(int fd, const char *name, int flags)
{
	unsigned long long from = now_ns();
	long before = faults();
	unsigned char *at = mmap(NULL, SIZE, PROT_READ, MAP_SHARED | flags, fd,
				 0);
	unsigned long total;

	if (at == MAP_FAILED) {
		perror("mmap");
		return;
	}
	total = sum(at, SIZE);
	munmap(at, SIZE);
	report(name, now_ns() - from, 2, faults() - before, 0, total);
}

int
main(void)
{
	int fd = open(NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
	unsigned i;

	for (i = 0; i < sizeof(buffer); i++)
		buffer[i] = i * 7;
	for (i = 0; fd >= 0 && i < SIZE / sizeof(buffer); i++) {
		if (write(fd, buffer, sizeof(buffer)) < 0)
			fd = -1;
	}
	if (fd < 0) {
		perror(NAME);
		return 1;
	}
	by_read(fd, 4096);
	by_read(fd, 65536);
	by_mmap(fd, "mmap", 0);
	by_mmap(fd, "mmap, MAP_POPULATE", MAP_POPULATE);
	unlink(NAME);
	return 0;
}
