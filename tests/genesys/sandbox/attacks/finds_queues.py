"""Looks for what another left in the names of message queues."""

import os

from prelude import tell_planted

tell_planted("a queue", "\n".join(os.listdir("/dev/mqueue")).encode())
print("looked")
