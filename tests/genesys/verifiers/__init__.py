"""Tests of genesys.verifiers."""
