"""What the benchmark of releases is made of: synthetic lanes, and the measuring of its steps."""
