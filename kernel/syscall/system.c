/* SPDX-License-Identifier: MIT */
/* System calls about the machine as a whole, and ARM's own. */
#include <asm/cacheflush.h>
#include <asm/tls.h>
#include <asm/uaccess.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/process.h>
#include <kernel/random.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include <mm/swap.h>
#include <mm/zone.h>
#include "../process/process_private.h"
#include "sys.h"

#define UTS_LEN		65

/* struct new_utsname: six strings. Programs parse the release as Linux's. */
long
sys_uname(void *buf)
{
	static const char *const fields[6] = {
		"Linux", "vellum", "6.1.0-vellum", "#1 SMP Vellum", "armv7l",
		"(none)",
	};
	char name[6][UTS_LEN];

	memset(name, 0, sizeof(name));
	for (unsigned i = 0; i < 6; i++)
		strscpy(name[i], fields[i], UTS_LEN);
	return copy_to_user(buf, name, sizeof(name)) ? -EFAULT : 0;
}

struct sysinfo {
	s32 uptime;
	u32 loads[3];
	u32 totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	u16 procs, pad;
	u32 totalhigh, freehigh, mem_unit;
	u8 unused[8];
};
static_assert(sizeof(struct sysinfo) == 64, "struct sysinfo");

long
sys_sysinfo(void *buf)
{
	struct sysinfo info;
	struct zone *zone;
	unsigned i;

	memset(&info, 0, sizeof(info));
	info.uptime = (s32)(ktime_get_ns() / NSEC_PER_SEC);
	info.totalram = totalram_pages() << PAGE_SHIFT;
	info.freeram = global_zone_page_state(NR_FREE_PAGES) << PAGE_SHIFT;
	info.sharedram = global_node_page_state(NR_SHMEM) << PAGE_SHIFT;
	info.totalswap = total_swap_pages() << PAGE_SHIFT;
	info.freeswap = nr_free_swap_pages() << PAGE_SHIFT;
	for_each_zone(zone, i) {
		if (zone->type != ZONE_HIGHMEM)
			continue;
		info.totalhigh += zone->managed_pages << PAGE_SHIFT;
		info.freehigh += zone_page_state(zone, NR_FREE_PAGES) <<
				 PAGE_SHIFT;
	}
	info.procs = (u16)nr_processes;
	info.mem_unit = 1;
	return copy_to_user(buf, &info, sizeof(info)) ? -EFAULT : 0;
}

#define SYSLOG_READ_ALL		3
#define SYSLOG_SIZE_BUFFER	10
#define LOG_CHUNK		1024

/* The last len bytes of the log. */
static long
read_all(char *user, int len)
{
	char *chunk = kmalloc(LOG_CHUNK, GFP_KERNEL);
	u64 pos = 0;
	size_t n;
	long sum = 0;

	if (!chunk)
		return -ENOMEM;
	while (sum < len && (n = log_read(&pos, chunk, LOG_CHUNK)) > 0) {
		n = min(n, (size_t)(len - sum));
		if (copy_to_user(user + sum, chunk, n)) {
			sum = -EFAULT;
			break;
		}
		sum += (long)n;
	}
	kfree(chunk);
	return sum;
}

long
sys_syslog(int type, char *buf, int len)
{
	switch (type) {
	case SYSLOG_READ_ALL:
		return !buf || len < 0 ? -EINVAL : read_all(buf, len);
	case SYSLOG_SIZE_BUFFER:
		return 65536;
	case 6: case 7: case 8:		/* console off, on, level */
		return 0;
	default:
		return -EINVAL;
	}
}

#define REBOOT_MAGIC1		0xfee1deadu
#define REBOOT_CMD_RESTART	0x01234567u
#define REBOOT_CMD_HALT		0xcdef0123u
#define REBOOT_CMD_POWER_OFF	0x4321fedcu
#define REBOOT_CMD_CAD_ON	0x89abcdefu
#define REBOOT_CMD_CAD_OFF	0u

long
sys_reboot(u32 magic1, u32 magic2, u32 cmd)
{
	if (magic1 != REBOOT_MAGIC1 || !magic2)
		return -EINVAL;
	if (current->process->euid)
		return -EPERM;
	switch (cmd) {
	case REBOOT_CMD_POWER_OFF:
	case REBOOT_CMD_HALT:
		machine_power_off(0);
	case REBOOT_CMD_RESTART:
		machine_restart();
	case REBOOT_CMD_CAD_ON:
	case REBOOT_CMD_CAD_OFF:
		return 0;
	default:
		return -EINVAL;
	}
}

/* At most so much by one call, as in Linux. */
#define GETRANDOM_MAX	((u32)(32 << 20) - 1)

long
sys_getrandom(void *buf, u32 n, u32 flags)
{
	u8 chunk[64];
	u32 done = 0, part;

	if (flags & ~7u)
		return -EINVAL;
	n = min(n, GETRANDOM_MAX);
	for (; done < n && !(done && signal_pending()); done += part) {
		cond_resched();
		part = min(n - done, (u32)sizeof(chunk));
		get_random_bytes(chunk, part);
		if (copy_to_user((char *)buf + done, chunk, part))
			return done ? (long)done : -EFAULT;
	}
	return (long)done;
}

/* Each return to user mode is a barrier, and every core makes them. */
long
sys_membarrier(int cmd, unsigned flags)
{
	if (flags)
		return -EINVAL;
	if (cmd == 0)		/* QUERY: GLOBAL is there */
		return 1;
	if (cmd != 1)
		return -EINVAL;
	synchronize_rcu();
	return 0;
}

/* No file system here keeps extended attributes; ls asks for them. */
long
sys_no_xattr(void)
{
	return -EOPNOTSUPP;
}

long sys_setxattr(void) __attribute__((alias("sys_no_xattr")));
long sys_lsetxattr(void) __attribute__((alias("sys_no_xattr")));
long sys_fsetxattr(void) __attribute__((alias("sys_no_xattr")));
long sys_getxattr(void) __attribute__((alias("sys_no_xattr")));
long sys_lgetxattr(void) __attribute__((alias("sys_no_xattr")));
long sys_fgetxattr(void) __attribute__((alias("sys_no_xattr")));
long sys_listxattr(void) __attribute__((alias("sys_no_xattr")));
long sys_llistxattr(void) __attribute__((alias("sys_no_xattr")));
long sys_flistxattr(void) __attribute__((alias("sys_no_xattr")));
long sys_removexattr(void) __attribute__((alias("sys_no_xattr")));
long sys_lremovexattr(void) __attribute__((alias("sys_no_xattr")));
long sys_fremovexattr(void) __attribute__((alias("sys_no_xattr")));

long
sys_socket(void)
{
	return -EAFNOSUPPORT;
}

/* --- ARM's own --- */

long
sys_arm_cacheflush(u32 start, u32 end, u32 flags)
{
	if (end < start || flags)
		return -EINVAL;
	return icache_sync_user(start, end);
}

long
sys_arm_set_tls(u32 value)
{
	current->tls = value;
	write_user_tls(value);
	return 0;
}

long
sys_arm_get_tls(void)
{
	return (long)current->tls;
}
