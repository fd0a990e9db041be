"""A release: the data sets as a folder with its card and its manifest, and where that folder goes (docs/publishing.md).

What the data sets hold stands in the modules beside this package; here nothing is chosen, and no row is changed.
"""
