"""Where attempts run. An executor is a module here with a `PLUGIN`, or an entry point in `nb2prod.executors`."""
