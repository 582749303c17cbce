"""What a notebook needs before production: a rule is a module here with a `PLUGIN`, its docstring the manual page."""
