"""The edge to files: reading notebooks and their tags, and writing tags."""
