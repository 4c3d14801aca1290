"""The request log: requests one by one, as the collectors stored them."""
