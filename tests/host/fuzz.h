/* SPDX-License-Identifier: MIT */
/* The entry of a fuzzer, called by libFuzzer or by replay.c. */
#ifndef HOST_FUZZ_H
#define HOST_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
