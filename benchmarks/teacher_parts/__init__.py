"""What benchmarks/teacher.py is made of; in a folder, since every file beside it is a benchmark of its own."""
