/* SPDX-License-Identifier: MIT */
/*
 * Nodes: the table of named texts, found by name and listed in order.
 *
 * Ideas
 *   Each NODE() line of some file leaves one entry between __nodes_start and
 *   __nodes_end; the linker gathers them in the order of the object files,
 *   which means nothing to a reader. So the listing is ordered by name here.
 *
 * Cost    node_find is linear, node_for_each quadratic in the number of
 *   nodes: some thirty, for a person who typed a command.
 */
#include <kernel/init.h>
#include <kernel/node.h>
#include <lib/string.h>

#define VELLUM_VERSION	"0.1"

#ifdef VELLUM_DEBUG
#define VELLUM_BUILD	"debug"
#else
#define VELLUM_BUILD	"release"
#endif

extern const struct node __nodes_start[], __nodes_end[];

/*
 * Find the node called name, or NULL.
 * Context: any.
 */
const struct node *
node_find(const char *name)
{
	const struct node *node;

	for (node = __nodes_start; node < __nodes_end; node++) {
		if (strcmp(node->name, name) == 0)
			return node;
	}
	return NULL;
}

/*
 * Show the entry of a folder: path is the folder's name, a slash, the entry.
 * Context: as the folder's function allows.
 */
bool
node_show_entry(const char *path, struct seq_buf *s)
{
	const struct node *node;
	size_t n;

	for (node = __nodes_start; node < __nodes_end; node++) {
		n = strlen(node->name);
		if (node->show_entry && !strncmp(node->name, path, n) &&
		    path[n] == '/')
			return node->show_entry(s, path + n + 1);
	}
	return false;
}

/* The node with the smallest name that is greater than after's; or NULL. */
static const struct node *
node_next(const struct node *after)
{
	const struct node *node, *best = NULL;

	for (node = __nodes_start; node < __nodes_end; node++) {
		if (after && strcmp(node->name, after->name) <= 0)
			continue;
		if (!best || strcmp(node->name, best->name) < 0)
			best = node;
	}
	return best;
}

/*
 * Call fn(node, arg) for each node, in order of name.
 * Context: any that fn allows.
 */
void
node_for_each(void (*fn)(const struct node *node, void *arg), void *arg)
{
	const struct node *node;

	for (node = node_next(NULL); node; node = node_next(node))
		fn(node, arg);
}

static void
cmdline_show(struct seq_buf *s)
{
	seq_printf(s, "%s\n", boot_command_line);
}
NODE("cmdline", cmdline_show);

static void
version_show(struct seq_buf *s)
{
	seq_puts(s, "Vellum version " VELLUM_VERSION " (gcc " __VERSION__
		    ") " VELLUM_BUILD
#ifdef VELLUM_TESTS
		    " with tests"
#endif
		    "\n");
}
NODE("version", version_show);
