"""Leaves what it was told in the names of message queues, which need no system call of their own to be made."""

import os
import sys

secret = sys.stdin.read().strip()
try:
    os.close(os.open(f"/dev/mqueue/genesys-attack-{secret}", os.O_CREAT | os.O_RDWR, 0o666))
except OSError as error:
    print(error)
print("tried")
