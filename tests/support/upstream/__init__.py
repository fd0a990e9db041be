"""Rows in the true columns of the sources, a module a lane: made by grammars of our own, as many as one wants."""
