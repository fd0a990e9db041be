"""``dataset/report``: what a person looks at before a data set is published; see ``make``."""
