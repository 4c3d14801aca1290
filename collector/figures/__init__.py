"""Numbers at times: what counters say between two readings, and the minutes that wait for the database."""
