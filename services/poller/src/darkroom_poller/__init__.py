"""Predictions in flight, webhooks, results."""
