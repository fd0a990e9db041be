"""Verifiers: what turns a response into a score. A verifier is a module here.

``base_verifier`` says what a verifier is, ``registry`` which one checks a task type, ``runner`` how they are run.
What a verifier consists of stands in a package beside it: ``math``, ``code``, ``judge``.
Nothing is imported here, so that naming a verifier stays cheap.
"""
