"""What a run's record says, for others: spans and metrics of OpenTelemetry, Prometheus' text, JSON lines."""
