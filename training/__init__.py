"""How the shipped brand kit and its model were made, from nothing. Nothing here runs in production."""
