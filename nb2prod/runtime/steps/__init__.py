"""One step: what it is asked, what it answers, and how it is carried out wherever that is."""
