"""A run while it goes: what is known of it at a moment, how fast it is, when it may end, and where that is shown.

It only reads and shows. Nothing in here may slow a call, change a result or stop a run.
"""
