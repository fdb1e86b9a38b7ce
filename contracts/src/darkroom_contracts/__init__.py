"""Darkroom's events, envelope and topics."""
