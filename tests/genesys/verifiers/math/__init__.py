"""Tests of genesys.verifiers.math."""
