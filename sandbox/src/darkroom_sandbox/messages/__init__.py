"""The simulated SendGrid and Twilio: what was sent, what becomes of it, and the reports on it."""
