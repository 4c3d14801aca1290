"""Hosts, and how they have been over time."""
