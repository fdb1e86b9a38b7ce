"""Progress to people: WebSocket."""
