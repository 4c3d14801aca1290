"""The Flask service: the HTTP API, its pages and /metrics. It meets the collector in the database, nowhere else."""
