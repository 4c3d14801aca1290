"""Asks endpoints how they are. Knows no schedule and no database: what to ask comes in, what was found goes out."""
