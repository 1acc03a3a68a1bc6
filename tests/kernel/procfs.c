/* SPDX-License-Identifier: MIT */
/* /proc: nodes, knobs, processes; and the first files from an archive. */
#include <kernel/initramfs.h>
#include <kernel/node.h>
#include <kernel/printk.h>
#include <kernel/procfs.h>
#include <mm/slab.h>
#include <mm/zone.h>
#include <uapi/kpageflags.h>

#include "files.h"
#include "sweep.h"

static char text[8192];

/* The whole file as a string; "" if it cannot be read. */
static const char *
contents(const char *name)
{
	struct file *f;
	ssize_t n;
	u64 pos = 0;

	text[0] = '\0';
	if (filp_open(name, O_RDONLY, 0, &f))
		return text;
	n = kernel_read(f, text, sizeof(text) - 1, &pos);
	text[max(n, (ssize_t)0)] = '\0';
	fput(f);
	return text;
}

static void
a_node_is_a_file(struct test *t)
{
	static char want[4096];
	struct seq_buf s;

	seq_buf_init(&s, want, sizeof(want));
	node_find("version")->show(&s);
	EXPECT(t, s.len && !strcmp(contents("/proc/version"), want));
	EXPECT(t, strstr(contents("/proc/meminfo"), "MemTotal:") != NULL);
	EXPECT(t, strstr(contents("/proc/mounts"), "devtmpfs /dev ") != NULL);
	EXPECT(t, strstr(contents("/proc/filesystems"), "nodev\ttmpfs\n")
		  != NULL);
	EXPECT_EQ(t, open_error("/proc/none", O_RDONLY), -ENOENT);
	EXPECT_EQ(t, open_error("/proc/new", O_CREAT | O_RDWR), -EACCES);
	EXPECT_EQ(t, UNLINK("/proc/version"), -EPERM);
}

/* Longer than the first buffer, read in small pieces: one picture. */
static void
a_long_text_comes_in_pieces(struct test *t)
{
	struct file *f = must_open(t, "/proc/kallsyms", O_RDONLY);
	char piece[700];
	u64 pos = 0;
	size_t sum = 0;
	ssize_t n;

	ASSERT(t, f);
	while ((n = kernel_read(f, piece, sizeof(piece), &pos)) > 0)
		sum += (size_t)n;
	EXPECT_EQ(t, n, 0);
	EXPECT(t, sum > 40000);
	EXPECT_EQ(t, piece[0] != 0, 1);
	EXPECT_EQ(t, vfs_llseek(f, 0, SEEK_SET), 0);
	fput(f);
}

static void
a_folder_of_nodes_lists_their_entries(struct test *t)
{
	EXPECT_EQ(t, open_error("/proc/sys/kernel/slab", O_DIRECTORY), 0);
	EXPECT(t, contents("/proc/sys/kernel/slab/dentry")[0] != '\0');
	EXPECT_EQ(t, open_error("/proc/sys/kernel/slab/none", O_RDONLY),
		  -ENOENT);
}

struct names {
	struct dir_context ctx;
	const char *want;
	unsigned found, all;
};

static bool
count_name(struct dir_context *ctx, const char *name, unsigned len, u64 pos,
	   u64 ino, unsigned type)
{
	struct names *n = container_of(ctx, struct names, ctx);

	(void)pos;
	(void)ino;
	(void)type;
	n->all++;
	if (strlen(n->want) == len && !memcmp(n->want, name, len))
		n->found++;
	return true;
}

/* How often the folder lists name. */
static unsigned
listed(const char *dir, const char *name)
{
	struct names n = { .ctx.actor = count_name, .want = name };
	struct file *f;

	if (filp_open(dir, O_RDONLY | O_DIRECTORY, 0, &f))
		return 99;
	if (iterate_dir(f, &n.ctx))
		n.found = 98;
	fput(f);
	return n.found;
}

static void
processes_have_folders(struct test *t)
{
	char name[40], pid[12];
	struct kstat st;

	snprintf(pid, sizeof(pid), "%d", current->pid);
	snprintf(name, sizeof(name), "/proc/%s/comm", pid);
	EXPECT(t, !strncmp(contents(name), current->name,
			   strlen(current->name)));
	EXPECT(t, !strcmp(contents("/proc/self/comm"), contents(name)));
	EXPECT_EQ(t, listed("/proc", pid), 1);
	EXPECT_EQ(t, listed("/proc", "self"), 1);
	EXPECT_EQ(t, listed("/proc", "meminfo"), 1);
	EXPECT_EQ(t, listed("/proc/self", "comm"), 1);
	EXPECT_EQ(t, listed("/proc/sys/kernel/slab", "dentry"), 1);
	EXPECT_EQ(t, open_error("/proc/99999", O_RDONLY), -ENOENT);
	EXPECT_EQ(t, open_error("/proc/0123", O_RDONLY), -ENOENT);
	EXPECT_EQ(t, stat_of("/proc/self", &st), 0);
	EXPECT(t, S_ISLNK(st.mode));
}

static void
descriptors_are_links_to_places(struct test *t)
{
	struct fake_process fake;
	struct file *f;
	struct path path;
	char buf[32];

	ASSERT(t, fake_process_begin(&fake));
	EXPECT_EQ(t, make_file("/tmp/f", "through the link"), 0);
	f = must_open(t, "/tmp/f", O_RDONLY);
	EXPECT_EQ(t, fd_publish(f, 0), 0);
	EXPECT(t, file_is("/proc/self/fd/0", "through the link"));
	EXPECT(t, file_is("/dev/stdin", "through the link"));
	EXPECT_EQ(t, listed("/proc/self/fd", "0"), 1);
	ASSERT_EQ(t, kern_path("/proc/self/fd/0", 0, &path), 0);
	EXPECT_EQ(t, vfs_readlink(&path, buf, sizeof(buf)), 6);
	EXPECT(t, !memcmp(buf, "/tmp/f", 6));
	path_put(&path);
	/* The place, not the name: it can be opened after unlink. */
	EXPECT_EQ(t, UNLINK("/tmp/f"), 0);
	EXPECT(t, file_is("/proc/self/fd/0", "through the link"));
	EXPECT_EQ(t, open_error("/proc/self/fd/1", O_RDONLY), -ENOENT);
	fake_process_end(&fake);
}

/* --- knobs --- */

static int test_knob = 5;
static char stored[16];

static int
store_text(const char *value)
{
	if (strlen(value) >= sizeof(stored))
		return -EINVAL;
	strscpy(stored, value, sizeof(stored));
	return 0;
}

static void
show_text(struct seq_buf *s)
{
	seq_printf(s, "%s!\n", stored);
}

SYSCTL(test_knob, .name = "test/knob", .value = &test_knob, .min = -3,
       .max = 10);
SYSCTL(test_text, .name = "test/text", .show = show_text, .store = store_text);
SYSCTL(test_fixed, .name = "test/fixed", .show = show_text);

static ssize_t
set(const char *name, const char *value)
{
	struct file *f;
	ssize_t n;
	u64 pos = 0;
	int err = filp_open(name, O_WRONLY, 0, &f);

	if (err)
		return err;
	n = kernel_write(f, value, strlen(value), &pos);
	fput(f);
	return n;
}

static void
knobs_can_be_turned_within_limits(struct test *t)
{
	struct kstat st;

	EXPECT(t, !strcmp(contents("/proc/sys/test/knob"), "5\n"));
	EXPECT_EQ(t, set("/proc/sys/test/knob", "10\n"), 3);
	EXPECT_EQ(t, test_knob, 10);
	EXPECT_EQ(t, set("/proc/sys/test/knob", "-3"), 2);
	EXPECT_EQ(t, test_knob, -3);
	EXPECT_EQ(t, set("/proc/sys/test/knob", "11"), -EINVAL);
	EXPECT_EQ(t, set("/proc/sys/test/knob", "-4"), -EINVAL);
	EXPECT_EQ(t, set("/proc/sys/test/knob", "5x"), -EINVAL);
	EXPECT_EQ(t, set("/proc/sys/test/knob", ""), -EINVAL);
	EXPECT_EQ(t, test_knob, -3);
	EXPECT_EQ(t, set("/proc/sys/test/text", "hello"), 5);
	EXPECT(t, !strcmp(contents("/proc/sys/test/text"), "hello!\n"));
	EXPECT_EQ(t, stat_of("/proc/sys/test/fixed", &st), 0);
	EXPECT_EQ(t, st.mode, S_IFREG | 0444);
	EXPECT_EQ(t, set("/proc/sys/test/fixed", "x"), -EACCES);
	EXPECT_EQ(t, set("/proc/meminfo", "x"), -EACCES);
	test_knob = 5;
}

/* Is the name, good or bad, in the cache? */
static bool
d_lookup_in_tmp(const char *name)
{
	struct qstr q = { name, (u32)strlen(name), 0 };
	struct dentry *d = NULL;
	struct path path;

	q.hash = name_hash(name, q.len);
	if (!kern_path("/tmp", 0, &path)) {
		d = d_lookup(path.dentry, &q);
		dput(d);
		path_put(&path);
	}
	return d != NULL;
}

static void
memory_has_its_knobs(struct test *t)
{
	unsigned long before = min_free_kbytes;
	char value[16];

	snprintf(value, sizeof(value), "%lu", before + 4);
	EXPECT_EQ(t, set("/proc/sys/vm/min_free_kbytes", value),
		  strlen(value));
	EXPECT_EQ(t, min_free_kbytes, before + 4);
	EXPECT_EQ(t, set("/proc/sys/vm/min_free_kbytes", "1"), -EINVAL);
	EXPECT_EQ(t, set("/proc/sys/vm/min_free_kbytes", "99999999"), -EINVAL);
	EXPECT_EQ(t, set_min_free_kbytes(before), 0);
	EXPECT_EQ(t, set("/proc/sys/vm/watermark_scale_factor", "100"), 3);
	EXPECT_EQ(t, watermark_scale_factor, 100);
	EXPECT_EQ(t, set("/proc/sys/vm/watermark_scale_factor", "0"), -EINVAL);
	EXPECT_EQ(t, set("/proc/sys/vm/watermark_scale_factor", "10"), 2);
	/* A name that was looked for in vain is kept, until it is not. */
	shrink_dcache_sb(NULL);
	EXPECT_EQ(t, open_error("/tmp/none", O_RDONLY), -ENOENT);
	EXPECT(t, d_lookup_in_tmp("none"));
	EXPECT_EQ(t, set("/proc/sys/vm/drop_caches", "2"), 1);
	EXPECT(t, !d_lookup_in_tmp("none"));
	EXPECT_EQ(t, set("/proc/sys/vm/drop_caches", "4"), -EINVAL);
}

/* --- initramfs --- */

static u8 archive[4096];
static size_t len;

static void
add(const char *name, unsigned mode, unsigned ino, unsigned nlink,
    const char *data)
{
	size_t size = strlen(data), n = strlen(name) + 1;

	len += (size_t)snprintf((char *)archive + len, 111, "070701%08x%08x"
		"%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", ino, mode, 3,
		4, nlink, 77, (unsigned)size, 0, 0, 1, 3, (unsigned)n, 0);
	memcpy(archive + len, name, n);
	len = ALIGN_UP(len + n, 4);
	memcpy(archive + len, data, size);
	len = ALIGN_UP(len + size, 4);
}

static void
make_archive(void)
{
	memset(archive, 0, sizeof(archive));
	len = 0;
	add(".", 040755, 1, 2, "");
	add("./d", 040750, 2, 2, "");
	add("d/f", 0100640, 3, 1, "data");
	add("d/one", 0100644, 4, 2, "");
	add("d/two", 0100644, 4, 2, "shared");
	add("d/l", 0120777, 5, 1, "f");
	add("/d/null", 020666, 6, 1, "");
	add("TRAILER!!!", 0, 0, 1, "");
}

static void
remove_all(void)
{
	static const char *const names[] = { "f", "one", "two", "l", "null" };
	char name[32];

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(name, sizeof(name), "/tmp/d/%s", names[i]);
		UNLINK(name);
	}
	RMDIR("/tmp/d");
}

static void
an_archive_becomes_files(struct test *t)
{
	struct kstat st;
	unsigned nr;

	make_archive();
	EXPECT_EQ(t, unpack_initramfs(archive, len, "/tmp", &nr), 0);
	EXPECT_EQ(t, nr, 7);
	EXPECT(t, file_is("/tmp/d/f", "data"));
	EXPECT(t, file_is("/tmp/d/l", "data"));
	EXPECT(t, file_is("/tmp/d/one", "shared"));
	EXPECT(t, file_is("/tmp/d/two", "shared"));
	EXPECT_EQ(t, stat_of("/tmp/d/one", &st), 0);
	EXPECT_EQ(t, st.nlink, 2);
	EXPECT_EQ(t, stat_of("/tmp/d/f", &st), 0);
	EXPECT_EQ(t, st.mode, S_IFREG | 0640);
	EXPECT(t, st.uid == 3 && st.gid == 4 && st.mtime.tv_sec == 77);
	EXPECT_EQ(t, stat_of("/tmp/d", &st), 0);
	EXPECT_EQ(t, st.mode, S_IFDIR | 0750);
	EXPECT_EQ(t, stat_of("/tmp/d/null", &st), 0);
	EXPECT_EQ(t, st.rdev, MKDEV(1, 3));
	EXPECT_EQ(t, open_error("/tmp/d/null", O_RDWR), 0);
	/* A second one over it: the newer files win. */
	len = 0;
	memset(archive, 0, sizeof(archive));
	add("d/f", 0100600, 9, 1, "new");
	EXPECT_EQ(t, unpack_initramfs(archive, len, "/tmp", &nr), 0);
	EXPECT(t, file_is("/tmp/d/f", "new"));
	remove_all();
}

static int
unpack(void)
{
	unsigned nr;
	int err;

	make_archive();
	err = unpack_initramfs(archive, len, "/tmp", &nr);
	remove_all();
	remove_all();		/* if the failure came in the first */
	shrink_dcache_sb(NULL);
	return err;
}

static void
an_archive_without_memory_is_told(struct test *t)
{
	EXPECT(t, sweep(t, unpack) >= 20);
}

static void
a_broken_archive_is_told_in_one_line(struct test *t)
{
	static char log[400];
	unsigned nr;
	int err;

	make_archive();
	log_capture_begin(log, sizeof(log));
	err = unpack_initramfs(archive, len - 300, "/tmp", &nr);
	log_capture_end();
	EXPECT_EQ(t, err, -EINVAL);
	EXPECT(t, strstr(log, "initramfs: ends in the middle of a") != NULL);
	EXPECT(t, strchr(log, 10) == log + strlen(log) - 1);
	EXPECT(t, file_is("/tmp/d/f", "data"));
	remove_all();
}

static u64
frame_word(const char *name, pfn_t pfn)
{
	u64 word = ~0ull, pos = (u64)pfn * 8;
	struct file *f;

	if (filp_open(name, O_RDONLY, 0, &f))
		return word;
	if (kernel_read(f, &word, 8, &pos) != 8)
		word = ~0ull;
	fput(f);
	return word;
}

static u64
flags_of(const struct page *page)
{
	return frame_word("/proc/kpageflags", page_to_pfn(page));
}

static void
kpageflags_says_what_a_frame_is(struct test *t)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);
	void *object = kmalloc(64, GFP_KERNEL);

	ASSERT(t, page && object);
	EXPECT_EQ(t, flags_of(page), 0);
	EXPECT_EQ(t, flags_of(page + 3), 0);
	page_set_state(page, PAGE_STATE_TABLE);
	EXPECT_EQ(t, flags_of(page), 1ull << KPF_PGTABLE);
	page_set_state(page, PAGE_STATE_KERNEL);
	page_set_state(page, PAGE_STATE_ANON);
	page->flags |= PG_dirty | PG_referenced;
	EXPECT_EQ(t, flags_of(page), 1ull << KPF_ANON | 1ull << KPF_SWAPBACKED |
		  1ull << KPF_DIRTY | 1ull << KPF_REFERENCED);
	page->flags &= ~(PG_dirty | PG_referenced);
	page_set_state(page, PAGE_STATE_KERNEL);
	free_frames(page, 2);
	drain_all_pages();
	EXPECT_EQ(t, flags_of(page), 1ull << KPF_BUDDY);
	EXPECT_EQ(t, flags_of(page + 3), 1ull << KPF_BUDDY);
	if (!strcmp(slab_design_name(), "slub"))
		EXPECT_EQ(t, flags_of(virt_to_page(object)) >> KPF_SLAB & 1, 1);
	kfree(object);
	EXPECT_EQ(t, frame_word("/proc/kpageflags", mem_map_start - 1),
		  1ull << KPF_NOPAGE);
	EXPECT_EQ(t, frame_word("/proc/kpagecount", mem_map_start), 0);
	EXPECT_EQ(t, frame_word("/proc/kpageflags", mem_map_end), ~0ull);
}

/* Its rows add up to all frames, and have the kernel's own count of some. */
static void
page_types_counts_every_frame_once(struct test *t)
{
	unsigned long sum = 0, reserved = 0, n, want = 0;
	const char *line = contents("/proc/page_types");
	char *end;

	for (pfn_t pfn = mem_map_start; pfn < mem_map_end; pfn++)
		want += page_state(pfn_to_page(pfn)) == PAGE_STATE_RESERVED;
	for (line = strchr(line, '\n'); line && line[1];
	     line = strchr(line + 1, '\n')) {
		n = 0;
		for (end = (char *)line + 20; *end == ' ' || *end == '\t';)
			end++;
		for (; *end >= '0' && *end <= '9'; end++)
			n = n * 10 + (unsigned long)(*end - '0');
		sum += n;
		if (!strncmp(line + 1, "0x0000000100000000", 18))
			reserved = n;
	}
	EXPECT_EQ(t, sum, mem_map_end - mem_map_start);
	EXPECT_EQ(t, reserved, want);
}

TEST_SUITE("procfs",
	   TEST_CASE(a_node_is_a_file),
	   TEST_CASE(a_long_text_comes_in_pieces),
	   TEST_CASE(a_folder_of_nodes_lists_their_entries),
	   TEST_CASE(processes_have_folders),
	   TEST_CASE(descriptors_are_links_to_places),
	   TEST_CASE(kpageflags_says_what_a_frame_is),
	   TEST_CASE(page_types_counts_every_frame_once),
	   TEST_CASE(knobs_can_be_turned_within_limits),
	   TEST_CASE(memory_has_its_knobs),
	   TEST_CASE(an_archive_becomes_files),
	   TEST_CASE(an_archive_without_memory_is_told),
	   TEST_CASE(a_broken_archive_is_told_in_one_line));
