"""The scheduler: what is due, who runs it, and who is told."""
