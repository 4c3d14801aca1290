"""How the status page looks: staff's choice, one row."""
