"""Tasks that users bring, on their way in: what is given, whether it can be used, and the place where it is put."""
