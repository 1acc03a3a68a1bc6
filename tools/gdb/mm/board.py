# SPDX-License-Identifier: MIT
"""Names for the physical addresses of the board's devices."""

# Registers of the board: start, size, name. From the board's manual.
DEVICES = (
    (0x10000000, 0x1000, "system registers"), (0x10004000, 0x1000, "PL041 audio"),
    (0x10005000, 0x1000, "PL181 SD card"), (0x10006000, 0x1000, "PL050 keyboard"),
    (0x10007000, 0x1000, "PL050 mouse"), (0x10009000, 0x1000, "UART0 (PL011)"),
    (0x1000a000, 0x1000, "UART1 (PL011)"), (0x1000b000, 0x1000, "UART2 (PL011)"),
    (0x1000c000, 0x1000, "UART3 (PL011)"), (0x1000f000, 0x1000, "watchdog"),
    (0x10011000, 0x1000, "SP804 timers 0 and 1"),
    (0x10012000, 0x1000, "SP804 timers 2 and 3"),
    (0x10013000, 0x800, "virtio-mmio, four transports"),
    (0x10016000, 0x1000, "I2C of the display"), (0x10017000, 0x1000, "PL031 clock"),
    (0x1001f000, 0x1000, "PL111 LCD of the motherboard"),
    (0x10020000, 0x1000, "PL111 LCD"), (0x100e4000, 0x1000, "SP804 timer"),
    (0x1e000000, 0x100, "snoop control unit"),
    (0x1e000100, 0x100, "GIC CPU interface"), (0x1e000200, 0x400, "global timer"),
    (0x1e000600, 0x100, "private timer and watchdog"),
    (0x1e001000, 0x1000, "GIC distributor"), (0x1e00a000, 0x1000, "PL310 cache"),
    (0x40000000, 0x8000000, "NOR flash"), (0x48000000, 0x2000000, "SRAM"),
    (0x4c000000, 0x800000, "video RAM"), (0x4e000000, 0x10000, "LAN9118"),
)


def device_at(pa):
    for start, size, name in DEVICES:
        if start <= pa < start + size:
            return f"{name} +0x{pa - start:x}"
    return None
