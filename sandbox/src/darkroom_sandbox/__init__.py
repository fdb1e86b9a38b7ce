"""The outside world on localhost: Replicate and a sample store."""
