"""From a response back to its source row, from files alone; and each step of the way derived once more."""
