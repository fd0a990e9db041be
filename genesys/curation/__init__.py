"""Curation: upstream rows to tasks. A package a lane: its ``lane`` says what the lane is, modules read the sources."""
