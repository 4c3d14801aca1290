"""Channels: where people hear of changes, incidents and alerts. The collector sends; here staff says where to."""
