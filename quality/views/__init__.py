"""Pages: thin; what they do is in operations, what they show in queries."""
