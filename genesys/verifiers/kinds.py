"""Names of the task types whose verifiers come with this project. Which class verifies them says ``registry``."""

from __future__ import annotations

MATH = "verifiable_math"
CODE = "verifiable_code"
JUDGED = "llm_judgeable_groundtruth_similarity"
OUTPUT = "code_output_prediction"
OUTPUT_READ = "verifiable_code_understanding"
"""Another name of output prediction, in files of others; it is read, and never written."""
