"""Who is told, and how: a kind of channel is a module here with a `PLUGIN`, or an entry point `nb2prod.notifiers`."""
