"""Whom to tell, and what they want to be told how."""
