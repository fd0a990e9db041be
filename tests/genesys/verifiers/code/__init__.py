"""Tests of genesys.verifiers.code."""
