"""What requests came to over time: how many, how fast, how many failed; and whether all of it was counted."""
