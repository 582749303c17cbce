"""One module a verb, with one public function each: what the shell and other programs call."""
