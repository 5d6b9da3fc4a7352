"""What adding a thing takes: read README.md beside this file."""
