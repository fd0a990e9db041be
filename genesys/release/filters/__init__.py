"""The filters between verified responses and data sets: one module a filter, each a value (``base.Filter``)."""
