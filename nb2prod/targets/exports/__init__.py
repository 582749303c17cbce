"""Files for other people's orchestrators. A target is a module or package here with a `PLUGIN`, or one of another
distribution by the entry point `nb2prod.exports`; `base.py` says what it is given and what it gives."""
