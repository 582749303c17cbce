"""The proof that a package computes what its notebook computes, name by name."""
