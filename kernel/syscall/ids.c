/* SPDX-License-Identifier: MIT */
/*
 * Who a process is: numbers, users, groups, sessions.
 *
 * Users   A process that is root (euid 0) may take any identity; another may only
 *	   move between its real, effective and saved one.
 * Groups  of processes, for job control: a shell puts each pipeline into a group,
 *	   and the terminal sends Ctrl-C to the one in front. A session is a set
 *	   of groups with one terminal; its leader made it with setsid().
 */
#include <asm/uaccess.h>
#include <kernel/fs_struct.h>
#include <kernel/process.h>
#include <lib/errno.h>
#include "../process/process_private.h"
#include "sys.h"

#define KEEP	0xffffffffu		/* -1: leave it as it is */

long
sys_getpid(void)
{
	return current->process->pid;
}

long
sys_gettid(void)
{
	return current->pid;
}

long
sys_getppid(void)
{
	return process_parent_pid(current->process);
}

/* --- Users and groups --- */

long
sys_getuid32(void)
{
	return (long)current->process->uid;
}

long
sys_geteuid32(void)
{
	return (long)current->process->euid;
}

long
sys_getgid32(void)
{
	return (long)current->process->gid;
}

long
sys_getegid32(void)
{
	return (long)current->process->egid;
}

static long
put_three(u32 *a, u32 *b, u32 *c, const u32 v[3])
{
	return put_user(v[0], a) || put_user(v[1], b) || put_user(v[2], c) ?
	       -EFAULT : 0;
}

long
sys_getresuid32(u32 *real, u32 *effective, u32 *saved)
{
	const struct process *p = current->process;

	return put_three(real, effective, saved,
			 (u32[]){ p->uid, p->euid, p->suid });
}

long
sys_getresgid32(u32 *real, u32 *effective, u32 *saved)
{
	const struct process *p = current->process;

	return put_three(real, effective, saved,
			 (u32[]){ p->gid, p->egid, p->sgid });
}

/* The file system judges by the effective ones. */
static void
tell_files(const struct process *p)
{
	p->fs->uid = p->euid;
	p->fs->gid = p->egid;
}

static bool
may_become(u32 id, u32 real, u32 effective, u32 saved)
{
	return id == KEEP || !current->process->euid || id == real ||
	       id == effective || id == saved;
}

static void
set_three(u32 *ids[3], const u32 values[3])
{
	for (unsigned i = 0; i < 3; i++)
		if (values[i] != KEEP)
			*ids[i] = values[i];
}

long
sys_setresuid32(u32 real, u32 effective, u32 saved)
{
	struct process *p = current->process;

	if (!may_become(real, p->uid, p->euid, p->suid) ||
	    !may_become(effective, p->uid, p->euid, p->suid) ||
	    !may_become(saved, p->uid, p->euid, p->suid))
		return -EPERM;
	set_three((u32 *[]){ &p->uid, &p->euid, &p->suid },
		  (u32[]){ real, effective, saved });
	tell_files(p);
	return 0;
}

long
sys_setresgid32(u32 real, u32 effective, u32 saved)
{
	struct process *p = current->process;

	if (!may_become(real, p->gid, p->egid, p->sgid) ||
	    !may_become(effective, p->gid, p->egid, p->sgid) ||
	    !may_become(saved, p->gid, p->egid, p->sgid))
		return -EPERM;
	set_three((u32 *[]){ &p->gid, &p->egid, &p->sgid },
		  (u32[]){ real, effective, saved });
	tell_files(p);
	return 0;
}

long
sys_setuid32(u32 uid)
{
	if (uid == KEEP)
		return -EINVAL;
	if (!current->process->euid)
		return sys_setresuid32(uid, uid, uid);
	return sys_setresuid32(KEEP, uid, KEEP);
}

long
sys_setgid32(u32 gid)
{
	if (gid == KEEP)
		return -EINVAL;
	if (!current->process->euid)
		return sys_setresgid32(gid, gid, gid);
	return sys_setresgid32(KEEP, gid, KEEP);
}

long
sys_setreuid32(u32 real, u32 effective)
{
	return sys_setresuid32(real, effective,
			       real != KEEP ? effective : KEEP);
}

long
sys_setregid32(u32 real, u32 effective)
{
	return sys_setresgid32(real, effective,
			       real != KEEP ? effective : KEEP);
}

/* Nobody is in further groups. */
long
sys_getgroups32(int n, u32 *list)
{
	(void)list;
	return n < 0 ? -EINVAL : 0;
}

long
sys_setgroups32(int n, const u32 *list)
{
	(void)list;
	if (current->process->euid)
		return -EPERM;
	return n == 0 ? 0 : -EINVAL;
}

/* Capabilities: root has all, others none. Version 3, two words of bits. */
#define CAP_VERSION_3	0x20080522u

long
sys_capget(void *header, void *data)
{
	u32 head[2], all = current->process->euid ? 0 : ~0u, sets[6];

	if (copy_from_user(head, header, sizeof(head)))
		return -EFAULT;
	if (head[0] != CAP_VERSION_3) {
		if (put_user(CAP_VERSION_3, (u32 *)header))
			return -EFAULT;
		return data ? -EINVAL : 0;
	}
	for (unsigned i = 0; i < 6; i++)
		sets[i] = i % 3 == 2 ? 0 : i < 3 ? all : all & 0x1ff;
	return data && copy_to_user(data, sets, sizeof(sets)) ? -EFAULT : 0;
}

/*
 * What a user may follows from his number alone: root has all capabilities,
 * others none. So sets can be set to what they are, and to nothing else.
 */
long
sys_capset(void *header, const void *data)
{
	u32 head[2], sets[6], all = current->process->euid ? 0 : ~0u;

	if (copy_from_user(head, header, sizeof(head)))
		return -EFAULT;
	if (head[0] != CAP_VERSION_3)
		return put_user(CAP_VERSION_3, (u32 *)header) ? -EFAULT :
								-EINVAL;
	if (head[1] && (int)head[1] != current->pid)
		return -EPERM;
	if (copy_from_user(sets, data, sizeof(sets)))
		return -EFAULT;
	for (unsigned i = 0; i < 6; i++) {
		u32 now = i % 3 == 2 ? 0 : i < 3 ? all : all & 0x1ff;

		if (sets[i] != now)
			return -EPERM;
	}
	return 0;
}

/* --- Process groups and sessions --- */

/* Run fn on the process pid (0: ours), under process_lock. */
static long
with_process(int pid, long (*fn)(struct process *p, int arg), int arg)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	struct process *p = pid ? process_find_locked(pid) : current->process;
	long result = p ? fn(p, arg) : -ESRCH;

	spin_unlock_irqrestore(&process_lock, flags);
	return result;
}

static long
pgid_of(struct process *p, int arg)
{
	(void)arg;
	return p->pgid;
}

static long
sid_of(struct process *p, int arg)
{
	(void)arg;
	return p->sid;
}

long
sys_getpgid(int pid)
{
	return with_process(pid, pgid_of, 0);
}

long
sys_getpgrp(void)
{
	return sys_getpgid(0);
}

long
sys_getsid(int pid)
{
	return with_process(pid, sid_of, 0);
}

/* Is there a process of this group in the session? Held: process_lock. */
static bool
group_in_session(int pgid, int sid)
{
	struct process *p;

	list_for_each_entry(p, &all_processes, all_node)
		if (p->pgid == pgid && p->sid == sid)
			return true;
	return false;
}

static long
set_pgid(struct process *p, int pgid)
{
	struct process *self = current->process;

	if (p != self && p->parent != self)
		return -ESRCH;
	if (p != self && p->did_exec)
		return -EACCES;
	if (p->sid != self->sid || p->sid == p->pid)
		return -EPERM;
	if (!pgid)
		pgid = p->pid;
	if (pgid != p->pid && !group_in_session(pgid, p->sid))
		return -EPERM;
	p->pgid = pgid;
	return 0;
}

long
sys_setpgid(int pid, int pgid)
{
	if (pgid < 0)
		return -EINVAL;
	return with_process(pid, set_pgid, pgid);
}

static long
new_session(struct process *p, int arg)
{
	(void)arg;
	if (p->pgid == p->pid || group_in_session(p->pid, p->sid))
		return -EPERM;
	p->sid = p->pgid = p->pid;
	p->tty = NULL;
	return p->pid;
}

long
sys_setsid(void)
{
	return with_process(0, new_session, 0);
}
