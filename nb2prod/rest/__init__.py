"""The REST interface of the scheduler's daemon: it translates, nothing more. Needs the extra `rest`."""
