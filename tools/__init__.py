"""What developers run by hand or from the Makefile."""
