"""Data sets made of all lanes: ``filtered`` and ``sft``, and what they share. Rows are made by the lanes."""
