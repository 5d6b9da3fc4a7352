"""Places and screens: street, sky, stage, crowd, sea, hills, city at night; a trading app, a chart, a note."""

from __future__ import annotations

import numpy as np

from bot.demo.drawing import Colour, Pixels, Sheet, lit, photo, texture, turned
from bot.demo.prints import Print, laid

Dice = np.random.Generator


def street(dice: Dice, mark: Print | None = None, *, sign: Colour = (250, 250, 250), left: float = 330) -> Pixels:
    """A street at dusk; one house carries a lit sign."""
    sheet = Sheet(960, 720, dice)
    sheet.slope((64, 78, 120), (226, 150, 120), box=(0, 0, 960, 520))
    x = -40.0
    while x < 960:
        wide, high = float(dice.uniform(110, 220)), float(dice.uniform(200, 470))
        tone = float(dice.uniform(0.5, 1.0))
        wall = (round(70 * tone), round(66 * tone), round(84 * tone))
        sheet.rect(x, 560 - high, wide, high, wall)
        for column in np.arange(x + 16, x + wide - 26, 36):
            for row in np.arange(580 - high, 530, 48):
                warm = dice.random() < 0.45
                sheet.rect(float(column), float(row), 20, 28, (250, 206, 120) if warm else (44, 46, 62), 2)
        x += wide + 6
    sheet.slope((58, 56, 62), (34, 34, 40), box=(0, 560, 960, 160))
    sheet.rect(left - 20, 250, 360, 310, (92, 80, 78))
    sheet.rect(left, 270, 320, 150, sign, 10)
    sheet.glow(left + 160, 345, 190, 0.18, sign)
    sheet.rect(left + 30, 440, 110, 120, (250, 220, 160), 4)
    sheet.rect(left + 180, 440, 110, 120, (246, 214, 150), 4)
    for _ in range(5):
        walker = float(dice.uniform(60, 900))
        sheet.oval(walker, 556, 11, 13, (30, 26, 30))
        sheet.rect(walker - 14, 568, 28, 60, (30 + int(dice.integers(60)), 30, 40), 10)
    return photo(laid(sheet.pixels(), mark, (left + 160, 345), 0), dice, grain=4)


def sky(dice: Dice, mark: Print | None = None, *, balloon: Colour | None = (250, 250, 250)) -> Pixels:
    """A blue sky with clouds, perhaps with a hot-air balloon."""
    sheet = Sheet(720, 960, dice)
    sheet.slope((58, 124, 206), (120, 176, 230), (214, 232, 244))
    for _ in range(7):
        x, y = float(dice.uniform(0, 720)), float(dice.uniform(60, 860))
        for _ in range(7):
            sheet.glow(x + float(dice.normal(0, 70)), y + float(dice.normal(0, 16)), float(dice.uniform(30, 70)), 0.5)
    x, y = float(dice.uniform(280, 440)), float(dice.uniform(330, 420))
    if balloon is not None:
        sheet.line([(x - 110, y + 160), (x - 26, y + 330)], (80, 70, 60), 3)
        sheet.line([(x + 110, y + 160), (x + 26, y + 330)], (80, 70, 60), 3)
        sheet.poly([(x - 150, y + 110), (x + 150, y + 110), (x + 40, y + 270), (x - 40, y + 270)], balloon)
        sheet.oval(x, y, 200, 200, balloon)
        sheet.rect(x - 34, y + 330, 68, 52, (130, 92, 56), 8)
    field = texture(720, 960, dice, (4, 5))
    return photo(lit(laid(sheet.pixels(), mark, (x, y), float(dice.uniform(-6, 6))), field, 0.04), dice)


def stage(dice: Dice, mark: Print | None = None, *, wall: Colour = (8, 14, 40), beams: int = 4) -> Pixels:
    """An event: an LED wall, beams of light, heads in front."""
    sheet = Sheet(960, 640, dice)
    sheet.slope((10, 10, 22), (26, 22, 44))
    sheet.rect(150, 90, 660, 330, wall, 4)
    for _ in range(30):
        sheet.line(
            [(float(dice.uniform(150, 810)), 420), (float(dice.uniform(150, 810)), float(dice.uniform(330, 420)))],
            (40, 60, 130),
            2,
        )
    for beam in range(beams):
        top = 80 + beam * 800 / max(1, beams - 1)
        end = float(dice.uniform(100, 860))
        sheet.shade([(top - 6, 0), (top + 6, 0), (end + 80, 520), (end - 80, 520)], 14, 0.16, (150, 190, 255))
    sheet.slope((60, 56, 80), (24, 22, 34), box=(0, 430, 960, 80))
    sheet.oval(float(dice.uniform(300, 640)), 402, 12, 14, (220, 190, 170))
    for row in range(3):
        for x in range(-10, 980, 58 + row * 14):
            y = 490 + row * 52 + float(dice.uniform(-8, 8))
            at = x + float(dice.uniform(-14, 14))
            sheet.oval(at, y, 20 + row * 6, 24 + row * 6, (12 + row * 4, 10, 18))
            sheet.rect(at - 36 - row * 6, y + 20, 72 + row * 12, 120, (14 + row * 3, 12, 20), 20)
    return photo(laid(sheet.pixels(), mark, (480, 245), 0), dice, grain=6)


def crowd(dice: Dice, mark: Print | None = None) -> Pixels:
    """A hand-held sign over people's heads, in daylight."""
    sheet = Sheet(720, 960, dice)
    sheet.slope((176, 204, 226), (232, 226, 214), box=(0, 0, 720, 560))
    for x in range(0, 720, 120):
        sheet.rect(x, 180 + float(dice.uniform(-60, 60)), 110, 420, (186, 176, 166), 2)
    lean = float(dice.uniform(-14, 14))
    board = turned(370, 350, 420, 330, lean)
    sheet.line([(370, 500), (360, 760)], (150, 112, 70), 22)
    sheet.shade([(x + 8, y + 14) for x, y in board], 18, 0.4)
    sheet.poly(board, (252, 252, 252))
    apart, deep = float(dice.uniform(80, 130)), float(dice.uniform(80, 110))
    for row in range(4):
        for stand in np.arange(float(dice.uniform(-60, 0)), 760, apart):
            at, y = float(stand + dice.uniform(-30, 30)), 620 + row * deep + float(dice.uniform(-24, 24))
            big = float(dice.uniform(0.75, 1.25))
            cloth = (int(dice.integers(40, 220)), int(dice.integers(40, 200)), int(dice.integers(40, 200)))
            sheet.rect(at - 62 * big, y + 40, 124 * big, 160, cloth, 40)
            sheet.oval(at, y, 38 * big, 46 * big, (222, 184, 152))
            hair = ((40, 30, 26), (90, 62, 40), (24, 24, 30), (150, 120, 80))[int(dice.integers(4))]
            sheet.oval(at, y - 16, 40 * big, float(dice.uniform(24, 40)), hair)
    return photo(laid(sheet.pixels(), mark, (370, 350), lean), dice)


def sea(dice: Dice, mark: Print | None = None) -> Pixels:
    """The sea in the evening."""
    sheet = Sheet(960, 640, dice)
    sheet.slope((90, 110, 180), (250, 170, 120), (255, 224, 170), box=(0, 0, 960, 330))
    sun = float(dice.uniform(200, 760))
    sheet.glow(sun, 300, 130, 0.6, (255, 240, 190))
    sheet.oval(sun, 296, 52, 52, (255, 246, 214))
    sheet.slope((70, 96, 150), (24, 50, 92), box=(0, 330, 960, 310))
    for _ in range(160):
        y = float(dice.uniform(336, 636))
        x, wide = float(dice.normal(sun, 60 + (y - 330) * 0.5)), float(dice.uniform(10, 60))
        sheet.rect(x - wide / 2, y, wide, 3, (255, 206, 150), 1)
    sheet.poly([(0, 336), (0, 270), (120, 300), (260, 336)], (52, 56, 84))
    field = texture(960, 640, dice, (24, 40))
    field[:330] = 0
    return photo(lit(laid(sheet.pixels(), mark, (480, 480), 0), field, 0.18), dice)


def hills(dice: Dice, mark: Print | None = None, *, flag: Colour | None = None) -> Pixels:
    """Ridges in the mist; perhaps a flag on the summit."""
    sheet = Sheet(960, 720, dice)
    sheet.slope((206, 222, 232), (246, 236, 214))
    for ridge in range(5):
        base, tone = 300 + ridge * 90, 170 - ridge * 32
        steps = np.linspace(0, 960, 26)
        line = [(float(x), base + float(dice.normal(0, 44 - ridge * 4))) for x in steps]
        sheet.poly([(0, 720), *line, (960, 720)], (tone - 20, tone + 6, tone))
    at = (float(dice.uniform(320, 640)), 210.0)
    if flag is not None:
        sheet.line([(at[0] - 150, 60), (at[0] - 150, 480)], (70, 60, 56), 9)
        sheet.poly([(at[0] - 146, 90), (at[0] + 160, 96), (at[0] + 156, 326), (at[0] - 146, 320)], flag)
    field = texture(960, 720, dice, (6, 4))
    return photo(lit(laid(sheet.pixels(), mark, at, 1), field, 0.05), dice)


def night(dice: Dice, mark: Print | None = None) -> Pixels:
    """A city at night, seen across water."""
    sheet = Sheet(960, 640, dice)
    sheet.slope((8, 10, 30), (46, 30, 70), box=(0, 0, 960, 400))
    sheet.slope((20, 18, 44), (6, 8, 20), box=(0, 400, 960, 240))
    for _ in range(34):
        x, wide, high = float(dice.uniform(-20, 960)), float(dice.uniform(22, 70)), float(dice.uniform(60, 300))
        sheet.rect(x, 400 - high, wide, high, (18, 20, 38))
        lamp = ((255, 214, 130), (140, 200, 255), (255, 120, 150))[int(dice.integers(3))]
        for _ in range(int(high / 14)):
            sheet.rect(x + float(dice.uniform(2, wide - 4)), 400 - float(dice.uniform(6, high)), 4, 5, lamp)
        sheet.shade([(x, 404), (x + wide, 404), (x + wide, 404 + high), (x, 404 + high)], 10, 0.14, lamp)
    return photo(laid(sheet.pixels(), mark, (480, 200), 0), dice, grain=7)


def app(dice: Dice, mark: Print | None = None, *, dark: bool = False, rise: bool = True) -> Pixels:
    """A screenshot of a trading app on a phone: header, price, candles, a list of coins."""
    ground, ink, pale = (
        ((18, 20, 26), (236, 238, 242), (120, 126, 138)) if dark else ((255, 255, 255), (20, 22, 30), (150, 156, 168))
    )
    sheet = Sheet(540, 1080, dice, ground)
    sheet.words(28, 18, "9:41", 20, ink)
    sheet.rect(468, 22, 44, 18, pale, 5)
    sheet.rect(0, 54, 540, 62, ground)
    sheet.oval(496, 84, 13, 13, None, pale, 3)
    up, down = (22, 176, 122), (226, 72, 90)
    sheet.words(28, 140, "BTC/USDT", 26, ink)
    sheet.words(28, 176, f"{float(dice.uniform(98000, 121000)):,.1f}", 46, up if rise else down)
    sheet.words(28, 234, f"{'+' if rise else '-'}{float(dice.uniform(0.4, 6)):.2f}%", 22, up if rise else down)
    _candles(sheet, dice, (24, 280, 492, 330), rise, up, down)
    for row, coin in enumerate(("ETH", "SOL", "GT", "DOGE", "XRP")):
        y = 650 + row * 74
        change = float(dice.normal(1.5 if rise else -1.5, 3))
        sheet.oval(50, y + 24, 20, 20, (60 + row * 36, 90, 200 - row * 30))
        sheet.words(86, y + 12, coin, 24, ink)
        sheet.words(360, y + 14, f"{float(dice.uniform(0.2, 4000)):,.2f}", 22, ink, "ra")
        sheet.rect(404, y + 6, 108, 38, up if change > 0 else down, 6)
        sheet.words(458, y + 25, f"{change:+.2f}%", 19, (255, 255, 255), "mm")
    sheet.rect(0, 1012, 540, 2, pale)
    for x in (68, 202, 338, 472):
        sheet.rect(x - 13, 1028, 26, 26, pale, 6)
    return laid(sheet.pixels(), mark, (88, 84), 0)


def wallet(dice: Dice, mark: Print | None = None) -> Pixels:
    """A screenshot of the same app's wallet: a balance, a ring of shares, the latest transfers."""
    sheet = Sheet(540, 1080, dice, (244, 246, 250))
    sheet.words(28, 18, "23:47", 20, (20, 22, 30))
    sheet.rect(0, 54, 540, 62, (255, 255, 255))
    sheet.rect(20, 136, 500, 170, (28, 34, 58), 22)
    sheet.words(48, 160, "Total assets", 20, (170, 180, 204))
    sheet.words(48, 196, f"$ {float(dice.uniform(800, 9000)):,.2f}", 44, (255, 255, 255))
    sheet.words(48, 258, f"+ {float(dice.uniform(1, 80)):.2f} today", 20, (90, 220, 160))
    start = -90.0
    for share, tone in (
        (0.44, (70, 110, 220)),
        (0.27, (240, 170, 60)),
        (0.18, (150, 90, 200)),
        (0.11, (120, 130, 146)),
    ):
        sheet.arc(140, 436, 92, start, start + 360 * share, tone, 30)
        sheet.rect(290, 360 + (start + 90) * 0.5, 20, 20, tone, 5)
        sheet.rect(326, 363 + (start + 90) * 0.5, float(dice.uniform(70, 150)), 13, (196, 200, 210), 6)
        start += 360 * share
    for row in range(6):
        y = 570 + row * 76
        sheet.rect(20, y, 500, 64, (255, 255, 255), 14)
        sheet.rect(40, y + 14, float(dice.uniform(90, 200)), 14, (60, 66, 84), 6)
        sheet.rect(40, y + 38, float(dice.uniform(60, 130)), 10, (196, 200, 210), 5)
        sheet.words(500, y + 20, f"{float(dice.normal(0, 300)):+,.2f}", 22, (40, 46, 60), "ra")
    return laid(sheet.pixels(), mark, (88, 84), 0)


def chart(dice: Dice, mark: Print | None = None, *, rise: bool = True) -> Pixels:
    """A price chart on a wide screen."""
    sheet = Sheet(960, 600, dice, (16, 20, 28))
    for y in range(60, 600, 90):
        sheet.line([(0, y), (960, y)], (34, 40, 52), 1)
    _candles(sheet, dice, (30, 50, 880, 420), rise, (38, 166, 154), (239, 83, 80))
    for x in range(30, 910, 18):
        high = float(dice.uniform(8, 80))
        sheet.rect(x, 580 - high, 12, high, (50, 70, 96))
    sheet.words(30, 16, "1D  1W  1M", 20, (150, 160, 176))
    return laid(sheet.pixels(), mark, (860, 90), 0)


def _candles(
    sheet: Sheet, dice: Dice, box: tuple[float, float, float, float], rise: bool, up: Colour, down: Colour
) -> None:
    x, y, w, h = box
    steps = dice.normal(0.9 if rise else -0.9, 4, 36)
    path = np.cumsum(steps)
    low, span = float(path.min()) - 6, float(np.ptp(path)) + 12
    for i, (end, step) in enumerate(zip(path, steps, strict=True)):
        top, bottom = (y + h * (1 - (value - low) / span) for value in (max(end, end - step), min(end, end - step)))
        left, tone = x + w * i / 36, up if step > 0 else down
        sheet.rect(left, top, w / 36 * 0.66, max(3.0, bottom - top), tone)
        sheet.rect(left + w / 36 * 0.3, top - float(dice.uniform(0, 12)), 2, bottom - top + 18, tone)


def note(dice: Dice, mark: Print | None = None, *, lines: int = 9) -> Pixels:
    """Handwriting, or nearly so, on lined paper."""
    sheet = Sheet(720, 960, dice, (248, 244, 232))
    sheet.line([(96, 0), (96, 960)], (232, 150, 150), 3)
    for row in range(110, 940, 56):
        sheet.line([(0, row), (720, row)], (176, 196, 220), 2)
    for row in range(lines):
        x, y = 120.0, 100 + row * 56 + 112
        while x < float(dice.uniform(420, 680)):
            wide = float(dice.uniform(24, 80))
            strokes = [(x + i * wide / 6, y - float(dice.uniform(0, 26))) for i in range(7)]
            sheet.line(strokes, (40, 50, 110), 4)
            x += wide + 18
    field = texture(720, 960, dice, (3, 4))
    return photo(lit(laid(sheet.pixels(), mark, (560, 110), float(dice.uniform(-6, 6))), field, 0.08), dice)
