"""What sources say of posts, and the one post that all of it makes. Pure."""
