"""gatewarden: watch the square, look at each post, find copies, record eligibility, review, award.

The flow, one way; each arrow is one module:

    source -> admit -> fetch -> examine -> relate -> judge -> record -> review

Start reading in ``pipeline.py``; ``wire.py`` puts the parts together.
"""

__version__ = "0.1.0"
