"""From the journal of this host into the database: follow segments, count their lines, store them once."""
