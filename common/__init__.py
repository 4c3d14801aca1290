"""What the processes share, and nothing else. It imports none of them."""
