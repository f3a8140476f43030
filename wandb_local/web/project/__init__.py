"""A project's runs: the list to sort, filter and choose from, and the comparison of some of them."""
