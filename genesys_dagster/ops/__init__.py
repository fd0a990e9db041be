"""Ops: the two phases of a stage, from which the graph-backed assets of ``genesys_dagster.assets.stages`` are made."""
