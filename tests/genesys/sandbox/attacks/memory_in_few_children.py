"""Holds four times its memory in four children, each of them within its limit, and ends well."""

import os
import time

for _ in range(4):
    if os.fork() == 0:
        held = b"x" * (190 << 20)
        time.sleep(1.5)
        os._exit(len(held) & 1)
print([os.wait()[1] for _ in range(4)])
