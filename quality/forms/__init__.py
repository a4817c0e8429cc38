"""What people fill in about moderations, escalations and actions."""
