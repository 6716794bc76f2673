"""The console: the pages and the interface an operator works with."""
