"""Smart locks as people have them: whose they are, with whom they are shared, what they are told to do."""
