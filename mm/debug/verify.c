/* SPDX-License-Identifier: MIT */
/*
 * mm_verify_all(): memory management checked against its own rules.
 *
 * Each module re-derives what it keeps. The rules have names (B2, S1, ...) that
 * the head comments of the modules explain, and each has a test that breaks
 * the structure and sees it caught.
 */
#include <lib/seq_buf.h>
#include <mm/init.h>
#include <mm/verify.h>

#define VERIFY_SHOWN	20	/* contradictions that are written out */

static struct verify_module *registered;

static const struct verify_module phys_modules[] = {
	{ "zone", zone_verify, NULL },
	{ "buddy", buddy_verify, NULL },
	{ "pcp", pcp_verify, NULL },
	{ "page", page_verify, NULL },
};

void
verify_register(struct verify_module *module)
{
	module->next = registered;
	registered = module;
}

void
verify_bad(struct verify *v, const char *rule, const char *fmt, ...)
{
	va_list ap;

	if (v->nr_bad++ >= VERIFY_SHOWN || !v->out)
		return;
	seq_printf(v->out, "verify %s: ", rule);
	va_start(ap, fmt);
	seq_vprintf(v->out, fmt, ap);
	va_end(ap);
	seq_putc(v->out, '\n');
}

bool
mm_verify_all(struct seq_buf *out)
{
	struct verify v = { .out = out };
	const struct verify_module *m;
	unsigned i;

	if (!mm_ready)
		return true;
	for (i = 0; i < ARRAY_SIZE(phys_modules); i++)
		phys_modules[i].fn(&v);
	for (m = registered; m; m = m->next)
		m->fn(&v);
	if (v.nr_bad > VERIFY_SHOWN && out)
		seq_printf(out, "verify: %u more\n", v.nr_bad - VERIFY_SHOWN);
	return v.nr_bad == 0;
}
