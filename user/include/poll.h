/* SPDX-License-Identifier: MIT */
#ifndef _POLL_H
#define _POLL_H

#define POLLIN		1
#define POLLPRI		2
#define POLLOUT		4
#define POLLERR		8
#define POLLHUP		16
#define POLLNVAL	32

struct pollfd {
	int fd;
	short events, revents;
};

int poll(struct pollfd *fds, unsigned long count, int timeout_ms);

#endif
