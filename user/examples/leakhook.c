/* SPDX-License-Identifier: MIT */
/*
 * leakhook: a leak found by a hook around malloc.
 *
 * The linker is told --wrap=malloc: what the program calls malloc becomes
 * __wrap_malloc here, and the true one is __real_malloc. The hook notes who
 * called (the return address) and how much, and strikes it off at free. What is
 * left at the end was leaked.
 *
 * From an address to a line, on the host:
 *	arm-none-eabi-addr2line -fe build/user/leakhook.elf 0x...
 */
#include "example.h"

#define MOST	256

void *__real_malloc(size_t size);
void __real_free(void *memory);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);

static struct note {
	void *memory, *caller;
	size_t size;
} notes[MOST];
static unsigned long nr_malloc, nr_free, not_noted;

static struct note *
find(void *memory)
{
	struct note *note;

	for (note = notes; note < notes + MOST; note++) {
		if (note->memory == memory)
			return note;
	}
	return NULL;
}

static void
write_down(void *memory, size_t size, void *caller)
{
	struct note *note = find(NULL);

	nr_malloc++;
	if (note)
		*note = (struct note){ memory, caller, size };
	else
		not_noted++;
}

void *
__wrap_malloc(size_t size)
{
	void *memory = __real_malloc(size);

	if (memory)
		write_down(memory, size, __builtin_return_address(0));
	return memory;
}

void *
__wrap_calloc(size_t count, size_t size)
{
	void *memory = __real_malloc(count * size);

	if (memory) {
		memset(memory, 0, count * size);
		write_down(memory, count * size, __builtin_return_address(0));
	}
	return memory;
}

void
__wrap_free(void *memory)
{
	struct note *note = memory ? find(memory) : NULL;

	if (note)
		note->memory = NULL;
	nr_free += memory != NULL;
	__real_free(memory);
}

void *
__wrap_realloc(void *memory, size_t size)
{
	struct note *note = memory ? find(memory) : NULL;
	void *moved = __real_realloc(memory, size);

	if (moved && note)
		*note = (struct note){ moved, note->caller, size };
	else if (moved)
		write_down(moved, size, __builtin_return_address(0));
	return moved;
}

static void
report(void)
{
	struct note *note;
	size_t bytes = 0;
	int count = 0;

	printf("\n%lu calls of malloc, %lu of free\n", nr_malloc, nr_free);
	for (note = notes; note < notes + MOST; note++) {
		if (!note->memory)
			continue;
		printf("  not freed: %5u bytes at %p, asked for near %p\n",
		       (unsigned)note->size, note->memory, note->caller);
		bytes += note->size;
		count++;
	}
	printf("%d pieces, %u bytes are lost", count, (unsigned)bytes);
	printf(not_noted ? "; %lu were not noted\n" : "\n", not_noted);
}

/* --- the program that leaks --- */

struct message {
	char *text;
	int number;
};

static struct message *
message_new(int number)
{
	struct message *message = malloc(sizeof(*message));

	/* Not strdup(): newlib's takes the memory behind our back (_malloc_r). */
	message->text = strcpy(malloc(6), "hello");
	message->number = number;
	return message;
}

/* The mistake: every third message is given up without its text. */
static void
message_free(struct message *message)
{
	if (message->number % 3)
		free(message->text);
	free(message);
}

int
main(void)
{
	int i;

	setvbuf(stdout, NULL, _IONBF, 0);	/* stdio's buffer is no leak */
	for (i = 1; i <= 9; i++)
		message_free(message_new(i));
	report();
	return 0;
}
