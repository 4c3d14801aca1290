"""What the tests of all packages share: servers, databases, processes, waiting."""
