"""Every request as a line in a file of this host, which its collector reads; see common/journal.py for the form."""
