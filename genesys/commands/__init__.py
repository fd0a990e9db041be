"""The commands of ``genesys``, one module each, found by entry points; what they share stands beside them."""
