"""Other people's orchestrators, as the tests of our targets run them."""
