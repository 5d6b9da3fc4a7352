"""What people and programs read of a judged post, and what would change under another campaign file."""
