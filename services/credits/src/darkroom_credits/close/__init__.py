"""The daily close: ledger, balances, reservations, events and Stripe compared with one another."""
