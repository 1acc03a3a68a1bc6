/* SPDX-License-Identifier: MIT */
/*
 * A QEMU plugin that counts instructions and calls by function.
 *
 *	-plugin fnprof.so,syms=FILE,out=FILE
 *
 * Ideas
 *   Translate   QEMU translates the guest's code block by block and asks us at
 *		 each block. For every instruction in it we leave an order: add
 *		 one to this counter when it is executed. So nothing is sampled:
 *		 the counts are exact, and the same in each run under -icount.
 *   Calls	 the first instruction of a function is counted a second time.
 *		 A loop that jumps to the very first instruction would count as
 *		 calls; compilers do not make such code.
 *   Symbols	 FILE is the output of nm -n: address, type, name. Only code
 *		 counts. Before the MMU is on the kernel runs at its physical
 *		 addresses, so each function is there twice, physical and
 *		 virtual, with the same counters.
 *
 * Locks  none: additions are not atomic. Exact counts of several cores want them
 *   run in one thread (-icount does); else some of them are lost.
 *
 * QEMU's plugin interface, version 1. The prototypes stand here, because
 * distributions ship QEMU without its header.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT		__attribute__((visibility("default")))
#define VIRTUAL_OFFSET	0x60000000u	/* virtual minus physical */
#define NAME_LEN	64

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
typedef void (*tb_trans_fn)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*atexit_fn)(qemu_plugin_id_t id, void *arg);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_trans_fn fn);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, atexit_fn fn,
				    void *arg);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
						enum qemu_plugin_op op,
						void *counter, uint64_t add);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
			       int argc, char **argv);

struct function {
	uint32_t address;
	char name[NAME_LEN];
	uint64_t insns, calls;
};

static struct function *functions;	/* by address */
static size_t nr_functions;
static uint64_t elsewhere;		/* instructions in no function */
static const char *out_path;

/* One line of nm: keep it if it names code. */
static bool
parse_line(const char *line, struct function *f)
{
	char type, name[256];
	unsigned address;

	if (sscanf(line, "%x %c %255s", &address, &type, name) != 3)
		return false;
	if ((type != 't' && type != 'T') || name[0] == '$' ||
	    name[0] == '.')
		return false;	/* data, or a place inside a function */
	memset(f, 0, sizeof(*f));
	f->address = address;
	snprintf(f->name, sizeof(f->name), "%.*s", NAME_LEN - 1, name);
	return true;
}

static bool
read_functions(const char *path)
{
	FILE *file = fopen(path, "r");
	struct function f, *more;
	size_t room = 0;
	char line[512];

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		if (!parse_line(line, &f))
			continue;
		if (nr_functions && functions[nr_functions - 1].address ==
		    f.address)
			continue;
		if (nr_functions == room) {
			room = room ? 2 * room : 1024;
			more = realloc(functions, room * sizeof(*more));
			if (!more)
				return false;
			functions = more;
		}
		functions[nr_functions++] = f;
	}
	fclose(file);
	return nr_functions != 0;
}

/* The function that the address is in, or NULL. */
static struct function *
find_function(uint32_t address)
{
	size_t low = 0, high = nr_functions, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (functions[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* Behind the last function lies other data: 64 KiB are generous. */
	if (!low || address - functions[low - 1].address > 0x10000)
		return NULL;
	return &functions[low - 1];
}

static void
count(struct qemu_plugin_insn *insn, uint64_t *counter)
{
	qemu_plugin_register_vcpu_insn_exec_inline(
		insn, QEMU_PLUGIN_INLINE_ADD_U64, counter, 1);
}

static void
block_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint32_t va = (uint32_t)qemu_plugin_insn_vaddr(insn);
		struct function *f = find_function(va);

		if (!f)		/* before the MMU is on */
			f = find_function(va += VIRTUAL_OFFSET);
		count(insn, f ? &f->insns : &elsewhere);
		if (f && va == f->address)
			count(insn, &f->calls);
	}
}

static void
write_counts(qemu_plugin_id_t id, void *arg)
{
	FILE *out = fopen(out_path, "w");
	size_t i;

	(void)id;
	(void)arg;
	if (!out) {
		fprintf(stderr, "fnprof: cannot write %s\n", out_path);
		return;
	}
	for (i = 0; i < nr_functions; i++)
		if (functions[i].insns)
			fprintf(out, "%" PRIu64 " %" PRIu64 " %s\n",
				functions[i].insns, functions[i].calls,
				functions[i].name);
	fprintf(out, "%" PRIu64 " 0 (elsewhere)\n", elsewhere);
	fclose(out);
}

EXPORT int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
		    char **argv)
{
	const char *syms = NULL;
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (strncmp(argv[i], "syms=", 5) == 0)
			syms = argv[i] + 5;
		else if (strncmp(argv[i], "out=", 4) == 0)
			out_path = strdup(argv[i] + 4);
	}
	if (!syms || !out_path || !read_functions(syms)) {
		fprintf(stderr, "fnprof: needs syms=FILE (nm -n) and out=FILE\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
	qemu_plugin_register_atexit_cb(id, write_counts, NULL);
	return 0;
}
