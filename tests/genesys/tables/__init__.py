"""Tests of genesys.tables."""
