"""Asset checks: ``soundness`` says whether a table is what its manifest says, ``tables`` makes Dagster's checks."""
