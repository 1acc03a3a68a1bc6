/* SPDX-License-Identifier: MIT */
/*
 * exec: the same process, another program.
 *
 *   Two phases. First everything that can fail is done in a new address space
 *   that nobody runs in: the file is opened, its segments mapped, arguments and
 *   environment copied to the new stack. If anything goes wrong, the new space
 *   is dropped and the old program sees an errno. Then the point of no return:
 *   the other threads end, the old space goes, handlers are reset, and the
 *   registers are those of a program at its first instruction.
 *
 *	#!/bin/sh -x		a script: the file is given to the program it
 *	script a b		names: /bin/sh "-x" "script" "a" "b"
 *
 * Errors  ENOENT, EACCES, ENOEXEC, E2BIG, EFAULT, ENAMETOOLONG, ETXTBSY, ENOTDIR,
 *	   ELOOP (scripts of scripts), ENOMEM.
 */
#include <asm/entry.h>
#include <asm/irqflags.h>
#include <asm/tls.h>
#include <asm/uaccess.h>
#include <kernel/completion.h>
#include <kernel/fpu.h>
#include <kernel/fs_struct.h>
#include <kernel/kthread.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/syscalls_process.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include "binprm.h"
#include "process_private.h"
#include "sigpage.h"

#define STACK_TOP	(TASK_SIZE - 4 * PAGE_SIZE)
#define STACK_RANDOM_PAGES 0x100u
#define MAX_SCRIPTS	5
#define MAX_ARG_STRLEN	(32 * PAGE_SIZE)
#define FD_NAME_LEN	24		/* "/dev/fd/-2147483648/" */

/* Which file to run: as open_exec_at() takes it. */
struct program_name {
	int dfd;
	unsigned at;			/* AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW */
	const char *path;		/* from dfd on */
	const char *shown;		/* what the program is told */
};

/* Strings to copy: of the kernel, or of the user who calls. */
struct strings {
	const char *const *kernel;	/* NULL: user */
	u32 user;			/* address of the array of pointers */
};

/* --- Writing the new stack --- */

int
stack_write(struct linux_binprm *bprm, u32 addr, const void *from, u32 n)
{
	u32 low = addr & (u32)PAGE_MASK;
	int code;

	for (; low < addr + n; low += PAGE_SIZE) {
		vm_fault_t r = mm_fault(bprm->mm, low, FAULT_FLAG_WRITE, &code);

		if (r & VM_FAULT_OOM)
			return -ENOMEM;
		if (r & VM_FAULT_ERROR)
			return -E2BIG;
	}
	return access_remote_vm(bprm->mm, addr, (void *)from, n,
				FOLL_WRITE) == n ? 0 : -EFAULT;
}

/* A quarter of the stack's limit at most is arguments. */
static bool
too_big(const struct linux_binprm *bprm, u32 n)
{
	unsigned long limit = max(rlimit(RLIMIT_STACK) / 4, 32 * PAGE_SIZE);

	return n > bprm->p || STACK_TOP - (bprm->p - n) > limit;
}

static int
copy_kernel_string(struct linux_binprm *bprm, const char *s)
{
	u32 n = (u32)strlen(s) + 1;

	if (too_big(bprm, n))
		return -E2BIG;
	bprm->p -= n;
	return stack_write(bprm, bprm->p, s, n);
}

static int
copy_user_string(struct linux_binprm *bprm, u32 s)
{
	long len = strnlen_user((const char *)s, MAX_ARG_STRLEN);
	u32 n, done = 0, part;
	int err;

	if (len <= 0)
		return -EFAULT;
	if ((unsigned long)len > MAX_ARG_STRLEN || too_big(bprm, (u32)len))
		return -E2BIG;
	n = (u32)len;
	bprm->p -= n;
	for (; done < n; done += part) {
		part = min(n - done, (u32)PAGE_SIZE);
		if (copy_from_user(bprm->page, (const void *)(s + done), part))
			return -EFAULT;
		if (done + part == n)
			bprm->page[part - 1] = '\0';
		err = stack_write(bprm, bprm->p + done, bprm->page, part);
		if (err)
			return err;
	}
	return 0;
}

/* The i-th pointer. 0 and *s 0: the end. */
static int
string_at(const struct strings *strings, int i, u32 *s)
{
	if (strings->kernel)
		*s = (u32)strings->kernel[i];
	else if (!strings->user)
		*s = 0;
	else if (get_user(*s, (const u32 *)(strings->user + (u32)i * 4)))
		return -EFAULT;
	return 0;
}

static int
count_strings(const struct strings *strings)
{
	for (int n = 0;; n++) {
		u32 s;
		int err = string_at(strings, n, &s);

		if (err)
			return err;
		if (!s)
			return n;
		if (n >= 0x7fff)
			return -E2BIG;
	}
}

/* The last one first, so that they lie in order. */
static int
copy_strings(struct linux_binprm *bprm, const struct strings *strings,
	     int count)
{
	while (count-- > 0) {
		u32 s;
		int err = string_at(strings, count, &s);

		if (!err)
			err = strings->kernel ?
			      copy_kernel_string(bprm, (const char *)s) :
			      copy_user_string(bprm, s);
		if (err)
			return err;
	}
	return 0;
}

/* --- The file --- */

int
read_exactly(struct file *file, u64 pos, void *buf, u32 n)
{
	ssize_t got = kernel_read(file, buf, n, &pos);

	if (got < 0)
		return (int)got;
	return (u32)got == n ? 0 : -ENOEXEC;
}

/* The file of dfd itself, however it was opened. 0 or -Exxx. */
static int
reopen(int dfd, struct file **file)
{
	struct path path;
	int err = path_lookup(dfd, "", LOOKUP_EMPTY, &path);

	return err ? err : file_open_path(&path, O_RDONLY, file);
}

static int
open_exec_at(const struct program_name *name, struct file **file)
{
	struct inode *inode;
	int err;

	if (!*name->path && name->at & AT_EMPTY_PATH)
		err = reopen(name->dfd, file);
	else
		err = filp_open_at(name->dfd, name->path,
				   name->at & AT_SYMLINK_NOFOLLOW ?
				   O_NOFOLLOW : 0, 0, file);
	if (err)
		return err;
	inode = (*file)->f_inode;
	if (!S_ISREG(inode->i_mode) || inode->i_sb->s_flags & SB_NOEXEC ||
	    inode_permission(inode, MAY_EXEC))
		err = -EACCES;
	else
		err = file_deny_write(*file);
	if (err)
		fput(*file);
	return err;
}

int
open_exec(const char *path, struct file **file)
{
	struct program_name name = { .dfd = AT_FDCWD, .path = path };

	return open_exec_at(&name, file);
}

static int
read_start(struct linux_binprm *bprm)
{
	u64 pos = 0;
	ssize_t n;

	memset(bprm->buf, 0, sizeof(bprm->buf));
	n = kernel_read(bprm->file, bprm->buf, sizeof(bprm->buf), &pos);
	return n < 0 ? (int)n : 0;
}

/*
 * The first line of a script in buf: "#! interpreter [one argument]". Its two
 * words are cut out of buf. 0 or -ENOEXEC.
 */
static int
parse_script(char *buf, char **interp, char **arg)
{
	char *end = memchr(buf, '\n', BINPRM_BUF - 1), *p;

	if (!end)
		return -ENOEXEC;
	while (end > buf + 2 && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	for (p = buf + 2; *p == ' ' || *p == '\t'; p++)
		;
	if (!*p)
		return -ENOEXEC;
	*interp = p;
	while (*p && *p != ' ' && *p != '\t')
		p++;
	*arg = NULL;
	if (*p) {
		*p++ = '\0';
		while (*p == ' ' || *p == '\t')
			p++;
		*arg = p;
	}
	return 0;
}

/* The stack holds argv of the script; put its interpreter in front. */
static int
become_script(struct linux_binprm *bprm, const char *path, char **interp)
{
	u32 first;		/* argv[0] goes: the script's path takes its place */
	char *arg = NULL;
	int err = parse_script(bprm->buf, interp, &arg);

	if (err)
		return err;
	while (bprm->argc) {
		if (access_remote_vm(bprm->mm, bprm->p, &first, 1, 0) != 1)
			return -EFAULT;
		bprm->p++;
		if (!(first & 0xff))
			break;
	}
	if (bprm->argc)
		bprm->argc--;
	err = copy_kernel_string(bprm, path);
	if (!err && arg)
		err = copy_kernel_string(bprm, arg);
	if (!err)
		err = copy_kernel_string(bprm, *interp);
	bprm->argc += arg ? 3 : 2;
	return err;
}

/* Open, and follow scripts to the program that runs them. */
static int
find_program(struct linux_binprm *bprm, const struct program_name *program)
{
	char *name = kstrdup(program->shown, GFP_KERNEL), *interp;
	int err = name ? 0 : -ENOMEM;

	for (unsigned depth = 0; !err; depth++) {
		char *next;

		err = read_start(bprm);
		if (err || bprm->buf[0] != '#' || bprm->buf[1] != '!')
			break;
		/* What is to read the script would not find it any more. */
		if (!depth && program->shown != program->path &&
		    fd_close_on_exec((unsigned)program->dfd)) {
			err = -ENOENT;
			break;
		}
		if (depth == MAX_SCRIPTS) {
			err = -ELOOP;
			break;
		}
		err = become_script(bprm, name, &interp);
		if (err)
			break;
		next = kstrdup(interp, GFP_KERNEL);
		kfree(name);
		name = next;
		fput(bprm->file);
		bprm->file = NULL;
		err = name ? open_exec(name, &bprm->file) : -ENOMEM;
	}
	kfree(name);
	return err;
}

/* --- The new space --- */

static int
prepare_mm(struct linux_binprm *bprm)
{
	u32 top = STACK_TOP;
	int err;

	bprm->mm = mm_alloc();
	if (!bprm->mm)
		return -ENOMEM;
	mm_pick_layout(bprm->mm, rlimit(RLIMIT_STACK));
	if (randomize_va_space)
		top -= get_random_u32() % STACK_RANDOM_PAGES << PAGE_SHIFT;
	err = vm_map_stack(bprm->mm, top, false);
	if (!err)
		err = sigpage_map(bprm->mm);
	bprm->p = top - 4;
	return err;
}

static int
prepare(struct linux_binprm *bprm, const struct program_name *program,
	const struct strings *argv, const struct strings *envp)
{
	int err = open_exec_at(program, &bprm->file);

	if (!err)
		err = prepare_mm(bprm);
	if (err)
		return err;
	bprm->argc = count_strings(argv);
	bprm->envc = count_strings(envp);
	if (bprm->argc < 0 || bprm->envc < 0)
		return bprm->argc < 0 ? bprm->argc : bprm->envc;
	err = copy_kernel_string(bprm, program->shown);
	bprm->execfn = bprm->p;
	if (!err)
		err = copy_strings(bprm, envp, bprm->envc);
	if (!err)
		err = copy_strings(bprm, argv, bprm->argc);
	if (!err && !bprm->argc) {	/* a program may expect a name */
		err = copy_kernel_string(bprm, "");
		bprm->argc = 1;
	}
	if (!err)
		err = find_program(bprm, program);
	return err ? err : load_elf_binary(bprm);
}

/* --- The point of no return --- */

/*
 * This thread alone is left, and has the number of the process. -EAGAIN: the
 * process is ending, or another thread was first: then we end instead.
 */
static int
become_only_thread(struct process *process)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	bool late = process->group_exit || process->exec_task;

	if (!late) {
		process->exec_task = current;
		zap_other_threads(process);
	}
	spin_unlock_irqrestore(&process_lock, flags);
	if (late)
		return -EAGAIN;
	wait_event(&process->wait_child, process->nr_threads == 1);
	flags = spin_lock_irqsave(&process_lock);
	process->leader = current;
	process->exec_task = NULL;
	process->exit_signal = SIGCHLD;		/* as every program expects */
	task_set_pid(current, process->pid);
	spin_unlock_irqrestore(&process_lock, flags);
	return 0;
}

/* What is shared with other processes is ours from here on. 0 or -ENOMEM. */
static int
unshare(struct process *process)
{
	struct files_struct *files = NULL;
	struct sighand *sighand = NULL;
	unsigned long flags;
	int err = 0;

	if (atomic_read(&process->files->count) > 1)
		err = files_copy(process->files, &files);
	if (err)
		return err;
	if (atomic_read(&process->sighand->count) > 1) {
		sighand = sighand_copy(process->sighand);
		if (!sighand) {
			if (files)
				files_put(files);
			return -ENOMEM;
		}
	}
	if (files) {
		flags = spin_lock_irqsave(&process_lock);
		swap(process->files, files);
		spin_unlock_irqrestore(&process_lock, flags);
		files_put(files);
	}
	if (sighand) {
		sighand_put(process->sighand);
		process->sighand = sighand;
	}
	return 0;
}

static void
take_over(struct linux_binprm *bprm, const char *path)
{
	struct process *process = current->process;
	const char *base = strrchr(path, '/');
	struct mm_struct *old;

	release_user_memory(current);
	old = task_switch_mm(bprm->mm);
	if (old)
		mmput(old);
	bprm->mm = NULL;
	process_set_exe(process, get_file(bprm->file));
	fpu_release(current);
	current->sas_sp = current->sas_size = 0;
	current->robust_list = 0;
	current->tls = 0;
	write_user_tls(0);
	posix_timers_exit(process);
	sighand_reset(process->sighand);
	files_close_on_exec(process->files);
	process->did_exec = true;
	process->dumpable = true;
	strscpy(current->name, base ? base + 1 : path, sizeof(current->name));
	strscpy(process->exe_path, path, sizeof(process->exe_path));
	start_thread(task_pt_regs(current), bprm->entry, bprm->sp);
}

static int
do_execve(const struct program_name *program, const struct strings *argv,
	  const struct strings *envp)
{
	struct linux_binprm *bprm = kzalloc(sizeof(*bprm), GFP_KERNEL);
	int err = -ENOMEM;

	if (!bprm)
		return -ENOMEM;
	bprm->page = get_free_page(GFP_KERNEL);
	if (bprm->page)
		err = prepare(bprm, program, argv, envp);
	if (!err)
		err = unshare(current->process);
	if (!err)
		err = become_only_thread(current->process);
	if (!err)
		take_over(bprm, program->shown);
	if (bprm->mm)
		mmput(bprm->mm);
	if (bprm->file)
		fput(bprm->file);
	free_page(bprm->page);
	kfree(bprm);
	return err;
}

int
kernel_execve(const char *path, const char *const *argv,
	      const char *const *envp)
{
	struct strings args = { .kernel = argv }, env = { .kernel = envp };
	struct program_name name = { AT_FDCWD, 0, path, path };

	return do_execve(&name, &args, &env);
}

/*
 * path itself, or in a buffer of its own "/dev/fd/DFD/path", by which the
 * program could open the file. NULL: no memory.
 */
static const char *
name_to_show(int dfd, const char *path)
{
	size_t size = FD_NAME_LEN + strlen(path) + 1;
	char *shown;

	if (dfd == AT_FDCWD || *path == '/')
		return path;
	shown = kmalloc(size, GFP_KERNEL);
	if (shown)
		snprintf(shown, size, "/dev/fd/%d%s%s", dfd, *path ? "/" : "",
			 path);
	return shown;
}

long
sys_execve(const char *upath, u32 argv, u32 envp)
{
	return sys_execveat(AT_FDCWD, upath, argv, envp, 0);
}

/*
 * Run what path, from dfd on, leads to; with AT_EMPTY_PATH and "" the file of
 * dfd itself (fexecve).
 */
long
sys_execveat(int dfd, const char *upath, u32 argv, u32 envp, int at)
{
	struct strings args = { .user = argv }, env = { .user = envp };
	struct program_name name = { .dfd = dfd, .at = (unsigned)at };
	char *path;
	long n;

	if (at & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	path = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!path)
		return -ENOMEM;
	n = strncpy_from_user(path, upath, PATH_MAX);
	if (n == PATH_MAX)
		n = -ENAMETOOLONG;
	else if (n == 0 && !(at & AT_EMPTY_PATH))
		n = -ENOENT;
	if (n >= 0) {
		name.path = path;
		name.shown = name_to_show(dfd, path);
		n = name.shown ? do_execve(&name, &args, &env) : -ENOMEM;
		if (name.shown != path)
			kfree(name.shown);
	}
	kfree(path);
	/* r0 of a new program is 0; the rest stands in its registers. */
	return n;
}

/* --- From a thread of the kernel to a process --- */

/* current gets a process of its own; nothing of it is known yet. */
static int
make_process(int pid)
{
	struct process *process = process_alloc(NULL);

	if (!process)
		return -ENOMEM;
	process->sighand = sighand_alloc();
	process->files = files_alloc();
	process->fs = fs_copy(&init_fs);
	if (!process->sighand || !process->files || !process->fs) {
		process_discard(process);
		return -ENOMEM;
	}
	if (pid)
		task_set_pid(current, pid);
	sigpending_init(&current->pending);
	current->process = process;
	current->rlim = process->rlim;
	return 0;
}

/* Standard input, output and errors. */
static void
open_console(void)
{
	struct file *file;
	int err = filp_open("/dev/console", O_RDWR, 0, &file);

	if (err) {
		pr_warn("exec: /dev/console: error %d\n", -err);
		return;
	}
	for (unsigned i = 0; i < 3; i++)
		fd_publish(get_file(file), 0);
	fput(file);
}

int
run_init_process(const char *path)
{
	const char *argv[] = { path, NULL };
	const char *envp[] = { "HOME=/", "TERM=linux", "PATH=/bin:/sbin", NULL };
	int err = 0;

	if (!current->process) {
		err = make_process(1);
		if (err)
			return err;
		init_process = current->process;
		process_publish_first(init_process);
		open_console();
	}
	err = kernel_execve(path, argv, envp);
	if (err)
		return err;
	local_irq_disable();
	return_to_user(task_pt_regs(current));
}

struct program {
	const char *path;
	const char *const *argv, *const *envp;
	struct process *process;	/* with a reference, once it runs */
	int err;
	struct completion started;
};

static void
program_thread(void *arg)
{
	struct program *program = arg;
	int err = make_process(0);

	if (!err) {
		current->process->of_kernel = true;
		process_publish_first(current->process);
		open_console();
		process_get(current->process);
		program->process = current->process;
		err = kernel_execve(program->path, program->argv,
				    program->envp);
	}
	program->err = err;
	complete(&program->started);
	if (err && current->process)
		do_group_exit(127 << 8);
	if (err)
		return;
	local_irq_disable();
	return_to_user(task_pt_regs(current));
}

int
run_user_program(const char *path, const char *const *argv,
		 const char *const *envp, int *status)
{
	struct program program = { path, argv, envp, NULL, 0,
				   COMPLETION_INIT(program.started) };
	struct process *process;
	struct task *task = kthread_create(program_thread, &program, "exec");

	if (!task)
		return -ENOMEM;
	get_task(task);
	wake_up_process(task);
	wait_for_completion(&program.started);
	process = program.process;
	if (process) {
		wait_event(&process->wait_child, process->zombie);
		*status = process->exit_status;
		process_reap(process);
		process_put(process);
	}
	kthread_join(task);
	return program.err;
}
