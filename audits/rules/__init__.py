"""Rules of auditing in plain Python: grades, limits, applicability, completeness, tools."""
