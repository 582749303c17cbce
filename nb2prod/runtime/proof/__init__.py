"""What a notebook or a package computed, as fingerprints that can be compared."""
