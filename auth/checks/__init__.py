"""What checks found, over time: for staff who looks for the cause of something."""
