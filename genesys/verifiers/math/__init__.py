"""The mathematics behind ``verifiable_math``: where an answer stands, how it is read, when two answers are the same."""
