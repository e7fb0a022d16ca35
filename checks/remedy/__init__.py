"""What to type to have a container again as it is, with everything fixed that its options can fix."""
