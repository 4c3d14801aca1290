"""Security alerts: what locks and sign-ins warn of, as owners and staff take note of it."""
