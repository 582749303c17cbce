"""One command a module: `COMMAND` is a click command. A module is imported when its command is asked for."""
