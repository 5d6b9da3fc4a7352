"""Who repeats whom: find what is alike, prove it on the pair, link it; the bank of what everybody shares."""
