"""What people type about audits, checked for shape; what it means is for the operations."""
