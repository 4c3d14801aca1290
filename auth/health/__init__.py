"""How this process and all it leans on are doing."""
