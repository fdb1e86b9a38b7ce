"""A job's whole story for operators, read back from the event log."""
