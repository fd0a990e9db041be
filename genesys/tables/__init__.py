"""Tables: immutable Parquet parts, the manifests that name them, their columns. Rows are made elsewhere."""
