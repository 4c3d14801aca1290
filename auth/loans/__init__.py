"""Lending: who may have which book for how long, who waits, and what is given back."""
