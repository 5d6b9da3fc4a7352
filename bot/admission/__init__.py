"""What can be told of a post without its pictures: hashtag, window, text, the campaign's own notice. Pure."""
