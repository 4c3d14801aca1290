"""Carries notifications to their channels: our own webhook, or a service that Apprise knows. Knows no cause of them."""
