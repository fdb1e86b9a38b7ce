"""Reservations that stay open for too long: decided by what the log of jobs says, or listed for an operator."""
