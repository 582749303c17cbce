"""The REST interface of the scheduler's daemon: it translates, nothing more. To serve it needs the extra `rest`."""

PREFIX = "/api/v1"  # of its paths
