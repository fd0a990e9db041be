"""Processes that read what others wrote, under limits of the kernel: a pool of them, and what runs in them."""
