"""The vendors that carry messages, behind one door."""
