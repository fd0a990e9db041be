"""Data sets made of all lanes: one module a data set, named like it. How rows are made stands with the lanes."""
