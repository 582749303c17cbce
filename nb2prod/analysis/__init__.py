"""What flows between steps: a notebook becomes a pipeline, or findings that say why not. All of it is pure."""
