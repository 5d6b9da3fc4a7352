"""From a link to bytes to what was seen in them: the guarded download, looking, and pictures for people."""
