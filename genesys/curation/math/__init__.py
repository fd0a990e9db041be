"""The math lane: NuminaMath's rows to tasks whose final answer can be checked."""
