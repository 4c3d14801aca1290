"""Simulated people who use Watchhouse over HTTP. It knows the service's public paths and nothing of its inside."""
