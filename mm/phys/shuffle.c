/* SPDX-License-Identifier: MIT */
/*
 * Free blocks in random order (page_alloc.shuffle=1).
 *
 * Ideas
 *   Addresses that follow each other predictably help an attacker, and hide
 *   mistakes of code that relies on them. So the largest blocks are put in
 *   random order at boot, and a freed block goes to the front or to the back
 *   of its list by a random bit.
 *
 * State   a xorshift generator; its races between cores only add disorder.
 * Sources  Marsaglia, Xorshift RNGs, Journal of Statistical Software 8(14),
 *	    2003; Linux's page_alloc.shuffle parameter.
 */
#include <kernel/init.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/buddy.h>

bool page_alloc_shuffle;

static u32 shuffle_state = 2463534242u;

static u32
shuffle_random(void)
{
	u32 x = shuffle_state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	shuffle_state = x;
	return x;
}

bool
shuffle_pick_tail(void)
{
	return shuffle_random() & 1;
}

/*
 * Deal each list of the largest blocks into a new one: each block goes to a
 * random end, several times over. Context: boot.
 */
void
shuffle_zone(struct zone *zone)
{
	struct list_head *list, dealt;
	unsigned round, type;

	for (type = 0; type < MIGRATE_PCPTYPES; type++) {
		list = &zone->free_area[SHUFFLE_ORDER].free_list[type];
		for (round = 0; round < 16; round++) {
			INIT_LIST_HEAD(&dealt);
			while (!list_empty(list)) {
				if (shuffle_pick_tail())
					list_move_tail(list->next, &dealt);
				else
					list_move(list->next, &dealt);
			}
			list_splice_init(&dealt, list);
		}
	}
}

static int
param_shuffle(const char *value)
{
	page_alloc_shuffle = *value == '1' || *value == 'y' || *value == 'Y';
	return 0;
}
BOOT_PARAM("page_alloc.shuffle", param_shuffle);
