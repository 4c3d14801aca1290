"""Simulated smart locks: what a lock's firmware does (pure), what it keeps, how it is connected, and what befalls it.

It knows the service's HTTP interface and the lock protocol, and nothing else of the house.
"""
