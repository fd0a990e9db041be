"""Curation: one module a source of upstream rows, each turning a row into a task, or saying why not."""
