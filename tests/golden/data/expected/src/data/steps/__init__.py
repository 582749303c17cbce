"""The steps: one module, one function each."""
