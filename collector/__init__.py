"""The daemon that measures, sends and cleans up. It meets auth only in the database."""
