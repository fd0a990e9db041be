"""Tests of the graph. Dagster's instances live in memory or in a temporary folder; nobody's DAGSTER_HOME is touched."""
