"""What a notebook needs before production. A rule is a module here with a `PLUGIN`; its docstring is its manual page."""
