# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast this host's time stamp counter counts."""

from __future__ import annotations

import ctypes
import functools
import mmap
import time
from collections.abc import Callable

# rdtsc; shl rdx, 32; or rax, rdx; ret
READ_COUNTER = bytes.fromhex("0f31 48c1e220 4809d0 c3")
MEASURED_SECONDS = 0.1


@functools.cache
def clock_khz() -> int:
    """Its rate, measured: /proc/cpuinfo tells the processor's speed of the moment."""
    executable = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    with mmap.mmap(-1, mmap.PAGESIZE, prot=executable) as code:
        code.write(READ_COUNTER)
        place = ctypes.c_char.from_buffer(code)
        read = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(place))
        khz = _rate(read)
        del place  # the buffer can not be closed while it is in use
    return khz


def _rate(read: Callable[[], int]) -> int:
    since, count = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW), read()
    time.sleep(MEASURED_SECONDS)
    until, counted = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW), read()
    return round((counted - count) * 1_000_000 / (until - since))
