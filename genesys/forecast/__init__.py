"""What a run will take: calls, tokens, money, hours, from what is counted and what was measured so far."""
