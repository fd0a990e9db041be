"""Languages that source files are written in, and whether a file parses in its own. Nothing is run, nothing fetched."""
