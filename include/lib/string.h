/* SPDX-License-Identifier: MIT */
/* Memory and string functions, with the C library's meaning. */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include <lib/compiler.h>
#include <lib/types.h>
#include <stdarg.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *what);
/* As in Linux: copies at most size-1 bytes and always ends with NUL;
 * returns the length copied, or -E2BIG when src did not fit. */
ssize_t strscpy(char *dst, const char *src, size_t size);

/*
 * A number in base 10, or 16 with a leading 0x, or 8 with a leading 0.
 * kstrtoul wants the whole string; memparse accepts a suffix K, M or G,
 * and sets *end behind what it read (*end == s when there is no number).
 * Overflow is -ERANGE for kstrtoul and saturates for memparse.
 */
int kstrtoul(const char *s, unsigned base, unsigned long *value);
u64 memparse(const char *s, char **end);

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

#endif
