/* SPDX-License-Identifier: MIT */
/* The kernel's own header: one source for what both sides speak of. */
#include "../../../include/uapi/userfaultfd.h"
