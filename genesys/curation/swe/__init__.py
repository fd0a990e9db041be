"""The SWE lane: commits that edit one file, to tasks that ask for the edit."""
