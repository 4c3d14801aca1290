"""/metrics, right over workers and restarts."""
