"""Figures over time, of our processes, the database, requests and the broker, made into charts."""
