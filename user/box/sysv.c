/* SPDX-License-Identifier: MIT */
/* ipcs, ipcrm: System V shared memory, semaphores and message queues. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "box.h"

static void
print_segment(char *line)
{
	unsigned long size, uid;
	unsigned mode, nattch;
	int key, id;

	if (sscanf(line, "%d %d %o %lu %*d %*d %u %lu", &key, &id, &mode, &size,
		   &nattch, &uid) == 6)
		printf("0x%08x %-10d %5lu  %3o  %-10lu %-6u %s%s\n",
		       (unsigned)key, id, uid, mode & 0777, size, nattch,
		       mode & 01000 ? "dest " : "",
		       mode & 02000 ? "locked" : "");
}

static void
print_set(char *line)
{
	unsigned long nr, uid;
	unsigned mode;
	int key, id;

	if (sscanf(line, "%d %d %o %lu %lu", &key, &id, &mode, &nr, &uid) == 5)
		printf("0x%08x %-10d %5lu  %3o  %-10lu\n", (unsigned)key, id,
		       uid, mode & 0777, nr);
}

static void
print_queue(char *line)
{
	unsigned long bytes, nr, uid;
	unsigned mode;
	int key, id;

	if (sscanf(line, "%d %d %o %lu %lu %*d %*d %lu", &key, &id, &mode,
		   &bytes, &nr, &uid) == 6)
		printf("0x%08x %-10d %5lu  %3o  %-10lu %lu\n", (unsigned)key,
		       id, uid, mode & 0777, bytes, nr);
}

/* What differs between the kinds. letter: of ipcs and ipcrm. */
static const struct kind {
	char letter;
	const char *path, *title;
	void (*print)(char *line);
	long get, control;
} kinds[] = {
	{ 'm', "/proc/sysvipc/shm",
	  "------ Shared Memory Segments --------\n"
	  "key        shmid      owner perms bytes      nattch status",
	  print_segment, SYS_shmget, SYS_shmctl },
	{ 's', "/proc/sysvipc/sem",
	  "\n------ Semaphore Arrays --------\n"
	  "key        semid      owner perms nsems", print_set,
	  SYS_semget, SYS_semctl },
	{ 'q', "/proc/sysvipc/msg",
	  "\n------ Message Queues --------\n"
	  "key        msqid      owner perms used-bytes messages", print_queue,
	  SYS_msgget, SYS_msgctl },
};
#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))

static int
list_kind(const struct kind *kind)
{
	char *text = read_file(kind->path), *rest = text, *line;

	if (!text)
		return complain(kind->path);
	puts(kind->title);
	strsep(&rest, "\n");		/* what the columns are */
	while ((line = strsep(&rest, "\n")))
		kind->print(line);
	free(text);
	return 0;
}

static int
ipcs_main(int argc, char **argv)
{
	int status = 0;
	unsigned i;

	for (i = 0; i < KINDS; i++)
		if (argc < 2 || strchr(argv[1], kinds[i].letter))
			status |= list_kind(&kinds[i]);
	return status;
}
APPLET(ipcs, ipcs_main, "[-m|-s|-q]|System V memory, semaphores, messages");

/* -m ID, or -M KEY. 0, or an error number. */
static int
remove_object(const struct kind *kind, bool by_key, const char *word)
{
	char *end;
	long id = (long)strtoul(word, &end, 0);

	if (end == word || *end)
		return EINVAL;
	if (by_key)
		id = SYSCALL(kind->get, id, 0, 0);
	if (by_key && id < 0)
		return (int)-id;
	return (int)-SYSCALL(kind->control, id, 0, 0);	/* IPC_RMID */
}

static int
ipcrm_main(int argc, char **argv)
{
	int i, status = 0;
	unsigned k;
	char letter;

	if (argc < 3 || argc % 2 == 0)
		return complain_usage();
	for (i = 1; i + 1 < argc; i += 2) {
		letter = argv[i][0] == '-' ? argv[i][1] : 0;
		for (k = 0; k < KINDS; k++)
			if (letter && (letter | 32) == kinds[k].letter)
				break;
		if (k == KINDS)
			return complain_usage();
		errno = remove_object(&kinds[k], letter < 'a', argv[i + 1]);
		if (errno)
			status = complain(argv[i + 1]);
	}
	return status;
}
APPLET(ipcrm, ipcrm_main, "{-m|-s|-q ID | -M|-S|-Q KEY}...|remove them");
