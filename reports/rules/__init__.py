"""Rules of the committee report's figures: plain Python, no Django, no clock."""
