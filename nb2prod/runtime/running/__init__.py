"""A run: its plan, who carries its steps out, and how it is told of."""
