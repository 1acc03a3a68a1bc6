/* SPDX-License-Identifier: MIT */
/*
 * Monitor command kfence: watch some objects, or make each mistake that the
 * watch finds, to see how it is told.
 *
 *	kfence on [MS [OBJECTS]]	a sample every MS ms (100; 0: none)
 *	kfence off
 *	kfence KIND			make this mistake
 */
#include "monitor_private.h"

#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/kfence.h>
#include <mm/slab.h>

#define SIZE		32u
#define MOST_TRIES	64

/* Volatile: the compiler shall not see what is done with the object. */
typedef volatile u8 byte;

static noinline byte *
sampled_object(bool right)
{
	byte *p = NULL;

	for (unsigned i = 0; i < MOST_TRIES; i++) {
		kfence_sample_nth(1);
		p = kmalloc(SIZE, GFP_KERNEL);
		kfence_sample_nth(0);
		if (is_kfence_address((void *)p) &&
		    ((unsigned long)p % PAGE_SIZE != 0) == right)
			return p;
		kfree((void *)p);
	}
	return NULL;
}

static noinline void
free_object(byte *p)
{
	kfree((void *)p);
}

static noinline void
plant_overflow(byte *p)
{
	p[SIZE] = 1;
	free_object(p);
}

static noinline void
plant_underflow(byte *p)
{
	(void)p[-1];
	free_object(p);
}

static noinline void
plant_use_after_free(byte *p)
{
	free_object(p);
	p[8] = 1;
}

static noinline void
plant_double_free(byte *p)
{
	free_object(p);
	free_object(p);
}

static noinline void
plant_invalid_free(byte *p)
{
	free_object(p + 8);
	free_object(p);
}

/* The other side of the page than the guard's. */
static noinline void
plant_corruption(byte *p)
{
	p[-3] = 0x41;
	free_object(p);
}

static const struct plant {
	const char *name;
	bool right;		/* where in its page the object must lie */
	void (*fn)(byte *p);
} plants[] = {
	{ "overflow", true, plant_overflow },
	{ "underflow", false, plant_underflow },
	{ "use-after-free", true, plant_use_after_free },
	{ "double-free", true, plant_double_free },
	{ "invalid-free", true, plant_invalid_free },
	{ "corruption", true, plant_corruption },
};

static int
make_mistake(const char *command, const struct plant *plant)
{
	byte *p = sampled_object(plant->right);

	if (!p)
		return monitor_error(command, -ENOMEM, "no object of the pool: "
				     "is it on?");
	plant->fn(p);
	return 0;
}

static int
switch_on(int argc, char **argv)
{
	unsigned long interval = 100, objects = KFENCE_NUM_OBJECTS;
	int err;

	if (argc > 4)
		return monitor_usage(argv[0]);
	if (argc > 2 && monitor_number(argv[0], "interval", argv[2], &interval))
		return -EINVAL;
	if (argc > 3 && monitor_number(argv[0], "number", argv[3], &objects))
		return -EINVAL;
	err = kfence_start(interval, objects);
	if (err == -EBUSY)
		return monitor_error(argv[0], err, "it is on");
	if (err)
		return monitor_error(argv[0], err, "no pool of that size");
	return 0;
}

static int
switch_off(const char *command)
{
	int err = kfence_stop();

	if (err == -EBUSY)
		return monitor_error(command, err, "objects are in use "
				     "(cat kfence_objects)");
	if (err)
		return monitor_error(command, err, "it is off");
	return 0;
}

static int
kfence_command(int argc, char **argv)
{
	if (argc < 2)
		return monitor_usage(argv[0]);
	if (!strcmp(argv[1], "on"))
		return switch_on(argc, argv);
	if (argc > 2)
		return monitor_usage(argv[0]);
	if (!strcmp(argv[1], "off"))
		return switch_off(argv[0]);
	for (unsigned i = 0; i < ARRAY_SIZE(plants); i++) {
		if (!strcmp(argv[1], plants[i].name))
			return make_mistake(argv[0], &plants[i]);
	}
	console_printf("on [MS [OBJECTS]], off");
	for (unsigned i = 0; i < ARRAY_SIZE(plants); i++)
		console_printf(", %s", plants[i].name);
	console_puts("\n");
	return monitor_usage(argv[0]);
}
MONITOR_COMMAND("kfence", kfence_command, "on [MS [OBJECTS]]|off|KIND",
		"watch sampled objects, or make a mistake (kfence help)");
