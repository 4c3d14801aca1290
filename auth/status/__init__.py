"""The public status page: read once, kept as bytes, and served while the database is away."""
