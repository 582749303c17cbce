"""A parameter of each kind: \"quotes\", code, {{ braces }} and a \\ backslash"""
