"""Shared resources: /actions/*."""
