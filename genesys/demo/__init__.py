"""The demo: bundled tasks, answers written by hand, and settings that need no network, GPU, Docker or key."""
