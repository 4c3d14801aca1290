"""Planned work, once and recurring."""
