"""Has so many busy children that it stands in line for a core behind them, as if the machine had given it none."""

import os

for _ in range(24):
    if os.fork() == 0:
        break
while True:
    sum(range(10_000))
