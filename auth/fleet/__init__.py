"""The whole fleet as staff sees it: counts, states, logs and dead letters. Nothing here opens a door."""
