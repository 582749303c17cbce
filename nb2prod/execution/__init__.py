"""Running: a notebook as a job, a pipeline by its package."""
