"""Tests of genesys.verifiers.judge."""
