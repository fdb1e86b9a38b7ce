"""Top-ups by card, through Stripe Checkout."""
