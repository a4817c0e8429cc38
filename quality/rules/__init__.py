"""Rules of moderation, agreement, escalation and actions: plain Python, no Django, no clock."""
