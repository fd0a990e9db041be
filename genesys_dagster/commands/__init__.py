"""The commands that need the graph: ``genesys demo``, ``run`` and ``ui``. They are found by entry points."""
