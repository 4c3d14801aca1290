"""Accounts and the ways in: registration, signing in, tokens, mailed tokens, passwords."""
