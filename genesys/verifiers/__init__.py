"""Verifiers: what turns a response into a score. One module a verifier; the frame stands in three modules of its own.

``base_verifier`` says what a verifier is, ``registry`` which one checks a task type, ``runner`` how they are run.
Nothing is imported here, so that naming a verifier stays cheap.
"""
