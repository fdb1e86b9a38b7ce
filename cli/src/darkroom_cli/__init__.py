"""The darkroom command: local stack, demo, operations."""
