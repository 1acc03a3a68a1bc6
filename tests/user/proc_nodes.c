/* SPDX-License-Identifier: MIT */
/* /proc: folders of other processes, and what it tells of frames. */
#include <dirent.h>
#include <linux/kernel-page-flags.h>
#include <stdint.h>

#include "utest.h"

#define SOME_USER	1000
#define FRAME_BITS	((1ull << 55) - 1)

static char path[64];

static const char *
of_pid(long pid, const char *what)
{
	snprintf(path, sizeof(path), "/proc/%ld/%s", pid, what);
	return path;
}

/* Where a link of /proc/PID leads; "" and errno. */
static const char *
link_of(long pid, const char *what)
{
	static char target[100];
	ssize_t len = readlink(of_pid(pid, what), target, sizeof(target) - 1);

	target[len < 0 ? 0 : len] = '\0';
	return target;
}

/* How often the folder lists name; -errno. */
static int
listed(const char *folder, const char *name)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	int found = 0;

	if (!dir)
		return -errno;
	while ((e = readdir(dir)))
		found += !strcmp(e->d_name, name);
	closedir(dir);
	return found;
}

static const char *
content_of(const char *name)
{
	static char text[400];
	int fd = open(name, O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[len < 0 ? 0 : len] = '\0';
	close(fd);
	return text;
}

/* A child that waits in /proc with a file at descriptor 40. */
struct waiting {
	pid_t pid;
	int gate;
};

static struct waiting
start_waiting(void)
{
	int go[2], ready[2], fd;
	struct waiting w;
	char byte;

	ASSERT(pipe(go) == 0 && pipe(ready) == 0);
	w.pid = fork();
	if (!w.pid) {
		close(go[1]);
		chdir("/proc");
		fd = open(temp_name("other"), O_RDWR | O_CREAT, 0600);
		dup2(fd, 40);
		write(40, "12345", 5);
		write(ready[1], "r", 1);
		read(go[0], &byte, 1);
		unlink(temp_name("other"));
		_exit(0);
	}
	close(go[0]);
	ASSERT_EQ(read(ready[0], &byte, 1), 1);
	w.gate = go[1];
	return w;
}

static void
end_waiting(struct waiting w)
{
	int status;

	close(w.gate);
	EXPECT_EQ(waitpid(w.pid, &status, 0), w.pid);
}

/* --- other processes ------------------------------------------------------------- */

static void
another_process_shows_where_it_stands(void)
{
	struct waiting w = start_waiting();
	char own[100];

	EXPECT_EQ(strcmp(link_of(w.pid, "cwd"), "/proc"), 0);
	EXPECT_EQ(strcmp(link_of(w.pid, "root"), "/"), 0);
	strcpy(own, link_of(getpid(), "exe"));
	EXPECT(own[0] == '/');
	EXPECT_EQ(strcmp(link_of(w.pid, "exe"), own), 0);
	EXPECT_EQ(access(of_pid(w.pid, "cwd/self"), F_OK), 0);
	end_waiting(w);
	EXPECT_EQ(SYSCALL(SYS_readlink, of_pid(w.pid, "cwd"), own, 100),
		  -ENOENT);
}

static void
another_process_shows_its_descriptors(void)
{
	struct waiting w = start_waiting();
	char buf[8] = "", name[40];
	int fd;

	EXPECT_EQ(listed(of_pid(w.pid, "fd"), "40"), 1);
	EXPECT_EQ(listed(of_pid(w.pid, "fd"), "41"), 0);
	snprintf(name, sizeof(name), "/tmp/utest-%d-other", (int)w.pid);
	EXPECT_EQ(strcmp(link_of(w.pid, "fd/40"), name), 0);
	fd = open(of_pid(w.pid, "fd/40"), O_RDONLY);
	EXPECT_EQ(read(fd, buf, 8), 5);
	EXPECT_EQ(SYSCALL(SYS_open, of_pid(w.pid, "fd/41"), O_RDONLY),
		  -ENOENT);
	EXPECT_EQ(SYSCALL(SYS_open, of_pid(w.pid, "fd/040"), O_RDONLY),
		  -ENOENT);
	EXPECT_EQ(SYSCALL(SYS_open, of_pid(w.pid, "fd/4294967336"), O_RDONLY),
		  -ENOENT);
	end_waiting(w);
}

static void
fdinfo_tells_place_and_flags(void)
{
	struct waiting w = start_waiting();
	const char *text = content_of(of_pid(w.pid, "fdinfo/40"));
	unsigned flags = 0;
	int pos = -1;

	EXPECT_EQ(sscanf(text, "pos:\t%d\nflags:\t%o\nmnt_id:\t", &pos, &flags),
		  2);
	EXPECT_EQ(pos, 5);
	EXPECT_EQ(flags & O_ACCMODE, O_RDWR);
	EXPECT_EQ(listed(of_pid(w.pid, "fdinfo"), "40"), 1);
	EXPECT_EQ(SYSCALL(SYS_open, of_pid(w.pid, "fdinfo/41"), O_RDONLY),
		  -ENOENT);
	end_waiting(w);
}

/* Dead, and not waited for: it has no place and no files any more. */
static void
a_zombie_has_nothing_open(void)
{
	struct waiting w = start_waiting();
	siginfo_t info;
	char buf[8];

	close(w.gate);
	EXPECT_EQ(SYSCALL(SYS_waitid, P_PID, w.pid, &info, WEXITED | WNOWAIT,
			  NULL), 0);
	EXPECT_EQ(SYSCALL(SYS_readlink, of_pid(w.pid, "fd/40"), buf, 8),
		  -ENOENT);
	EXPECT_EQ(SYSCALL(SYS_readlink, of_pid(w.pid, "cwd"), buf, 8),
		  -ENOENT);
	EXPECT_EQ(SYSCALL(SYS_readlink, of_pid(w.pid, "exe"), buf, 8),
		  -ENOENT);
	end_waiting(w);
}

static void
look_as_another_user(void *arg)
{
	long pid = *(pid_t *)arg;
	char buf[8];
	int ok = 0;

	if (SYSCALL(SYS_setresuid32, SOME_USER, SOME_USER, SOME_USER))
		_exit(1);
	ok += SYSCALL(SYS_readlink, of_pid(pid, "cwd"), buf, 8) == -EACCES;
	ok += SYSCALL(SYS_readlink, of_pid(pid, "exe"), buf, 8) == -EACCES;
	ok += SYSCALL(SYS_open, of_pid(pid, "fd"), O_RDONLY) == -EACCES;
	ok += SYSCALL(SYS_open, of_pid(pid, "fd/40"), O_RDONLY) == -EACCES;
	ok += SYSCALL(SYS_open, of_pid(pid, "fdinfo/40"), O_RDONLY) == -EACCES;
	ok += SYSCALL(SYS_open, of_pid(pid, "pagemap"), O_RDONLY) == -EACCES;
	ok += SYSCALL(SYS_open, "/proc/kpageflags", O_RDONLY) == -EACCES;
	/* What is for all, and what is his own. */
	ok += SYSCALL(SYS_open, of_pid(pid, "status"), O_RDONLY) >= 0;
	ok += SYSCALL(SYS_readlink, of_pid(getpid(), "cwd"), buf, 8) > 0;
	ok += SYSCALL(SYS_open, of_pid(getpid(), "pagemap"), O_RDONLY) >= 0;
	ok += SYSCALL(SYS_open, of_pid(getpid(), "fd"), O_RDONLY) >= 0;
	_exit(ok != 11);
}

static void
links_and_descriptors_are_not_for_other_users(void)
{
	struct waiting w = start_waiting();

	EXPECT_EQ(status_of(look_as_another_user, &w.pid), 0);
	end_waiting(w);
}

static volatile int thread_tid, thread_go;

static int
wait_for_go(void *unused)
{
	while (!thread_go)
		SYSCALL(SYS_sched_yield);
	return 0;
}

static void
threads_have_folders_below_task(void)
{
	char *stack = map(4 * PAGE), name[40];
	long tid;

	EXPECT_EQ(listed("/proc/self/task", "1"), getpid() == 1);
	snprintf(name, sizeof(name), "%d", (int)getpid());
	EXPECT_EQ(listed("/proc/self/task", name), 1);
	tid = start_thread(stack + 4 * PAGE, wait_for_go, NULL, &thread_tid);
	ASSERT(tid > 0);
	snprintf(name, sizeof(name), "%ld", tid);
	EXPECT_EQ(listed("/proc/self/task", name), 1);
	EXPECT_EQ(listed("/proc", name), 0);
	snprintf(name, sizeof(name), "task/%ld/maps", tid);
	EXPECT_EQ(access(of_pid(getpid(), name), R_OK), 0);
	snprintf(name, sizeof(name), "task/%ld/fd/1", tid);
	EXPECT_EQ(access(of_pid(getpid(), name), F_OK), 0);
	snprintf(name, sizeof(name), "task/%ld/task", tid);
	EXPECT_EQ(access(of_pid(getpid(), name), F_OK), -1);
	thread_go = 1;
	join_thread(&thread_tid);
	snprintf(name, sizeof(name), "%ld", tid);
	while (listed("/proc/self/task", name))
		SYSCALL(SYS_sched_yield);
}

/* --- frames ------------------------------------------------------------------------ */

static uint64_t
word_at(const char *name, uint64_t number)
{
	uint64_t word = ~0ull, pos = number * 8;
	int fd = open(name, O_RDONLY);

	EXPECT_EQ(SYSCALL(SYS_pread64, fd, &word, 8, 0, pos, pos >> 32), 8);
	close(fd);
	return word;
}

static uint64_t
frame_of(const void *address)
{
	return word_at("/proc/self/pagemap", (uintptr_t)address / PAGE);
}

static void
touch_and_count(void *at)
{
	uint64_t frame = frame_of(at) & FRAME_BITS;
	char c = *(volatile char *)at;

	(void)c;
	_exit(word_at("/proc/kpagecount", frame) != 2);
}

static void
a_page_is_followed_to_its_frame(void)
{
	char *at = map(2 * PAGE);
	uint64_t entry, flags;

	if (access("/proc/kpageflags", R_OK))
		SKIP("no /proc/kpageflags");
	EXPECT_EQ(frame_of(at) >> 63, 0);
	at[0] = 1;
	entry = frame_of(at);
	EXPECT_EQ(entry >> 63, 1);
	flags = word_at("/proc/kpageflags", entry & FRAME_BITS);
	EXPECT(flags >> KPF_ANON & 1);
	EXPECT(flags >> KPF_MMAP & 1);
	EXPECT(flags >> KPF_SWAPBACKED & 1);
	EXPECT(!(flags >> KPF_BUDDY & 1));
	EXPECT_EQ(word_at("/proc/kpagecount", entry & FRAME_BITS), 1);
	EXPECT_EQ(status_of(touch_and_count, at), 0);
	EXPECT_EQ(word_at("/proc/kpagecount", entry & FRAME_BITS), 1);
	EXPECT_EQ(load_fault(at + PAGE), 0);	/* in a child: not here */
	EXPECT_EQ(*(volatile char *)(at + PAGE), 0);
	entry = frame_of(at + PAGE);
	EXPECT(word_at("/proc/kpageflags", entry & FRAME_BITS) >>
	       KPF_ZERO_PAGE & 1);
}

static void
pages_of_files_and_frames_that_do_not_exist(void)
{
	int fd = temp_file("content", 7);
	char *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	uint64_t flags;

	if (access("/proc/kpageflags", R_OK))
		SKIP("no /proc/kpageflags");
	ASSERT(at != MAP_FAILED && *(volatile char *)at == 'c');
	flags = word_at("/proc/kpageflags", frame_of(at) & FRAME_BITS);
	EXPECT(flags >> KPF_MMAP & 1);
	EXPECT(flags >> KPF_UPTODATE & 1);
	EXPECT(!(flags >> KPF_ANON & 1));
	EXPECT_EQ(word_at("/proc/kpageflags", 0), 1 << KPF_NOPAGE);
	EXPECT_EQ(word_at("/proc/kpagecount", 0), 0);
}

static void
only_whole_words_are_read(void)
{
	static const char *const files[] = {
		"/proc/kpageflags", "/proc/kpagecount", "/proc/self/pagemap",
	};
	uint64_t words[2];
	unsigned i;

	if (access("/proc/kpageflags", R_OK))
		SKIP("no /proc/kpageflags");
	for (i = 0; i < 3; i++) {
		int fd = open(files[i], O_RDONLY);

		EXPECT_EQ(SYSCALL(SYS_pread64, fd, words, 8, 0, 4, 0), -EINVAL);
		EXPECT_EQ(SYSCALL(SYS_pread64, fd, words, 7, 0, 0, 0), -EINVAL);
		EXPECT_EQ(SYSCALL(SYS_pread64, fd, words, 12, 0, 0, 0),
			  -EINVAL);
		EXPECT_EQ(SYSCALL(SYS_pread64, fd, words, 16, 0, 8, 0), 16);
		EXPECT_EQ(SYSCALL(SYS_pread64, fd, words, 8, 0, 0, 1), 0);
		EXPECT_EQ(SYSCALL(SYS_pread64, fd, 16, 8, 0, 0, 0), -EFAULT);
		EXPECT_EQ(SYSCALL(SYS_open, files[i], O_RDWR) < 0 ||
			  SYSCALL(SYS_write, open(files[i], O_RDWR), words, 8)
			  < 0, 1);
		close(fd);
	}
}

UTEST_SUITE(proc_nodes,
	    UTEST(another_process_shows_where_it_stands),
	    UTEST(another_process_shows_its_descriptors),
	    UTEST(fdinfo_tells_place_and_flags),
	    UTEST(a_zombie_has_nothing_open),
	    UTEST(links_and_descriptors_are_not_for_other_users),
	    UTEST(threads_have_folders_below_task),
	    UTEST(a_page_is_followed_to_its_frame),
	    UTEST(pages_of_files_and_frames_that_do_not_exist),
	    UTEST(only_whole_words_are_read));
