"""What `make run` does: PostgreSQL, a broker and the processes, started in order on one machine, stopped in reverse."""
