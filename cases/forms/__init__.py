"""What people type, checked before an operation sees it."""
