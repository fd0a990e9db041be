"""The Batch API of OpenAI-compatible providers: the same calls at half the price, answered within a day.

``teacher`` gathers what rows ask and hands answers out; ``book`` is the durable record of what is under way, by which a
run that was killed goes on; ``provider`` talks to the endpoint; ``lines`` is the format of the files.
"""
