/* SPDX-License-Identifier: MIT */
/*
 * $((...)): integers, variables by name with or without $, + - * / % and
 * comparisons, brackets. Precedence climbs: each level calls the one below.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sh.h"

static const char *at;

static long compare(void);

static char
peek(void)
{
	while (isspace((unsigned char)*at))
		at++;
	return *at;
}

static bool
accept(const char *operator)
{
	size_t len = strlen(operator);

	peek();
	if (strncmp(at, operator, len))
		return false;
	at += len;
	return true;
}

static long
name_value(void)
{
	const char *start = at;
	char name[64], *value;

	while (isalnum((unsigned char)*at) || *at == '_')
		at++;
	strlcpy(name, start, sizeof(name) < (size_t)(at - start) + 1 ?
			     sizeof(name) : (size_t)(at - start) + 1);
	value = getenv(name);
	return value ? strtol(value, NULL, 0) : 0;
}

static long
primary(void)
{
	char *end;
	long value;

	if (accept("(")) {
		value = compare();
		accept(")");
		return value;
	}
	if (accept("-"))
		return -primary();
	if (accept("!"))
		return !primary();
	if (isalpha((unsigned char)peek()) || *at == '_')
		return name_value();
	value = strtol(at, &end, 0);
	at = end;
	return value;
}

static long
product(void)
{
	long value = primary(), by;

	for (;;) {
		if (accept("*")) {
			value *= primary();
		} else if (peek() == '/' || peek() == '%') {
			char operator = *at++;

			by = primary();
			if (!by) {
				sh_error("division by zero");
				return 0;
			}
			value = operator == '/' ? value / by : value % by;
		} else {
			return value;
		}
	}
}

static long
sum(void)
{
	long value = product();

	for (;;) {
		if (accept("+"))
			value += product();
		else if (accept("-"))
			value -= product();
		else
			return value;
	}
}

static long
compare(void)
{
	long value = sum();

	for (;;) {
		if (accept("=="))
			value = value == sum();
		else if (accept("!="))
			value = value != sum();
		else if (accept("<="))
			value = value <= sum();
		else if (accept(">="))
			value = value >= sum();
		else if (accept("<"))
			value = value < sum();
		else if (accept(">"))
			value = value > sum();
		else
			return value;
	}
}

long
arithmetic(const char *text)
{
	long value;

	at = text;
	value = compare();
	if (peek())
		sh_error("arithmetic: '%s' is left over", at);
	return value;
}
