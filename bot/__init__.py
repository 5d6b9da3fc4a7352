"""gatewarden: watch the square, look at each post, find copies, record eligibility, review, award.

The flow, one way, and the room of each step:

    source   -> admit      -> fetch  -> examine  -> relate  -> judge  -> record -> review  -> award
    sources/    admission/    media/    engines/    copies/    rules/    store/    review/    awards/

Start reading in ``pipeline.py``; ``wire.py`` puts the parts together.
"""

__version__ = "0.1.0"
