"""The graph: Dagster assets, ops, checks, resources and sensors around the library ``genesys``.

Thin: it chooses the partition, calls the library and records what happened. What a row means, how a call is made
durable and how a table is written stands in ``genesys``, which never imports this package.
"""
