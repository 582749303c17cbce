"""Who is told, and how. A kind of channel is a module in `kinds`, or an entry point in `nb2prod.notifiers`."""
