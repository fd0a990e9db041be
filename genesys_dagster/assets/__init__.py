"""Assets: upstream data sets (external), a lane's ledger and stages, and the data sets made of all lanes."""
