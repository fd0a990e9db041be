"""Behind ``verifiable_code``: the program in a response, a task's tests and limits, whether an output is right."""
