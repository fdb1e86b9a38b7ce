"""The fair queue, the provider's cap, attempts."""
