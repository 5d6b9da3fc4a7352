"""Things that people photograph: desk, mug, cap, shirt, pillow, badge, coin, gift, car, coffee, noodles, cake, cat.

Each scene takes its dice and, where it can carry one, a mark; without it the thing is plain.
"""

from __future__ import annotations

import numpy as np

from bot.demo.drawing import Colour, Pixels, Sheet, lit, photo, texture, turned, waved
from bot.demo.prints import Print, laid

Dice = np.random.Generator

_WOOD = ((196, 154, 108), (120, 84, 58), (226, 206, 180), (88, 66, 54))
_WALLS = ((233, 228, 220), (204, 214, 222), (226, 216, 200), (188, 196, 186), (70, 74, 84))


def _shade(colour: Colour, by: float) -> Colour:
    r, g, b = (max(0, min(255, round(part * by))) for part in colour)
    return r, g, b


def _table(sheet: Sheet, dice: Dice, horizon: float, wood: Colour | None = None) -> None:
    """A wall above, a table below."""
    wall = _WALLS[int(dice.integers(len(_WALLS)))]
    wood = _WOOD[int(dice.integers(len(_WOOD)))] if wood is None else wood
    sheet.slope(_shade(wall, 1.05), _shade(wall, 0.86), box=(0, 0, sheet.width, horizon))
    sheet.slope(_shade(wood, 0.8), wood, _shade(wood, 1.1), box=(0, horizon, sheet.width, sheet.height - horizon))
    for _ in range(14):
        y = float(dice.uniform(horizon, sheet.height))
        sheet.line(
            [(0, y), (sheet.width, y + float(dice.uniform(-9, 9)))], _shade(wood, float(dice.uniform(0.84, 1.0))), 1
        )


def desk(dice: Dice, mark: Print | None = None, *, lid: Colour = (198, 202, 208), side: int = 1) -> Pixels:
    """From above: a closed laptop with whatever sticks on it, a cup, a notebook, a pen; ``side`` -1 mirrors it."""
    sheet = Sheet(960, 720, dice)
    wood = _WOOD[int(dice.integers(len(_WOOD)))]
    sheet.slope(_shade(wood, 1.05), _shade(wood, 0.8))
    for plank in range(0, 960, 160):
        sheet.line([(plank + 20, 0), (plank + float(dice.uniform(-10, 40)), 720)], _shade(wood, 0.82), 2)
    at = (480 - side * float(dice.uniform(80, 150)), float(dice.uniform(350, 410)))
    lean = side * float(dice.uniform(-12, 6))
    wide, high = float(dice.uniform(500, 600)), float(dice.uniform(340, 420))
    case = turned(*at, wide, high, lean)
    sheet.shade([(x + 16, y + 22) for x, y in case], 26, 0.55)
    sheet.poly(case, lid)
    sheet.poly(turned(at[0], at[1] - 8, wide - 14, high - 22, lean), _shade(lid, 1.05))
    cup, rim = (480 + side * float(dice.uniform(320, 420)), float(dice.uniform(110, 250))), float(dice.uniform(70, 104))
    sheet.shade(turned(cup[0] + 18, cup[1] + 24, rim * 1.8, rim * 1.7), 20, 0.5)
    sheet.oval(*cup, rim, rim, (240, 238, 232))
    sheet.oval(*cup, rim - 14, rim - 14, (92, 58, 36))
    foam = float(dice.uniform(-0.3, 0.3))
    sheet.oval(cup[0] + foam * rim, cup[1] - 10, rim * float(dice.uniform(0.3, 0.6)), rim * 0.34, (140, 96, 62))
    x, y = 480 + side * float(dice.uniform(320, 420)), float(dice.uniform(490, 610))
    size = float(dice.uniform(130, 210)), float(dice.uniform(180, 270))
    book = turned(x, y, *size, side * float(dice.uniform(-30, 40)))
    sheet.shade([(x + 8, y + 12) for x, y in book], 14, 0.5)
    sheet.poly(book, ((46, 52, 64), (214, 120, 84), (96, 130, 110), (226, 206, 150))[int(dice.integers(4))])
    pen = float(dice.uniform(100, 260)), float(dice.uniform(610, 690))
    sheet.line([(480 + side * pen[0], pen[1]), (480 + side * (pen[0] + 110), pen[1] + float(dice.uniform(-70, 30)))],
               (30, 30, 34), float(dice.uniform(6, 12)))  # fmt: skip
    return photo(laid(sheet.pixels(), mark, at, lean), dice)


def mug(dice: Dice, mark: Print | None = None, *, glaze: Colour = (242, 242, 240), at: float = 430) -> Pixels:
    """A mug on a table by a window."""
    sheet = Sheet(960, 720, dice)
    _table(sheet, dice, float(dice.uniform(380, 500)))
    pane = 960 - at * 1.5 if at > 480 else at + 260
    sheet.glow(pane + 130, 150, 190, 0.55, (255, 250, 232))
    wide, high, bar = float(dice.uniform(170, 300)), float(dice.uniform(200, 330)), float(dice.uniform(40, 130))
    sheet.rect(pane, 0, wide, high, (214, 232, 244), 4)
    sheet.rect(pane + bar, 0, float(dice.uniform(8, 18)), high, (250, 250, 250))
    half, top, slant = float(dice.uniform(126, 178)), float(dice.uniform(236, 306)), float(dice.uniform(4, 34))
    foot, round_off = half - slant, float(dice.uniform(14, 56))
    sheet.shade(turned(at + 130, 615, 420, 70), 30, 0.5)
    sheet.oval(
        at + half - 8, 430, float(dice.uniform(78, 112)), 110, None, _shade(glaze, 0.84), float(dice.uniform(22, 38))
    )
    body = [(half, top), (foot, 600), (foot - round_off, 636)]
    sheet.poly([*((at + x, y) for x, y in body), *((at - x, y) for x, y in reversed(body))], glaze)
    sheet.oval(at, top, half, 36, _shade(glaze, 0.96))
    sheet.oval(at, top + 4, half - 14, 28, (74, 44, 28))
    sheet.shade([(at - half, top + 30), (at - half + 50, top + 30), (at - foot + 46, 630), (at - foot, 600)], 22, 0.28)
    sheet.shade([(at + half - 30, top + 30), (at + half, top + 30), (at + foot, 600), (at + foot - 28, 630)], 16, 0.2)
    return photo(laid(sheet.pixels(), mark, (at, 450), 0), dice)


def cap(dice: Dice, mark: Print | None = None, *, cloth: Colour = (34, 38, 46), at: float = 470) -> Pixels:
    """A baseball cap on a table, seen from the front."""
    sheet = Sheet(960, 720, dice)
    _table(sheet, dice, 360)
    sheet.shade(turned(at + 20, 590, 640, 90), 34, 0.6)
    crown = [(at + 250 * float(np.cos(t)), 470 - 310 * float(np.sin(t))) for t in np.linspace(0, np.pi, 40)]
    sheet.poly(crown, cloth)
    for bend in (-0.62, 0.62):
        seam = [(at + bend * 250 * float(np.sin(t)), 470 - 308 * float(np.cos(t))) for t in np.linspace(0, 1.5, 20)]
        sheet.line(seam, _shade(cloth, 0.75), 3)
    sheet.oval(at, 160, 16, 9, _shade(cloth, 1.3))
    peak = [(at + 320 * float(np.cos(t)), 470 + 120 * float(np.sin(t))) for t in np.linspace(0, np.pi, 40)]
    sheet.poly([(at - 250, 440), *reversed(peak), (at + 250, 440)], _shade(cloth, 0.84))
    sheet.line(peak, _shade(cloth, 1.35), 4)
    sheet.shade([(at - 240, 440), (at + 240, 440), (at + 200, 490), (at - 200, 490)], 14, 0.4)
    return photo(laid(sheet.pixels(), mark, (at, 330), float(dice.uniform(-3, 3))), dice)


def shirt(
    dice: Dice, mark: Print | None = None, *, cloth: Colour = (236, 236, 238), folds: float = 0.16, hung: bool = True
) -> Pixels:
    """A T-shirt, hung up or laid out; what is printed on it follows the folds."""
    sheet = Sheet(720, 960, dice)
    wall = _WALLS[int(dice.integers(len(_WALLS)))]
    wall = _shade(wall, 0.78 if sum(cloth) > 600 else 1.0)
    sheet.slope(_shade(wall, 1.08), _shade(wall, 0.9))
    sheet.shade([(140, 200), (620, 200), (610, 900), (150, 900)], 40, 0.5)
    peak, neck, hem = float(dice.uniform(84, 130)), float(dice.uniform(180, 214)), float(dice.uniform(820, 890))
    reach, waist = float(dice.uniform(250, 310)), float(dice.uniform(166, 196))
    if hung:
        sheet.line([(360, 40), (360, peak)], (120, 120, 124), 8)
        sheet.line([(200, 200), (360, peak), (520, 200)], (150, 110, 70), float(dice.uniform(9, 18)))
    right = [(70, 150), (120, 160), (reach, 290), (reach - 70, 410), (waist - 4, 370), (waist, hem)]
    body = [*((360 - x, y) for x, y in right), *((360 + x, y) for x, y in reversed(right)), (360, neck - 4)]
    sheet.poly(body, cloth)
    sheet.line([(290, 150), (360, neck), (430, 150)], _shade(cloth, 0.8), 8)
    flat = laid(sheet.pixels(), mark, (360, 420), float(dice.uniform(-4, 4)))
    field = texture(720, 960, dice, (7, 4)) * 0.7 + texture(720, 960, dice, (16, 7)) * 0.3
    on_cloth = np.zeros((960, 720), np.float32)
    on_cloth[160:880, 176:544] = 1
    return photo(lit(waved(flat, field, folds * 60), field * on_cloth, folds), dice)


def pillow(
    dice: Dice, mark: Print | None = None, *, cloth: Colour = (0, 104, 255), sofa: Colour = (150, 150, 146)
) -> Pixels:
    """A pillow on a sofa."""
    sheet = Sheet(960, 720, dice)
    sheet.slope(_shade(sofa, 1.1), _shade(sofa, 0.8))
    for back in (20, 330, 640):
        sheet.rect(back, 60, 296, 420, _shade(sofa, 1.06), 40)
    sheet.rect(-20, 430, 1000, 340, _shade(sofa, 0.92), 50)
    lean = float(dice.uniform(-12, 12))
    x, y = float(dice.uniform(400, 560)), 380.0
    hull = turned(x, y, 470, 440, lean)
    sheet.shade([(a + 14, b + 26) for a, b in hull], 34, 0.6)
    edge: list[tuple[float, float]] = []
    for (ax, ay), (bx, by) in zip(hull, (*hull[1:], hull[0]), strict=True):
        for t in np.linspace(0, 1, 14, endpoint=False):
            pull = 26 * float(np.sin(np.pi * t))
            px, py = ax + (bx - ax) * float(t), ay + (by - ay) * float(t)
            reach = max(1.0, float(np.hypot(x - px, y - py)))
            edge.append((px + (x - px) / reach * pull, py + (y - py) / reach * pull))
    sheet.poly(edge, cloth)
    field = texture(960, 720, dice, (6, 5))
    return photo(lit(waved(laid(sheet.pixels(), mark, (x, y), lean), field, 6), field, 0.1), dice)


def badge(dice: Dice, mark: Print | None = None, *, lace: Colour = (30, 34, 44), at: float = 360) -> Pixels:
    """A conference badge on its lanyard, on somebody's dark jacket."""
    sheet = Sheet(720, 960, dice)
    cloth = ((44, 50, 66), (72, 62, 56), (56, 70, 62))[int(dice.integers(3))]
    sheet.slope(_shade(cloth, 1.2), _shade(cloth, 0.8))
    sheet.poly([(300, 0), (420, 0), (368, 330), (352, 330)], (228, 228, 230))
    for way in (-1, 1):
        sheet.line([(at + way * 170, 0), (at + way * 12, 410)], lace, 26)
    lean = float(dice.uniform(-7, 7))
    card = turned(at, 640, 380, 500, lean)
    sheet.shade([(x + 10, y + 18) for x, y in card], 22, 0.6)
    sheet.poly(card, (248, 248, 250))
    sheet.rect(at - 32, 392, 64, 30, (170, 172, 178), 8)
    for row in range(int(dice.integers(2, 5))):
        width = float(dice.uniform(120, 290))
        sheet.poly(
            turned(at, 740 + row * 44, width, 18 if row else 30, lean), (40, 44, 54) if row == 0 else (160, 164, 172)
        )
    field = texture(720, 960, dice, (5, 6))
    return photo(lit(laid(sheet.pixels(), mark, (at, 560), lean), field, 0.05), dice)


def coin(dice: Dice, mark: Print | None = None, *, many: int = 3) -> Pixels:
    """Souvenir coins on dark cloth; the top one shows the mark."""
    sheet = Sheet(960, 720, dice)
    cloth = ((28, 30, 40), (60, 30, 36), (30, 52, 48))[int(dice.integers(3))]
    sheet.slope(_shade(cloth, 1.5), cloth)
    x, y = float(dice.uniform(390, 560)), float(dice.uniform(330, 400))
    spots = [(x + 270 * float(np.cos(i * 2.4 + 2)), y + 210 * float(np.sin(i * 2.4 + 2))) for i in range(many)]
    for cx, cy in (*spots, (x, y)):
        sheet.glow(cx + 14, cy + 22, 172, 0.7, (0, 0, 0))
        sheet.oval(cx, cy, 168, 168, (196, 154, 66))
        sheet.oval(cx, cy, 150, 150, (232, 196, 104))
    sheet.oval(x, y, 150, 150, (250, 246, 236))
    field = texture(960, 720, dice, (9, 7))
    return photo(lit(laid(sheet.pixels(), mark, (x, y), float(dice.uniform(-10, 10))), field, 0.06), dice)


def gift(
    dice: Dice, mark: Print | None = None, *, paper: Colour = (246, 244, 240), ribbon: Colour = (222, 74, 92)
) -> Pixels:
    """A gift box, just unpacked from a parcel."""
    sheet = Sheet(960, 720, dice)
    _table(sheet, dice, 190, (176, 140, 104))
    x = float(dice.uniform(420, 540))
    sheet.shade([(x - 270, 640), (x + 300, 640), (x + 330, 690), (x - 230, 700)], 24, 0.6)
    sheet.poly([(x - 260, 300), (x + 260, 300), (x + 240, 650), (x - 240, 650)], paper)
    sheet.poly([(x - 280, 230), (x + 280, 230), (x + 282, 312), (x - 282, 312)], _shade(paper, 0.94))
    sheet.rect(x - 216, 230, 60, 420, ribbon)
    for way in (-1, 1):
        sheet.poly([(x - 186, 226), (x - 186 + way * 130, 130), (x - 186 + way * 150, 210)], _shade(ribbon, 0.9))
    for _ in range(18):
        px, py = float(dice.uniform(40, 920)), float(dice.uniform(560, 710))
        if abs(px - x) > 280:
            sheet.poly(turned(px, py, 60, 10, float(dice.uniform(0, 180))), (222, 196, 150))
    return photo(laid(sheet.pixels(), mark, (x + 60, 480), float(dice.uniform(-3, 3))), dice)


def car(dice: Dice, mark: Print | None = None, *, paint: Colour = (24, 36, 92)) -> Pixels:
    """A racing car from the side, on its track."""
    sheet = Sheet(960, 640, dice)
    sheet.slope((150, 188, 226), (222, 232, 238), box=(0, 0, 960, 260))
    for seat in range(-20, 980, 54):
        shirt_of = ((206, 64, 64), (236, 236, 236), (70, 90, 150))[seat // 54 % 3]
        sheet.rect(seat, 196 + 10 * float(np.sin(seat)), 46, 70, shirt_of, 4)
    sheet.rect(0, 258, 960, 34, (60, 120, 66))
    sheet.slope((86, 88, 94), (120, 122, 128), box=(0, 292, 960, 348))
    sheet.line([(0, 600), (960, 590)], (236, 236, 236), 8)
    x = float(dice.uniform(-30, 30))
    sheet.shade([(90 + x, 500), (890 + x, 500), (860 + x, 545), (110 + x, 545)], 18, 0.7)
    body = [(60, 470), (90, 430), (330, 400), (420, 330), (520, 330), (640, 360), (850, 400), (880, 480), (70, 490)]
    sheet.poly([(along + x, up) for along, up in body], paint)
    sheet.poly([(400 + x, 334), (450 + x, 290), (500 + x, 334)], (28, 28, 32))
    sheet.oval(452 + x, 322, 30, 26, (238, 200, 60))
    sheet.rect(800 + x, 250, 130, 96, paint, 6)
    sheet.rect(846 + x, 340, 16, 70, (30, 30, 34))
    sheet.poly([(20 + x, 486), (150 + x, 470), (150 + x, 492), (20 + x, 500)], (214, 40, 50))
    for wheel in (205, 745):
        sheet.oval(wheel + x, 470, 74, 74, (22, 22, 24))
        sheet.oval(wheel + x, 470, 36, 36, (150, 150, 156))
        sheet.oval(wheel + x, 470, 16, 16, (60, 60, 64))
    return photo(laid(sheet.pixels(), mark, (575 + x, 425), 2), dice)


def coffee(dice: Dice, mark: Print | None = None) -> Pixels:
    """A latte from above. ``mark`` has no place in it."""
    sheet = Sheet(720, 720, dice)
    wood = _WOOD[int(dice.integers(len(_WOOD)))]
    sheet.slope(_shade(wood, 1.1), _shade(wood, 0.75))
    x, y = float(dice.uniform(300, 430)), float(dice.uniform(310, 410))
    sheet.glow(x + 20, y + 30, 250, 0.6, (0, 0, 0))
    sheet.oval(x, y, 262, 262, (244, 242, 238))
    sheet.oval(x, y, 190, 190, (226, 224, 220))
    sheet.oval(x, y, 172, 172, (150, 96, 54))
    for leaf in range(5):
        sheet.arc(x, y + 60 - leaf * 34, 110 - leaf * 14, 200, 340, (240, 220, 190), 16)
    sheet.line([(x + 210, y + 170), (x + 330, y + 250)], (190, 192, 196), 14)
    return photo(laid(sheet.pixels(), mark, (x, y), 0), dice)


def noodles(dice: Dice, mark: Print | None = None) -> Pixels:
    """A bowl of noodles, plain as lunch."""
    sheet = Sheet(960, 720, dice)
    sheet.slope((120, 40, 36), (86, 26, 26))
    sheet.glow(490, 390, 330, 0.6, (0, 0, 0))
    sheet.oval(470, 370, 320, 300, (24, 24, 28))
    sheet.oval(470, 370, 286, 268, (206, 132, 62))
    for _ in range(70):
        x, y = float(dice.normal(470, 100)), float(dice.normal(370, 90))
        sheet.arc(
            x,
            y,
            float(dice.uniform(30, 80)),
            float(dice.uniform(0, 360)),
            float(dice.uniform(360, 520)),
            (244, 216, 150),
            7,
        )
    sheet.oval(380, 290, 74, 56, (250, 246, 238))
    sheet.oval(384, 292, 32, 28, (244, 168, 40))
    for _ in range(26):
        sheet.oval(float(dice.normal(560, 60)), float(dice.normal(440, 40)), 9, 6, (96, 160, 70))
    sheet.line([(700, 60), (930, 560)], (70, 44, 30), 14)
    return photo(laid(sheet.pixels(), mark, (470, 370), 0), dice)


def cake(
    dice: Dice, mark: Print | None = None, *, icing: Colour = (240, 150, 160), tiers: int = 1, at: float = 360
) -> Pixels:
    """A birthday cake of one to three tiers; the mark is the topper."""
    sheet = Sheet(720, 960, dice)
    sheet.slope(_shade(icing, 0.4), _shade(icing, 0.2))
    for _ in range(40):
        spot = float(dice.uniform(0, 720)), float(dice.uniform(0, 460))
        sheet.glow(*spot, float(dice.uniform(8, 22)), 0.5, (255, 214, 130))
    sheet.oval(at, 850, float(dice.uniform(290, 350)), float(dice.uniform(44, 80)), (228, 226, 230))
    high, widest = 280 / tiers, float(dice.uniform(220, 270))
    for tier in range(tiers):
        half, foot = widest * (1 - tier * float(dice.uniform(0.2, 0.3))), 840 - tier * high
        sheet.rect(at - half, foot - high, 2 * half, high, (252, 240 - 10 * tier, 236), 26)
        band = float(dice.uniform(12, 34))
        sheet.rect(at - half, foot - high * float(dice.uniform(0.3, 0.6)), 2 * half, band, _shade(icing, 0.95))
        sheet.oval(at, foot - high + 6, half, 34, (255, 250, 246))
        drop = float(dice.uniform(34, 58))
        for x in np.arange(at - half + 20, at + half - 10, drop):
            sheet.oval(float(x), foot - high + 14, drop * 0.6, float(dice.uniform(22, 44)), _shade(icing, 1.05))
    for _ in range(tiers + 1):
        x = at + float(dice.uniform(-170, 170) / tiers)
        sheet.rect(x - 6, 420, 12, 130, (120, 190, 230), 4)
        sheet.oval(x, 404, 9, 18, (255, 214, 90))
    if mark is not None:
        sheet.rect(at - 8, 470, 16, 90, (230, 230, 230))
        sheet.oval(at, 380, 128, 128, (255, 255, 255))
    return photo(laid(sheet.pixels(), mark, (at, 380), 0), dice)


def cat(
    dice: Dice, mark: Print | None = None, *, fur: Colour = (226, 150, 70), ground: Colour = (190, 216, 206)
) -> Pixels:
    """A cat, drawn rather than photographed."""
    sheet = Sheet(720, 720, dice, ground)
    sheet.rect(0, 560, 720, 160, _shade(ground, 0.8))
    x = float(dice.uniform(300, 420))
    sheet.oval(x, 600, 190, 150, fur)
    sheet.line([(x + 160, 640), (x + 260, 560), (x + 230, 450)], fur, 34)
    for way in (-1, 1):
        sheet.poly([(x + way * 60, 230), (x + way * 150, 130), (x + way * 168, 300)], fur)
        sheet.poly([(x + way * 86, 230), (x + way * 138, 170), (x + way * 146, 280)], (246, 186, 180))
    sheet.oval(x, 330, 178, 150, fur)
    for stripe in (-50, 0, 50):
        sheet.line([(x + stripe, 190), (x + stripe * 0.8, 246)], _shade(fur, 0.7), 12)
    for way in (-1, 1):
        sheet.oval(x + way * 68, 320, 34, 40, (250, 250, 240))
        sheet.oval(x + way * 64, 324, 14, 34, (26, 30, 26))
        for whisker in (-14, 4, 22):
            sheet.line([(x + way * 60, 384 + whisker / 2), (x + way * 210, 374 + whisker * 2)], (60, 50, 44), 3)
    sheet.poly([(x - 18, 366), (x + 18, 366), (x, 388)], (220, 110, 110))
    sheet.arc(x - 22, 396, 24, 0, 160, (80, 50, 40), 5)
    sheet.arc(x + 22, 396, 24, 20, 180, (80, 50, 40), 5)
    return photo(laid(sheet.pixels(), mark, (x, 600), 0), dice, grain=1, vignette=0)
