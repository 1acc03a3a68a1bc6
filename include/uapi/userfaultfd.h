/* SPDX-License-Identifier: MIT */
/*
 * Faults that a program serves itself; shared with user/. Names and numbers are
 * Linux's: userfaultfd(2), ioctl_userfaultfd(2).
 */
#ifndef UAPI_USERFAULTFD_H
#define UAPI_USERFAULTFD_H

#include <stdint.h>

#define UFFD_USER_MODE_ONLY		1
#define UFFD_API			0xaaull
#define UFFD_FEATURE_SIGBUS		(1 << 7)
#define UFFD_FEATURE_THREAD_ID		(1 << 8)

#define UFFDIO_API			0xc018aa3fu
#define UFFDIO_REGISTER			0xc020aa00u
#define UFFDIO_UNREGISTER		0x8010aa01u
#define UFFDIO_WAKE			0x8010aa02u
#define UFFDIO_COPY			0xc028aa03u
#define UFFDIO_ZEROPAGE			0xc020aa04u

#define UFFDIO_REGISTER_MODE_MISSING	1
#define UFFDIO_COPY_MODE_DONTWAKE	1

#define UFFD_EVENT_PAGEFAULT		0x12
#define UFFD_PAGEFAULT_FLAG_WRITE	1

struct uffd_msg {
	uint8_t event, reserved1;
	uint16_t reserved2;
	uint32_t reserved3;
	union {
		struct {
			uint64_t flags, address;
			union {
				uint32_t ptid;
			} feat;
		} pagefault;
	} arg;
};

struct uffdio_api {
	uint64_t api, features, ioctls;		/* ioctls: a bit for each number */
};

struct uffdio_range {
	uint64_t start, len;
};

struct uffdio_register {
	struct uffdio_range range;
	uint64_t mode, ioctls;
};

struct uffdio_copy {
	uint64_t dst, src, len, mode;
	int64_t copy;
};

struct uffdio_zeropage {
	struct uffdio_range range;
	uint64_t mode;
	int64_t zeropage;
};

#endif
