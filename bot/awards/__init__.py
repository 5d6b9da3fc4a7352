"""From eligible posts to published winners: shares on X, scores of judges, the draw, and who gets what.

Pure over recorded facts; what is remembered stands in ``bot/store``, what is asked of X in ``x_api.py``.
"""
