"""The commands that need the graph: ``genesys demo`` and ``genesys ui``. They are found by entry points."""
