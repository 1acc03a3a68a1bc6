/* SPDX-License-Identifier: MIT */
/*
 * Programs of a few instructions: an ELF file put together in memory, written to
 * a file, and run in the background.
 */
#ifndef TESTS_PROGRAMS_H
#define TESTS_PROGRAMS_H

#include <kernel/fs.h>
#include <kernel/kthread.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/test.h>
#include <lib/elf.h>
#include <lib/errno.h>
#include <lib/string.h>

#define CODE_MAX	64

struct program {
	struct elf32_ehdr ehdr;
	struct elf32_phdr phdr;
	u32 code[CODE_MAX];
};

#define LOAD_AT		0x10000u
#define WEXITSTATUS(s)	((s) >> 8 & 0xff)

/* ARM: mov r0-r7, #imm8; svc 0; ... */
#define MOV(r, n)	(0xe3a00000u | (r) << 12 | (n))
#define MOVREG(r, s)	(0xe1a00000u | (r) << 12 | (s))
#define SVC		0xef000000u
#define EXIT(n)		MOV(0, n), MOV(7, 1), SVC

static inline struct program
program_of(const u32 *code, unsigned n)
{
	struct program p;

	memset(&p, 0, sizeof(p));
	memcpy(p.ehdr.e_ident, "\x7f" "ELF\1\1\1", 7);
	p.ehdr.e_type = ET_EXEC;
	p.ehdr.e_machine = 40;
	p.ehdr.e_version = 1;
	p.ehdr.e_flags = 0x05000000;
	p.ehdr.e_phoff = offsetof(struct program, phdr);
	p.ehdr.e_phentsize = sizeof(p.phdr);
	p.ehdr.e_phnum = 1;
	p.ehdr.e_entry = LOAD_AT + offsetof(struct program, code);
	p.phdr.p_type = PT_LOAD;
	p.phdr.p_vaddr = LOAD_AT;
	p.phdr.p_filesz = p.phdr.p_memsz = sizeof(p);
	p.phdr.p_flags = PF_R | PF_X;
	memcpy(p.code, code, n * 4);
	return p;
}

static inline int
write_file(const char *path, const void *data, size_t n, unsigned mode)
{
	struct file *file;
	u64 pos = 0;
	int err = filp_open(path, O_CREAT | O_TRUNC | O_WRONLY, mode, &file);

	if (err)
		return err;
	if (kernel_write(file, data, n, &pos) != (ssize_t)n)
		err = -EIO;
	fput(file);
	return err;
}

/* --- In the background --- */

struct job {
	char path[8];
	int status, err;
	bool over;
	struct task *thread;
};

static inline void
program_main(void *arg)
{
	struct job *job = arg;
	const char *const argv[] = { job->path, NULL };

	job->err = run_user_program(job->path, argv, argv + 1, &job->status);
	job->over = true;
}

static inline void
program_start(struct test *t, struct job *job, const char *path,
	      const struct program *p)
{
	memset(job, 0, sizeof(*job));
	strscpy(job->path, path, sizeof(job->path));
	EXPECT_EQ(t, write_file(path, p, sizeof(*p), 0755), 0);
	job->thread = kthread_create(program_main, job, "job");
	ASSERT(t, job->thread);
	get_task(job->thread);
	wake_up_process(job->thread);
}

/* Its status as wait4() tells it, or why it could not run. */
static inline int
program_wait(struct job *job)
{
	kthread_join(job->thread);
	vfs_unlink_at(AT_FDCWD, job->path);
	return job->err ? job->err : job->status;
}

static inline void
program_match(struct process *process, void *arg)
{
	void **want = arg;

	if (!want[1] && !process->zombie &&
	    !strcmp(process->exe_path, want[0])) {
		process_get(process);
		want[1] = process;
	}
}

/* The process that runs it, with a reference; NULL: not yet, or no more. */
static inline struct process *
program_process(const char *path)
{
	void *want[2] = { (void *)path, NULL };

	process_for_each(program_match, want);
	return want[1];
}

static inline void
program_kill(struct process *process, void *arg)
{
	struct siginfo info = { .si_signo = SIGKILL, .si_code = SI_KERNEL };

	send_sig_process(process, &info);
}

#endif
