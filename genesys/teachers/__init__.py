"""Who answers: OpenAI-compatible endpoints, a vLLM engine started here, recorded answers.

Curator, teacher and judge are three roles; each is one of the classes of this package.
"""
