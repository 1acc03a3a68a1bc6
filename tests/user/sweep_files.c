/* SPDX-License-Identifier: MIT */
/*
 * Allocation-failure sweeps of what is done with files: names and folders,
 * mounts, pipes, sockets, waiting for many, locks, the texts of /proc. How it
 * is done: sweep.c. What a run leaves in a folder it removes itself, mostly
 * after the one failure; when that was to come there, the next run does.
 */
#include <poll.h>
#include <sys/mount.h>
#include "sweep.h"

#define P	PAGE

/* Of the EABI's table; what user/include does not name. */
enum {
	SYS_flock_ = 143, SYS_newselect_ = 142, SYS_eventfd2_ = 356,
	SYS_epoll_ctl_ = 251, SYS_epoll_wait_ = 252, SYS_epoll_create1_ = 357,
	SYS_timerfd_create_ = 350, SYS_timer_create_ = 257, SYS_signalfd4_ = 355,
	SYS_execveat_ = 387, SYS_pidfd_open_ = 434,
	SYS_clone3_ = 435, SYS_pidfd_getfd_ = 438,
	SYS_process_madvise_ = 440, SYS_fadvise_ = 270,
};

static char dir[64];

static const char *
in_dir(const char *name)
{
	static char paths[4][96];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

/* A folder of the case's own; the name that is too long for the stack too. */
static void
begin(void)
{
	strcpy(dir, temp_name("swept"));
	ASSERT(!mkdir(dir, 0755) || errno == EEXIST);
}

static void
end(void)
{
	EXPECT_EQ(SYSCALL(SYS_rmdir, dir), 0);
}

/* --- Names --- */

static int
use_names(void)
{
	char text[256];
	long fd;

	TRY(fd = SYSCALL(SYS_open, in_dir("file"), O_CREAT | O_RDWR, 0644));
	TRY(SYSCALL(SYS_write, fd, text, 100));
	TRY(SYSCALL(SYS_mkdir, in_dir("folder"), 0755));
	TRY(SYSCALL(SYS_symlink, in_dir("file"), in_dir("link")));
	TRY(SYSCALL(SYS_readlink, in_dir("link"), text, sizeof(text)));
	TRY(SYSCALL(SYS_link, in_dir("file"), in_dir("folder/other")));
	TRY(SYSCALL(SYS_rename, in_dir("file"), in_dir("folder/moved")));
	TRY(SYSCALL(SYS_open, in_dir("folder/other"), O_RDONLY));
	TRY(SYSCALL(SYS_mknod, in_dir("fifo"), S_IFIFO | 0644, 0));
	TRY(SYSCALL(SYS_chdir, in_dir("folder")));
	TRY(SYSCALL(SYS_getcwd, text, sizeof(text)));
	TRY(SYSCALL(SYS_truncate64, "moved", 0, 3 * P, 0));
	TRY(SYSCALL(SYS_chmod, "moved", 0600));
	return 0;
}

static void
remove_names(void)
{
	SYSCALL(SYS_chdir, "/");
	SYSCALL(SYS_unlink, in_dir("file"));
	SYSCALL(SYS_unlink, in_dir("link"));
	SYSCALL(SYS_unlink, in_dir("fifo"));
	SYSCALL(SYS_unlink, in_dir("folder/other"));
	SYSCALL(SYS_unlink, in_dir("folder/moved"));
	SYSCALL(SYS_rmdir, in_dir("folder"));
}

static int
names(void)
{
	int err;

	remove_names();
	err = use_names();
	remove_names();
	remove_names();		/* if the failure came in the first */
	return err;
}

static void
names_fail_whole(void)
{
	begin();
	sweep(names, 25);
	end();
}

/* By itself: among others its turn may come when they need one fewer. */
static int
where_am_i(void)
{
	char text[64];

	TRY(SYSCALL(SYS_getcwd, text, sizeof(text)));
	return 0;
}

static void
the_working_folder_fails_whole(void)
{
	sweep(where_am_i, 1);
}

/* Longer than what fits into a name's own place in the kernel. */
static int
long_names(void)
{
	static char name[256];
	long err;

	memset(name, 'n', 200);
	SYSCALL(SYS_rmdir, in_dir(name));
	SYSCALL(SYS_rmdir, in_dir("short"));
	err = SYSCALL(SYS_mkdir, in_dir(name), 0755);
	if (err == 0)
		err = SYSCALL(SYS_rename, in_dir(name), in_dir("short"));
	SYSCALL(SYS_rmdir, in_dir(name));
	SYSCALL(SYS_rmdir, in_dir("short"));
	return err;
}

static void
long_names_fail_whole(void)
{
	begin();
	sweep(long_names, 4);
	end();
}

static int
list_folders(void)
{
	static const char *const folders[] = { "/", "/proc", "/dev",
					       "/proc/self/fd" };
	static char text[2048];
	unsigned i;
	long fd, n;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		TRY(fd = SYSCALL(SYS_open, folders[i], O_RDONLY | O_DIRECTORY));
		do
			TRY(n = SYSCALL(SYS_getdents64, fd, text,
					sizeof(text)));
		while (n);
	}
	return 0;
}

static void
listing_fails_whole(void)
{
	sweep(list_folders, 8);
}

static int
use_mount(void)
{
	TRY(SYSCALL(SYS_mount, "none", dir, "tmpfs", 0, "size=1m"));
	TRY(SYSCALL(SYS_open, in_dir("file"), O_CREAT | O_RDWR, 0644));
	TRY(SYSCALL(SYS_mkdir, in_dir("folder"), 0755));
	return SYSCALL(SYS_open, "/proc/mounts", O_RDONLY) < 0 ? -ENOMEM : 0;
}

static void
unmount_all(void)
{
	int fd;

	for (fd = 3; fd < 16; fd++)
		SYSCALL(SYS_close, fd);
	while (!SYSCALL(SYS_umount2, dir, 0))
		;
}

static int
mounts(void)
{
	int err;

	unmount_all();
	err = use_mount();
	unmount_all();
	return err;
}

static void
mounts_fail_whole(void)
{
	begin();
	if (mount("none", dir, "tmpfs", 0, NULL)) {
		end();
		SKIP("no right to mount");
	}
	sweep(mounts, 8);
	unmount_all();
	end();
}

/* --- Pipes, sockets, waiting --- */

static int
pipes(void)
{
	static char text[3 * P];
	long file;
	int fds[2];

	TRY(SYSCALL(SYS_pipe2, fds, 0));
	TRY(SYSCALL(SYS_write, fds[1], text, sizeof(text)));
	TRY(SYSCALL(SYS_fcntl64, fds[0], 1031, 32 * P));	/* SETPIPE_SZ */
	TRY(SYSCALL(SYS_fcntl64, fds[0], 1031, 4 * P));
	TRY(file = SYSCALL(SYS_memfd_create, "swept", 0));
	TRY(SYSCALL(SYS_ftruncate64, file, 0, P, 0));
	TRY(SYSCALL(SYS_sendfile, fds[1], file, NULL, 1000));
	TRY(SYSCALL(SYS_splice, fds[0], NULL, file, NULL, 1000, 0));
	TRY(SYSCALL(SYS_mknod, in_dir("fifo"), S_IFIFO | 0644, 0));
	TRY(file = SYSCALL(SYS_open, in_dir("fifo"), O_RDWR));
	TRY(SYSCALL(SYS_write, file, text, 10));
	return 0;
}

static int
pipes_and_fifo(void)
{
	int err;

	SYSCALL(SYS_unlink, in_dir("fifo"));
	err = pipes();
	SYSCALL(SYS_unlink, in_dir("fifo"));
	return err;
}

static void
pipes_fail_whole(void)
{
	begin();
	sweep(pipes_and_fifo, 15);
	end();
}

static int
sockets(void)
{
	static char text[P];
	int fds[2], size = 100000;

	TRY(SYSCALL(SYS_socketpair, 1, 1, 0, fds));
	TRY(SYSCALL(SYS_setsockopt, fds[0], 1, 7, &size, 4));
	TRY(SYSCALL(SYS_write, fds[0], text, sizeof(text)));
	TRY(SYSCALL(SYS_read, fds[1], text, sizeof(text)));
	return 0;
}

static void
sockets_fail_whole(void)
{
	sweep(sockets, 6);
}

/* More descriptors than a call has room for on its stack. */
static int
wait_for_many(void)
{
	static struct pollfd many[400];
	static unsigned sets[3][32];
	long time[2] = { 0, 0 };
	unsigned i;
	long fd, last;

	TRY(fd = SYSCALL(SYS_eventfd2_, 0, 0));
	TRY(last = SYSCALL(SYS_fcntl64, fd, 0, 900));
	for (i = 0; i < 400; i++)
		many[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	TRY(SYSCALL(SYS_poll, many, 400, 1));
	many[399].events = POLLOUT;
	TRY(SYSCALL(SYS_poll, many, 400, -1));
	sets[1][last / 32] = 1u << last % 32;
	TRY(SYSCALL(SYS_newselect_, 1000, NULL, sets[1], NULL, time));
	sets[0][last / 32] = 1u << last % 32;
	TRY(SYSCALL(SYS_newselect_, 1000, sets[0], sets[1], sets[2], time));
	return 0;
}

static void
waiting_for_many_fails_whole(void)
{
	sweep(wait_for_many, 6);
}

static int
watch(void)
{
	struct { unsigned events; unsigned long long data; } event = { 1, 0 };
	unsigned long long usr1 = 1ull << (SIGUSR1 - 1);
	long set, fd, timer, signals;

	TRY(set = SYSCALL(SYS_epoll_create1_, 0));
	TRY(fd = SYSCALL(SYS_eventfd2_, 1, 0));
	TRY(timer = SYSCALL(SYS_timerfd_create_, 1, 0));
	TRY(SYSCALL(SYS_epoll_ctl_, set, 1, fd, &event));
	TRY(signals = SYSCALL(SYS_signalfd4_, -1, &usr1, 8, 0));
	TRY(SYSCALL(SYS_epoll_ctl_, set, 1, timer, &event));
	TRY(SYSCALL(SYS_epoll_ctl_, set, 1, signals, &event));
	TRY(SYSCALL(SYS_epoll_wait_, set, &event, 1, -1));
	TRY(SYSCALL(SYS_close, fd));
	return 0;
}

static void
watching_fails_whole(void)
{
	sweep(watch, 8);
}

/* By itself, as the working folder. */
static int
signals_by_descriptor(void)
{
	unsigned long long usr1 = 1ull << (SIGUSR1 - 1);

	TRY(SYSCALL(SYS_signalfd4_, -1, &usr1, 8, 0));
	return 0;
}

static void
a_signalfd_fails_whole(void)
{
	sweep(signals_by_descriptor, 3);
}

static int
make_timers(void)
{
	int id;

	TRY(SYSCALL(SYS_timer_create_, 1, NULL, &id));
	TRY(SYSCALL(SYS_timer_create_, 0, NULL, &id));
	return 0;
}

static void
timers_fail_whole(void)
{
	sweep(make_timers, 3);
}

/* A child by clone3 with its pidfd. */
static int
clone_pidfd(int *child_fd)
{
	unsigned long long args[8] = { 0x1000, 0, 0, 0, SIGCHLD };
	long pid, lowest = SYSCALL(SYS_dup, 1);

	SYSCALL(SYS_close, lowest);
	args[1] = (unsigned long)child_fd;
	pid = SYSCALL(SYS_clone3_, args, sizeof(args));
	if (!pid)
		SYSCALL(SYS_exit_group, 0);
	if (is_error(pid) && SYSCALL(SYS_dup, 1) != lowest)
		return -EBADF;		/* a number is still reserved */
	TRY(pid);
	SYSCALL(SYS_wait4, pid, NULL, 0, NULL);
	return 0;
}

static int
only_clone(void)
{
	int child_fd;

	return clone_pidfd(&child_fd);
}

static int
use_pidfds(void)
{
	char *words[] = { "x", NULL };
	struct { void *base; long len; } range = { (void *)P, 0 };
	int child_fd;
	long fd;

	TRY(clone_pidfd(&child_fd));
	TRY(fd = SYSCALL(SYS_pidfd_open_, getpid(), 0));
	TRY(SYSCALL(SYS_pidfd_getfd_, fd, child_fd, 0));
	TRY(SYSCALL(SYS_process_madvise_, fd, &range, 1, 20, 0));
	TRY(fd = SYSCALL(SYS_open, in_dir("program"), O_RDONLY));
	return SYSCALL(SYS_execveat_, fd, "", words, NULL, 0x1000);
}

/* The last that can fail comes after the child has its pidfd. */
static void
a_clone_with_a_pidfd_fails_whole(void)
{
	begin();
	sweep(only_clone, 10);
	end();
}

static void
pidfds_fail_whole(void)
{
	begin();
	make_program(in_dir("program"), ET_EXEC, NULL);
	sweep(use_pidfds, 25);
	SYSCALL(SYS_unlink, in_dir("program"));
	end();
}

static int
pieces(void)
{
	static char text[4 * P];
	struct { void *base; long len; } iov[40];
	unsigned i;
	long fd;

	for (i = 0; i < 40; i++)
		iov[i].base = text + i * 300, iov[i].len = 300;
	TRY(fd = SYSCALL(SYS_memfd_create, "swept", 0));
	TRY(SYSCALL(SYS_writev, fd, iov, 40));
	TRY(SYSCALL(SYS_lseek, fd, 0, SEEK_SET));
	TRY(SYSCALL(SYS_readv, fd, iov, 40));
	TRY(SYSCALL(SYS_process_vm_readv, getpid(), iov, 40, iov, 40, 0));
	TRY(SYSCALL(SYS_mincore, (long)text & ~(P - 1), P, text));
	return 0;
}

static void
many_pieces_fail_whole(void)
{
	sweep(pieces, 6);
}

/* Several first locks, each of another file: where the numbers shift by one, the
 * turn of one of them comes. */
static int
first_locks(void)
{
	long fd, i;

	for (i = 0; i < 6; i++) {
		TRY(fd = SYSCALL(SYS_memfd_create, "swept", 0));
		TRY(SYSCALL(SYS_flock_, fd, 2));
	}
	return 0;
}

static int
set_locks(void)
{
	struct { short type, whence; long long start, len; int pid; } lock = {
		.type = 1, .start = 10, .len = 100,	/* F_WRLCK */
	};
	long fd;

	TRY(first_locks());
	TRY(fd = SYSCALL(SYS_memfd_create, "swept", 0));
	TRY(SYSCALL(SYS_fcntl64, fd, 13, &lock));	/* F_SETLK64 */
	lock.type = 2;
	lock.start = 30;
	lock.len = 10;
	TRY(SYSCALL(SYS_fcntl64, fd, 13, &lock));	/* in two pieces */
	return 0;
}

/* Without memory for a lock the error is ENOLCK. */
static int
locks(void)
{
	int err = set_locks();

	return err == -ENOLCK ? -ENOMEM : err;
}

static void
locks_fail_whole(void)
{
	sweep(locks, 20);
}

static int
use_sets(long id)
{
	struct { unsigned short num; short op, flags; } ops[20];
	unsigned short values[40];
	int i;

	for (i = 0; i < 20; i++)
		ops[i].num = 0, ops[i].op = 1, ops[i].flags = 0x1000; /* UNDO */
	TRY(SYSCALL(SYS_semop, id, ops, 1));
	TRY(SYSCALL(SYS_semop, id, ops, 20));	/* more than the stack holds */
	TRY(SYSCALL(SYS_semctl, id, 0, 13, values));	/* GETALL */
	return values[0] == 1 + 20 ? 0 : -EIO;
}

static int
sets(void)
{
	long id, err;

	TRY(id = SYSCALL(SYS_semget, 0, 40, 0600));
	err = use_sets(id);
	return SYSCALL(SYS_semctl, id, 0, 0) ? -EIO : err;	/* IPC_RMID */
}

static void
semaphores_fail_whole(void)
{
	sweep(sets, 4);
}

static int
use_queue(long id)
{
	static struct { long type; char text[3 * P / 2]; } m = { .type = 1 };
	long n;

	TRY(SYSCALL(SYS_msgsnd, id, &m, 20, 0));
	TRY(SYSCALL(SYS_msgsnd, id, &m, sizeof(m.text), 0));
	TRY(n = SYSCALL(SYS_msgrcv, id, &m, sizeof(m.text), 0, 0));
	return n == 20 ? 0 : -EIO;
}

static int
queues(void)
{
	long id, err;

	TRY(id = SYSCALL(SYS_msgget, 0, 0600));
	err = use_queue(id);
	return SYSCALL(SYS_msgctl, id, 0, 0) ? -EIO : err;	/* IPC_RMID */
}

static void
message_queues_fail_whole(void)
{
	sweep(queues, 3);
}

/* --- Disks --- */

/* Without the cache, and through it, a page with those that follow. */
static int
read_disk(void)
{
	static char page[4 * P] __attribute__((aligned(P)));
	long fd;

	TRY(fd = SYSCALL(SYS_open, DISK, O_RDWR | O_DIRECT));
	TRY(SYSCALL(SYS_read, fd, page, sizeof(page)));
	TRY(fd = SYSCALL(SYS_open, DISK, O_RDONLY));
	TRY(SYSCALL(SYS_fadvise_, fd, 4, 0, 0, 0, 0));		/* DONTNEED */
	TRY(SYSCALL(SYS_read, fd, page, sizeof(page)));
	return 0;
}

static int
swap_on_and_off(void)
{
	long err = SYSCALL(SYS_swapon, DISK, 0);

	if (!err)
		err = SYSCALL(SYS_swapoff, DISK);
	SYSCALL(SYS_swapoff, DISK);	/* if that failed */
	return err;
}

static void
disks_fail_whole(void)
{
	swap_begin("4M");
	EXPECT_EQ(SYSCALL(SYS_swapoff, DISK), 0);
	sweep(read_disk, 6);
	sweep(swap_on_and_off, 8);
	EXPECT_EQ(SYSCALL(SYS_swapon, DISK, 0), 0);
	swap_end();
}

/* --- /proc --- */

static const char *const texts[] = {
	"meminfo", "mounts", "slabinfo", "vmstat", "buddyinfo", "zoneinfo",
	"pagetypeinfo", "page_types", "vmallocinfo", "self/maps", "self/smaps",
	"self/status", "self/stat", "self/statm", "self/cmdline",
	"self/environ", "self/limits", "self/mounts", "self/pagemap",
	"self/task/1/stat", "kpagecount", "kpageflags",
};

static int
read_texts(void)
{
	static char text[4096];
	char path[64];
	unsigned i;
	long fd, n;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%s", texts[i]);
		fd = SYSCALL(SYS_open, path, O_RDONLY);
		if (fd == -ENOENT || fd == -EACCES)
			continue;
		TRY(fd);
		TRY(n = SYSCALL(SYS_read, fd, text, sizeof(text)));
		TRY(n = SYSCALL(SYS_read, fd, text, sizeof(text)));
		SYSCALL(SYS_close, fd);
	}
	TRY(SYSCALL(SYS_readlink, "/proc/self/exe", text, sizeof(text)));
	return 0;
}

static void
texts_fail_whole(void)
{
	sweep(read_texts, 40);
}

/* Of a node with a text for each name; by itself, as the working folder. */
static int
open_cache(void)
{
	TRY(SYSCALL(SYS_open, "/proc/sys/kernel/slab/kmalloc-64", O_RDONLY));
	return 0;
}

static void
a_text_by_name_fails_whole(void)
{
	sweep(open_cache, 5);
}

static int
read_log(void)
{
	static char text[3000];

	TRY(SYSCALL(103, 3, text, sizeof(text)));	/* syslog: read all */
	return 0;
}

static void
the_log_fails_whole(void)
{
	sweep(read_log, 1);
}

static int
terminal(void)
{
	char text[64];
	long fd;

	TRY(fd = SYSCALL(SYS_open, "/dev/console", O_RDWR));
	TRY(SYSCALL(SYS_ioctl, fd, 0x5401, text));	/* TCGETS */
	TRY(fd = SYSCALL(SYS_open, "/dev/zero", O_RDWR));
	TRY(SYSCALL(SYS_read, fd, text, sizeof(text)));
	return 0;
}

static void
a_terminal_fails_whole(void)
{
	if (access("/dev/console", R_OK))
		SKIP("no /dev/console");
	sweep(terminal, 2);
}

UTEST_SUITE(sweep_files,
	UTEST(names_fail_whole),
	UTEST(the_working_folder_fails_whole),
	UTEST(long_names_fail_whole),
	UTEST(listing_fails_whole),
	UTEST(mounts_fail_whole),
	UTEST(pipes_fail_whole),
	UTEST(sockets_fail_whole),
	UTEST(waiting_for_many_fails_whole),
	UTEST(watching_fails_whole),
	UTEST(a_signalfd_fails_whole),
	UTEST(timers_fail_whole),
	UTEST(a_clone_with_a_pidfd_fails_whole),
	UTEST(pidfds_fail_whole),
	UTEST(many_pieces_fail_whole),
	UTEST(locks_fail_whole),
	UTEST(semaphores_fail_whole),
	UTEST(message_queues_fail_whole),
	UTEST(disks_fail_whole),
	UTEST(texts_fail_whole),
	UTEST(a_text_by_name_fails_whole),
	UTEST(the_log_fails_whole),
	UTEST(a_terminal_fails_whole));
