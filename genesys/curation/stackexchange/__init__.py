"""The StackExchange lane: questions of many sites, with their most upvoted answer, as tasks that a judge verifies."""
