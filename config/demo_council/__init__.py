"""A generated council to look around in: nobody in it exists, and no child."""
