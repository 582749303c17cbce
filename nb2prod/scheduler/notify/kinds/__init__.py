"""The kinds of channels: one a file, with a `PLUGIN`; the file has the name of the kind."""
