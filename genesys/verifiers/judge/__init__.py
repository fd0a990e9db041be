"""Behind the LLM judge: who judges, what is asked, how an answer is read, what the votes come to."""
