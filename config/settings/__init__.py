"""One module for each kind of place: local (demo), test, production; base is what they share."""
