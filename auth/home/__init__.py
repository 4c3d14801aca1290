"""Pages of people's own locks: for whoever owns one or has one shared with them. By the same rules as the API."""
