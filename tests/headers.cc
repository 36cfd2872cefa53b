// Nothing: the target that it makes carries the headers of all tests, compiled once.
