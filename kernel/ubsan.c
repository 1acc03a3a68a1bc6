/* SPDX-License-Identifier: MIT */
/*
 * Undefined behaviour, found while it happens (make SAN=ubsan).
 *
 * Ideas
 *   The compiler puts a check before every operation that C leaves undefined
 *   for some operands, and a call of one of the functions below behind it:
 *
 *	a + b		overflow of a signed number	add_overflow
 *	a << b		b too large, bits lost		shift_out_of_bounds
 *	a / b		b == 0, or INT_MIN / -1		divrem_overflow
 *	array[i]	i outside			out_of_bounds
 *	*p		null, misaligned, too small	type_mismatch_v1
 *	p + n		wraps around			pointer_overflow
 *	bool, enum	a value that it cannot have	load_invalid_value
 *	unreachable	is reached			builtin_unreachable
 *
 *   Each passes a constant record (where in the source, which types) and the
 *   operands. An operand of up to 32 bits is passed itself; of a wider one its
 *   address. The report goes to the log, is counted in nr_warnings (which fails
 *   a test), and the kernel goes on with whatever the processor makes of it.
 *   Only code that cannot go on ends: an unreachable place.
 *
 *   This file is not instrumented itself (Makefile).
 *
 * Questions a reader asks
 *   Why are such operations a mistake, if the processor does something sane?
 *   Because the compiler assumes that they never happen, and removes code that
 *   could only run if they did: the check for overflow behind the addition,
 *   say.
 * Sources  The interface is that of GCC's libubsan (ubsan_handlers.h).
 */
#ifdef VELLUM_UBSAN
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/bitops.h>
#include <lib/string.h>
#include "report.h"

struct source_location {
	const char *file;
	u32 line, column;
};

enum type_kind { TYPE_INTEGER, TYPE_FLOAT };

struct type_descriptor {
	u16 kind;
	u16 info;		/* integer: log2(bits) << 1 | signed */
	char name[];		/* with quotes */
};

/* The records begin alike; which types follow depends on the check. */
struct check {
	struct source_location where;
	const struct type_descriptor *type[2];
};

struct mismatch_check {
	struct source_location where;
	const struct type_descriptor *type;
	u8 log2_align;
	u8 access;		/* index of access_names */
};

struct nonnull_check {
	struct source_location where, attribute;
	int argument;
};

struct builtin_check {
	struct source_location where;
	u8 is_clz;
};

static const char *const access_names[] = {
	"load of", "store to", "reference binding to", "member access within",
	"member call on", "constructor call on", "downcast of", "downcast of",
	"upcast of", "cast to virtual base of", "assignment to",
	"dynamic operation on",
};

static bool
type_is_signed(const struct type_descriptor *type)
{
	return type->kind == TYPE_INTEGER && (type->info & 1);
}

static u64
value_bits(const struct type_descriptor *type, unsigned long value)
{
	return 1u << (type->info >> 1) <= 32 ? value : *(const u64 *)value;
}

static bool
value_is_negative(const struct type_descriptor *type, unsigned long value)
{
	unsigned bits = 1u << (type->info >> 1);

	return type_is_signed(type) &&
	       (value_bits(type, value) >> (bits - 1) & 1);
}

/* The operand as a number of its type. */
static const char *
value_text(char *buf, size_t size, const struct type_descriptor *type,
	   unsigned long value)
{
	unsigned bits = 1u << (type->info >> 1);
	u64 v = value_bits(type, value);

	if (type->kind != TYPE_INTEGER || bits > 64)
		snprintf(buf, size, "?");
	else if (type_is_signed(type))
		snprintf(buf, size, "%lld",
			 (long long)(v << (64 - bits)) >> (64 - bits));
	else
		snprintf(buf, size, "%llu", (unsigned long long)v);
	return buf;
}

#define TEXT_SIZE	24
#define VALUE(type, value)	value_text((char[TEXT_SIZE]){ 0 }, TEXT_SIZE, \
					   type, value)

static void __printf(2, 3)
ubsan_report(const struct source_location *where, const char *fmt, ...)
{
	unsigned long flags;
	char text[200];
	va_list ap;

	if (!soft_report_begin(&flags))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pr_err("UBSAN: %s at %s:%u:%u\n", text, where->file, where->line,
	       where->column);
	report_where();
	dump_stack();
	soft_report_end(flags);
}

static void
report_overflow(const struct check *c, char operator, unsigned long lhs,
		unsigned long rhs)
{
	ubsan_report(&c->where, "signed-integer-overflow: %s %c %s cannot be "
		     "represented in type %s", VALUE(c->type[0], lhs),
		     operator, VALUE(c->type[0], rhs), c->type[0]->name);
}

/* --- What the compiler calls: the names are given ------------------------ */

void __ubsan_handle_add_overflow(struct check *, unsigned long, unsigned long);
void __ubsan_handle_sub_overflow(struct check *, unsigned long, unsigned long);
void __ubsan_handle_mul_overflow(struct check *, unsigned long, unsigned long);
void __ubsan_handle_negate_overflow(struct check *, unsigned long);
void __ubsan_handle_divrem_overflow(struct check *, unsigned long,
				    unsigned long);
void __ubsan_handle_shift_out_of_bounds(struct check *, unsigned long,
					unsigned long);
void __ubsan_handle_out_of_bounds(struct check *, unsigned long);
void __ubsan_handle_type_mismatch_v1(struct mismatch_check *, unsigned long);
void __ubsan_handle_pointer_overflow(struct check *, unsigned long,
				     unsigned long);
void __ubsan_handle_load_invalid_value(struct check *, unsigned long);
void __ubsan_handle_builtin_unreachable(struct check *) __noreturn;
void __ubsan_handle_nonnull_arg(struct nonnull_check *);
void __ubsan_handle_nonnull_return_v1(struct check *, struct source_location *);
void __ubsan_handle_vla_bound_not_positive(struct check *, unsigned long);
void __ubsan_handle_invalid_builtin(struct builtin_check *);

void
__ubsan_handle_add_overflow(struct check *c, unsigned long lhs,
			    unsigned long rhs)
{
	report_overflow(c, '+', lhs, rhs);
}

void
__ubsan_handle_sub_overflow(struct check *c, unsigned long lhs,
			    unsigned long rhs)
{
	report_overflow(c, '-', lhs, rhs);
}

void
__ubsan_handle_mul_overflow(struct check *c, unsigned long lhs,
			    unsigned long rhs)
{
	report_overflow(c, '*', lhs, rhs);
}

void
__ubsan_handle_negate_overflow(struct check *c, unsigned long value)
{
	ubsan_report(&c->where, "negate-overflow: -(%s) cannot be represented "
		     "in type %s", VALUE(c->type[0], value), c->type[0]->name);
}

void
__ubsan_handle_divrem_overflow(struct check *c, unsigned long lhs,
			       unsigned long rhs)
{
	if (value_bits(c->type[0], rhs) == 0)
		ubsan_report(&c->where, "division-by-zero: of %s, type %s",
			     VALUE(c->type[0], lhs), c->type[0]->name);
	else
		report_overflow(c, '/', lhs, rhs);
}

void
__ubsan_handle_shift_out_of_bounds(struct check *c, unsigned long lhs,
				   unsigned long rhs)
{
	const struct type_descriptor *l = c->type[0], *r = c->type[1];

	if (value_is_negative(r, rhs))
		ubsan_report(&c->where, "shift-out-of-bounds: by %s, which is "
			     "negative", VALUE(r, rhs));
	else if (value_bits(r, rhs) >= 1u << (l->info >> 1))
		ubsan_report(&c->where, "shift-out-of-bounds: by %s, which is "
			     "too much for the %u bits of type %s",
			     VALUE(r, rhs), 1u << (l->info >> 1), l->name);
	else
		ubsan_report(&c->where, "shift-out-of-bounds: %s << %s cannot "
			     "be represented in type %s", VALUE(l, lhs),
			     VALUE(r, rhs), l->name);
}

void
__ubsan_handle_out_of_bounds(struct check *c, unsigned long index)
{
	ubsan_report(&c->where, "array-index-out-of-bounds: index %s of an "
		     "array of type %s", VALUE(c->type[1], index),
		     c->type[0]->name);
}

void
__ubsan_handle_type_mismatch_v1(struct mismatch_check *c, unsigned long addr)
{
	const char *what = c->access < ARRAY_SIZE(access_names) ?
			   access_names[c->access] : "use of";
	unsigned long align = 1UL << c->log2_align;

	if (!addr)
		ubsan_report(&c->where, "null-ptr-deref: %s a null pointer of "
			     "type %s", what, c->type->name);
	else if (addr & (align - 1))
		ubsan_report(&c->where, "misaligned-access: %s the address "
			     "%08lx as type %s, which needs a multiple of %lu",
			     what, addr, c->type->name, align);
	else
		ubsan_report(&c->where, "object-size-mismatch: %s the address "
			     "%08lx, where there is no room for type %s",
			     what, addr, c->type->name);
}

void
__ubsan_handle_pointer_overflow(struct check *c, unsigned long base,
				unsigned long result)
{
	ubsan_report(&c->where, "pointer-overflow: from %08lx to %08lx", base,
		     result);
}

void
__ubsan_handle_load_invalid_value(struct check *c, unsigned long value)
{
	ubsan_report(&c->where, "invalid-load: the value %s is none of type "
		     "%s", VALUE(c->type[0], value), c->type[0]->name);
}

void
__ubsan_handle_builtin_unreachable(struct check *c)
{
	report_begin(NULL);
	pr_emerg("UBSAN: unreachable: was reached at %s:%u:%u\n",
		 c->where.file, c->where.line, c->where.column);
	report_where();
	dump_stack();
	report_end();
}

void
__ubsan_handle_nonnull_arg(struct nonnull_check *c)
{
	ubsan_report(&c->where, "nonnull-argument: argument %d is null",
		     c->argument);
}

void
__ubsan_handle_nonnull_return_v1(struct check *c,
				 struct source_location *where)
{
	ubsan_report(where, "nonnull-return: null is returned");
}

void
__ubsan_handle_vla_bound_not_positive(struct check *c, unsigned long bound)
{
	ubsan_report(&c->where, "vla-bound: %s elements",
		     VALUE(c->type[0], bound));
}

void
__ubsan_handle_invalid_builtin(struct builtin_check *c)
{
	ubsan_report(&c->where, "invalid-builtin: %s of zero",
		     c->is_clz ? "clz" : "ctz");
}
#endif
