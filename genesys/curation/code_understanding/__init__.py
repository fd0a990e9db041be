"""The code understanding lane: functions of texts, written and evolved by the curator, then run."""
