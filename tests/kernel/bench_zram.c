/* SPDX-License-Identifier: MIT */
/* What compressing a page costs, and a page of zram0. */
#include <drivers/zram.h>
#include <kernel/bench.h>
#include <kernel/blk.h>
#include <lib/lz4.h>
#include <lib/random.h>
#include <lib/string.h>

static struct lz4_work work;
static u32 page[1024] __aligned(4096);
static u8 packed[LZ4_BOUND(4096)];

/* A row of words, the low bits of some of them changed: a heap. */
static void
fill_heap(void)
{
	u64 rng = 1;

	for (unsigned i = 0; i < 1024; i++)
		page[i] = i % 4 == 3 ? 0 : i % 4 == 2 ? i / 64 :
			  0xb6f00000u + random_below(&rng, 64) * 64;
}

static void
fill_noise(void)
{
	u64 rng = 1;

	for (unsigned i = 0; i < 1024; i++)
		page[i] = (u32)random_next(&rng);
}

/* One quarter noise, the rest zero. */
static void
fill_quarter(void)
{
	fill_noise();
	memset(page + 256, 0, 3072);
}

/* The text of this kernel: what programs are made of. */
static void
fill_code(void)
{
	memcpy(page, (const void *)((unsigned long)fill_noise & ~4095ul),
	       sizeof(page));
}

static void
compress(struct bench *b, void (*fill)(void))
{
	fill();
	BENCH_LOOP(b, lz4_compress(&work, page, 4096, packed,
				   sizeof(packed)));
}

static void
expand(struct bench *b, void (*fill)(void))
{
	size_t n;

	fill();
	n = lz4_compress(&work, page, 4096, packed, sizeof(packed));
	BENCH_LOOP(b, lz4_decompress(packed, n, page, 4096));
}

static void
compress_heap(struct bench *b)
{
	compress(b, fill_heap);
}

static void
compress_quarter(struct bench *b)
{
	compress(b, fill_quarter);
}

static void
compress_code(struct bench *b)
{
	compress(b, fill_code);
}

static void
compress_noise(struct bench *b)
{
	compress(b, fill_noise);
}

static void
expand_heap(struct bench *b)
{
	expand(b, fill_heap);
}

static void
expand_quarter(struct bench *b)
{
	expand(b, fill_quarter);
}

static void
expand_code(struct bench *b)
{
	expand(b, fill_code);
}

static void
expand_noise(struct bench *b)
{
	expand(b, fill_noise);
}

/* A request of one page to zram0: what it costs beside the memory's. */
static void
disk_page(struct bench *b, int (*op)(struct block_device *disk, u64 sector,
				     void *buf, size_t bytes))
{
	struct block_device *disk;
	unsigned i = 0;

	if (zram_set_size(4 << 20))
		return;
	disk = blk_find("zram0");
	fill_quarter();
	for (i = 0; i < 1024; i++)
		blk_write(disk, i * 8, page, 4096);
	b->iterations = 1000;
	BENCH_LOOP(b, op(disk, (i++ & 1023) * 8, page, 4096));
	zram_reset();
}

static int
write_op(struct block_device *disk, u64 sector, void *buf, size_t bytes)
{
	return blk_write(disk, sector, buf, bytes);
}

static void
write_again(struct bench *b)
{
	disk_page(b, write_op);
}

static void
read_page(struct bench *b)
{
	disk_page(b, blk_read);
}

static void
write_zeros(struct bench *b)
{
	struct block_device *disk;

	if (zram_set_size(1 << 20))
		return;
	disk = blk_find("zram0");
	memset(page, 0, sizeof(page));
	BENCH_LOOP(b, blk_write(disk, 0, page, 4096));
	zram_reset();
}

BENCH_SUITE("zram",
	    BENCH_CASE("lz4 compress a page of a heap", compress_heap),
	    BENCH_CASE("lz4 compress a page, 3/4 zeros", compress_quarter),
	    BENCH_CASE("lz4 compress a page of code", compress_code),
	    BENCH_CASE("lz4 compress a page of noise", compress_noise),
	    BENCH_CASE("lz4 expand a page of a heap", expand_heap),
	    BENCH_CASE("lz4 expand a page, 3/4 zeros", expand_quarter),
	    BENCH_CASE("lz4 expand a page of code", expand_code),
	    BENCH_CASE("lz4 expand a page of noise", expand_noise),
	    BENCH_CASE("disk: write a page, 3/4 zeros, over one", write_again),
	    BENCH_CASE("disk: read a page, 3/4 zeros", read_page),
	    BENCH_CASE("disk: write a page of zeros", write_zeros));
