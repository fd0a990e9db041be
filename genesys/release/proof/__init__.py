"""What lets a stranger check a published data set: a leaf for each trace, one root over all, verdicts told again."""
