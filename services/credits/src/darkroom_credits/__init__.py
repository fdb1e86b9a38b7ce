"""Accounts, the double-entry ledger, reservations, plans."""
