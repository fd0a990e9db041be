"""The tests; they mirror the packages. This file keeps `tests/genesys` from being taken for the package `genesys`."""
