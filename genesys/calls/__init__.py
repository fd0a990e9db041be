"""The one durable way to make slow calls: row functions, their journal, and what keeps endpoints busy."""
