"""Real counterparts for tests and benchmarks: servers that run as processes of their own. No tests, no fixtures."""
