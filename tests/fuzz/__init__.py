"""Random and broken notebooks, shared by the tests and by `make fuzz`."""
