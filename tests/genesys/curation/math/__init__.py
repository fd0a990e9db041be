"""Tests of genesys.curation.math."""
