"""The library as simulated people use it: what each knows, wishes, asks for and learns; what it must have counted."""
