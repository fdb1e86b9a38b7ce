"""What Darkroom sells: products as rows."""
