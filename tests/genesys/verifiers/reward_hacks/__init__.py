"""Responses that are no answer, written to be graded right: one module of cases a verifier, acceptance 0."""
