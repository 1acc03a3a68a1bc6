/* SPDX-License-Identifier: MIT */
/*
 * Virtqueues with a device that the test plays: it reads avail, and writes
 * used, as it likes.
 */
#include <drivers/virtio.h>
#include <kernel/printk.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/string.h>

static struct virtio_device vdev = {
	.name = "fake",
	.dev = { .name = "fake", .dma_mask = ~0u },
};
static struct virtqueue vq;
static int cookies[16];

static bool
setup(struct test *t)
{
	return EXPECT_EQ(t, virtqueue_init(&vq, &vdev, 0, 8), 0);
}

/* A chain of n pieces, all read. */
static int
add(unsigned n, unsigned cookie)
{
	struct virtq_segment segments[16];

	for (unsigned i = 0; i < n; i++)
		segments[i] = (struct virtq_segment){ 0x60000000 + i, i + 1 };
	return virtqueue_add(&vq, segments, n, 0, &cookies[cookie]);
}

static void
device_uses(u32 id)
{
	vq.used->ring[vq.used->idx % vq.num].id = id;
	vq.used->idx++;
}

static void
a_chain_is_laid_out_for_the_device(struct test *t)
{
	struct virtq_segment segments[3] = {
		{ 0x1000, 16 }, { 0x2000, 512 }, { 0x3000, 1 },
	};
	u16 head, at;

	if (!setup(t))
		return;
	head = virtqueue_next_head(&vq);
	EXPECT_EQ(t, virtqueue_add(&vq, segments, 1, 2, &cookies[0]), 0);
	EXPECT_EQ(t, vq.avail->idx, 1);
	EXPECT_EQ(t, vq.avail->ring[0], head);
	EXPECT_EQ(t, vq.nr_free, 5);
	at = head;
	for (unsigned i = 0; i < 3; i++) {
		EXPECT_EQ(t, vq.desc[at].addr, segments[i].addr);
		EXPECT_EQ(t, vq.desc[at].len, segments[i].len);
		/* 1: another follows; 2: the device writes */
		EXPECT_EQ(t, vq.desc[at].flags, i == 0 ? 1 : i == 1 ? 3 : 2);
		at = vq.desc[at].next;
	}
	virtqueue_free(&vq);
}

static void
what_the_device_used_comes_back_in_its_order(struct test *t)
{
	u16 first, second, head;

	if (!setup(t))
		return;
	first = virtqueue_next_head(&vq);
	EXPECT_EQ(t, add(3, 1), 0);
	second = virtqueue_next_head(&vq);
	EXPECT_EQ(t, add(2, 2), 0);
	EXPECT(t, virtqueue_get(&vq, &head) == NULL);
	device_uses(second);
	device_uses(first);
	EXPECT(t, virtqueue_get(&vq, &head) == &cookies[2]);
	EXPECT_EQ(t, head, second);
	EXPECT_EQ(t, vq.nr_free, 5);
	EXPECT(t, virtqueue_get(&vq, &head) == &cookies[1]);
	EXPECT_EQ(t, head, first);
	EXPECT(t, virtqueue_get(&vq, &head) == NULL);
	EXPECT_EQ(t, vq.nr_free, 8);
	virtqueue_free(&vq);
}

static void
a_full_queue_takes_no_chain_and_is_not_changed(struct test *t)
{
	u16 head;

	if (!setup(t))
		return;
	EXPECT_EQ(t, add(9, 0), -ENOSPC);
	EXPECT_EQ(t, add(6, 0), 0);
	EXPECT_EQ(t, add(3, 1), -ENOSPC);
	EXPECT_EQ(t, vq.avail->idx, 1);
	EXPECT_EQ(t, add(2, 1), 0);
	EXPECT_EQ(t, vq.nr_free, 0);
	device_uses(vq.avail->ring[0]);
	EXPECT(t, virtqueue_get(&vq, &head) == &cookies[0]);
	EXPECT_EQ(t, add(6, 2), 0);
	virtqueue_free(&vq);
}

/* The indexes are 16 bits and count on past 65535. */
static void
indexes_wrap_around(struct test *t)
{
	u16 head;

	if (!setup(t))
		return;
	vq.avail->idx = vq.used->idx = vq.last_used = 65530;
	for (unsigned i = 0; i < 20; i++) {
		EXPECT_EQ(t, add(1 + i % 8, i % 16), 0);
		device_uses(vq.avail->ring[(u16)(vq.avail->idx - 1) % vq.num]);
		EXPECT(t, virtqueue_get(&vq, &head) == &cookies[i % 16]);
		EXPECT_EQ(t, vq.nr_free, 8);
	}
	EXPECT_EQ(t, vq.avail->idx, (u16)(65530 + 20));
	virtqueue_free(&vq);
}

/* Random chains in flight; every descriptor is in one chain or free. */
static void
no_descriptor_is_lost_or_given_out_twice(struct test *t)
{
	u16 heads[8], head;
	unsigned sizes[8], n = 0, used = 0, i;

	if (!setup(t))
		return;
	for (unsigned step = 0; step < 500; step++) {
		i = 1 + test_random(t) % 4;
		head = virtqueue_next_head(&vq);
		if (test_random(t) % 2 && add(i, 0) == 0) {
			heads[n] = head;
			sizes[n++] = i;
			used += i;
		} else if (n) {
			i = test_random(t) % n;
			device_uses(heads[i]);
			EXPECT(t, virtqueue_get(&vq, &head) != NULL);
			EXPECT_EQ(t, head, heads[i]);
			used -= sizes[i];
			heads[i] = heads[--n];
			sizes[i] = sizes[n];
		}
		EXPECT_EQ(t, vq.nr_free, 8 - used);
	}
	virtqueue_free(&vq);
}

static void
a_device_that_uses_what_it_was_not_given_is_stopped(struct test *t)
{
	static const u32 nonsense[] = { 8, 0xffffffff, 5 };
	static char text[512];
	u16 head;

	for (unsigned i = 0; i < ARRAY_SIZE(nonsense); i++) {
		if (!setup(t))
			return;
		EXPECT_EQ(t, add(2, 0), 0);
		device_uses(nonsense[i]);
		log_capture_begin(text, sizeof(text));
		EXPECT(t, virtqueue_get(&vq, &head) == NULL);
		log_capture_end();
		EXPECT(t, strstr(text, "fake: the device used chain"));
		EXPECT(t, vq.broken);
		EXPECT_EQ(t, add(1, 0), -EIO);
		EXPECT(t, virtqueue_get(&vq, &head) == NULL);
		virtqueue_free(&vq);
	}
}

/* After that nothing comes back: the owner takes what the device still has. */
static void
a_stopped_queue_gives_back_what_it_holds(struct test *t)
{
	static char text[512];
	u16 head;

	if (!setup(t))
		return;
	EXPECT_EQ(t, add(2, 3), 0);
	EXPECT_EQ(t, add(1, 4), 0);
	device_uses(5);
	log_capture_begin(text, sizeof(text));
	EXPECT(t, virtqueue_get(&vq, &head) == NULL);
	log_capture_end();
	EXPECT_EQ(t, vq.nr_free, 5);
	EXPECT(t, virtqueue_detach(&vq) == &cookies[3]);
	EXPECT(t, virtqueue_detach(&vq) == &cookies[4]);
	EXPECT(t, virtqueue_detach(&vq) == NULL);
	EXPECT_EQ(t, vq.nr_free, 8);
	virtqueue_free(&vq);
}

TEST_SUITE("virtio_ring",
	   TEST_CASE(a_chain_is_laid_out_for_the_device),
	   TEST_CASE(what_the_device_used_comes_back_in_its_order),
	   TEST_CASE(a_full_queue_takes_no_chain_and_is_not_changed),
	   TEST_CASE(indexes_wrap_around),
	   TEST_CASE(no_descriptor_is_lost_or_given_out_twice),
	   TEST_CASE(a_device_that_uses_what_it_was_not_given_is_stopped),
	   TEST_CASE(a_stopped_queue_gives_back_what_it_holds));
