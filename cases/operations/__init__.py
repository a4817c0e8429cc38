"""Writing: each transition is one operation, in one transaction, under one name."""
