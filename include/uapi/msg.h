/* SPDX-License-Identifier: MIT */
/* System V message queues: Linux on ARM (EABI). */
#ifndef UAPI_MSG_H
#define UAPI_MSG_H

#include <uapi/ipc.h>

#define MSG_STAT	11
#define MSG_INFO	12
#define MSG_STAT_ANY	13
#define MSG_NOERROR	010000	/* a longer message is cut */
#define MSG_EXCEPT	020000	/* the first that is not of the type */
#define MSG_COPY	040000	/* not served: ENOSYS */

#define MSGMAX		8192	/* bytes of a message */
#define MSGMNB		16384	/* bytes, and messages, of a queue at first */

struct msqid64_ds {
	struct ipc64_perm msg_perm;
	u32 msg_stime, msg_stime_high, msg_rtime, msg_rtime_high;
	u32 msg_ctime, msg_ctime_high;
	u32 msg_cbytes, msg_qnum, msg_qbytes;
	s32 msg_lspid, msg_lrpid;
	u32 unused[2];
};
static_assert(sizeof(struct msqid64_ds) == 88, "EABI");

struct msginfo {
	s32 msgpool, msgmap, msgmax, msgmnb, msgmni, msgssz, msgtql;
	u16 msgseg;
};

#endif
