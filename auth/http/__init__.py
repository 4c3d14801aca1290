"""The HTTP layer, thin and the same for every route. It knows no domain."""
