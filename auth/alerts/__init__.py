"""Alerts: rules that something breaks. The collector opens and resolves them; here they are only read."""
