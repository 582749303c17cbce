"""Named data of pipeline.toml: `[data.NAME]` that steps read and write by URL, `[outputs.NAME]` that leaves a run.

    tables      pure: what pipeline.toml says, checked
    references  `{env:NAME}`, `{file:PATH}` and `{keyring:SERVICE/USER}` in the place of secrets
    places      what can be fetched from and published to: a file, a web page, an object store, a database
    staging     a step's inputs with paths that are here in the place of data that is elsewhere
    trying      whether all can be reached with the rights needed

Libraries (fsspec, SQLAlchemy, pandas) are imported when a place needs them.
"""
