"""What `python -m auth` can be told to do, in modules that are loaded apart: who migrates needs no application."""
