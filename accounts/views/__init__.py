"""Pages about people, and the log of what they read."""
