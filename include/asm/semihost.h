/* SPDX-License-Identifier: MIT */
/*
 * Semihosting: what the emulator does for its guest when asked by SVC
 * 0x123456. Probed once at boot: without it the SVC comes to our own vector,
 * which answers -1.
 */
#ifndef ASM_SEMIHOST_H
#define ASM_SEMIHOST_H

#include <lib/compiler.h>
#include <lib/types.h>

bool semihost_present(void);
/* Seconds since 1970 on the host's clock; 0 if absent. */
u32 semihost_time(void);
/* Centiseconds of processor time that the emulator has used; 0 if absent. */
u32 semihost_clock(void);
/* End the emulator with this exit status (0 to 255). Returns if absent. */
void semihost_exit(unsigned status);
/* A host file: mode as fopen's ("r", "wb", ...). Handle, or -1. */
int semihost_open(const char *path, const char *mode);
/* Bytes not written (0 is success); and the same for reading. */
size_t semihost_write(int handle, const void *data, size_t n);
size_t semihost_read(int handle, void *data, size_t n);
int semihost_close(int handle);
/* A name that no other running emulator gets: 0, or -1. */
int semihost_tmpnam(char *name, size_t size);

#endif
