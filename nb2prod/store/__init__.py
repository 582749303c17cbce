"""The store: definitions, schedules, runs and what came of them, in SQLite or PostgreSQL."""
