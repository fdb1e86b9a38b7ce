"""The providers whose predictions are followed, one module each."""
