"""The library: verified reasoning data without an orchestrator."""
