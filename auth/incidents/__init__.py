"""What went wrong, told as it goes on."""
