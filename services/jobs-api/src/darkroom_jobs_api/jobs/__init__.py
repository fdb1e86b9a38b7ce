"""Jobs and their items."""
