"""``genesys view``: traces searched, filtered and read in a browser, as pages of our own server on this machine.

Apart from one another: which traces there are (``index``, ``query``), where they stand (``state``, ``published``), what
is shown of one (``trace``, ``cases``), how texts become HTML (``markdown``, ``formulas``, ``code``), and the pages
themselves (``pages``, ``app``, ``serving``). Every text of a trace is taken for hostile.
"""
