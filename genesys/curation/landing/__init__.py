"""The landing lane: tasks that users bring, whole, in the Task schema."""
