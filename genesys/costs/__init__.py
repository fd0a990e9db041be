"""What calls cost: prices, what was spent, and the cap on it. They are counted in ``genesys.calls.spending``."""
