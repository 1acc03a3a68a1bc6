/* SPDX-License-Identifier: MIT */
/* The line discipline's settings: the kernel's structure and numbers. */
#ifndef _TERMIOS_H
#define _TERMIOS_H

#define ICRNL		0400
#define OPOST		01
#define ISIG		01
#define ICANON		02
#define ECHO		010
#define VINTR		0
#define VTIME		5
#define VMIN		6
#define TCSANOW		0

struct termios {
	unsigned c_iflag, c_oflag, c_cflag, c_lflag;
	unsigned char c_line, c_cc[19];
};
_Static_assert(sizeof(struct termios) == 36, "struct termios is the kernel's");

int tcgetattr(int fd, struct termios *settings);
int tcsetattr(int fd, int when, const struct termios *settings);

#endif
