"""Tests of genesys.curation.coding."""
