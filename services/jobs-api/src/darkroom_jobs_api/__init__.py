"""Jobs, items and the REST API."""
