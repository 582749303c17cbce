"""The shell's face: it translates words into verbs of `api`, and outcomes into exit codes, and does no more."""
