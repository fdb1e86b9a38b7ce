"""Products for the home: candles, lamps, textiles, furniture. Each function builds one product at the origin."""

import math

import bpy
import studio_materials as stuff
import studio_shapes as shape


def scented_candle(look: int = 0) -> None:
    """A wax candle in a glass with a label and a wick."""
    wax, ink = [("#e9dcc3", "#3b3226"), ("#c9a3a0", "#4a2630")][look % 2]
    cup = [(0, 0), (0, 0), (0.36, 0), (0.38, 0.02), (0.39, 0.08), (0.39, 0.85)]
    shape.lathe(shape.shell(cup, 0.025, 0.05), stuff.plain(["#6d5b48", "#5b3a44"][look % 2], 0.08, coat=1.0), smooth=False)
    shape.lathe([(0, 0.72), (0.2, 0.715), (0.36, 0.725)], stuff.plain(wax, 0.45, wax=0.4), smooth=False)
    shape.tube([(0, 0, 0.7), (0.01, 0, 0.78), (0.03, 0, 0.83)], 0.012, stuff.plain("#201a16", 0.9))
    title = [("CEDAR", "scented candle"), ("ROSE", "scented candle")][look % 2]
    paper = stuff.printed(stuff.label_picture(title, paper=wax, ink=ink))
    shape.lathe([(0.394, 0.22), (0.394, 0.64)], paper, smooth=False, arc=(-148, -32))


def pillar_candles(_look: int = 0) -> None:
    """Three pillar candles on a small brass tray."""
    tray = [(0, 0), (0, 0), (0.7, 0), (0.7, 0), (0.74, 0.06)]
    shape.lathe(shape.shell(tray, 0.015, 0.02), stuff.metal("#b98d3f", 0.3), smooth=False)
    for x, y, tall, colour in ((-0.25, 0.1, 1.15, "#b5473a"), (0.3, 0.15, 0.85, "#cf8f4e"), (0.05, -0.3, 0.55, "#d9c39a")):
        wax = stuff.plain(colour, 0.4, wax=0.3)
        profile = [
            (0, 0.02),
            (0.2, 0.02),
            (0.215, 0.04),
            (0.215, tall - 0.03),
            (0.19, tall),
            (0.12, tall - 0.02),
            (0, tall - 0.03),
        ]
        shape.lathe(profile, wax, at=(x, y, 0), smooth=False)
        shape.tube([(x, y, tall - 0.05), (x, y, tall + 0.03), (x + 0.02, y, tall + 0.07)], 0.01, stuff.plain("#1d1713"))


def table_lamp(look: int = 0) -> None:
    """A lamp with a turned foot and a cloth shade."""
    foot = [stuff.glaze("#3d5f6b", "#1d3039"), stuff.wood("#b98352", "#7a4d28", along=(5, 5, 0.9))][look % 2]
    profile = [
        (0, 0),
        (0, 0),
        (0.42, 0),
        (0.42, 0),
        (0.42, 0.06),
        (0.2, 0.12),
        (0.3, 0.4),
        (0.32, 0.6),
        (0.12, 0.95),
        (0.07, 1.05),
    ]
    shape.lathe([*profile, (0, 1.06)], foot)
    shape.tube([(0, 0, 1.0), (0, 0, 1.5)], 0.035, stuff.metal("#b8924a", 0.25), smooth=False)
    shade = stuff.cloth(["#d8c7a3", "#b8604a"][look % 2], threads=70)
    shape.lathe([(0.66, 1.15), (0.67, 1.15), (0.46, 1.95), (0.45, 1.95), (0.65, 1.15)], shade, smooth=False)
    shape.tube([(0.1, 0.3, 0.04), (0.5, 0.6, 0.02), (0.9, 0.5, 0.02), (1.0, 0.9, 0.02)], 0.018, stuff.plain("#26221f"))


def alarm_clock(look: int = 0) -> None:
    """A twin-bell alarm clock."""
    paint = stuff.plain(["#b7382f", "#2f6d68", "#d9a62e"][look % 3], 0.2, coat=0.7)
    brass = stuff.metal("#c9a04f", 0.2)
    things = [
        shape.lathe(
            [(0, -0.2), (0.5, -0.2), (0.56, -0.14), (0.56, 0.14), (0.5, 0.2), (0.46, 0.2), (0.46, 0.16), (0, 0.16)],
            paint,
            smooth=False,
        ),
        shape.lathe([(0, 0.165), (0.46, 0.165)], stuff.plain("#eee6d2", 0.6), smooth=False),
    ]
    dark = stuff.plain("#1d1c1b", 0.4)
    for hour in range(12):
        a = math.radians(90 - hour * 30)
        radius = 0.36
        things.append(shape.words(str(hour or 12), 0.12, dark, at=(radius * math.cos(a), radius * math.sin(a), 0.172)))
    for degrees, length, thick in ((140, 0.2, 0.03), (35, 0.3, 0.02)):
        a = math.radians(degrees)
        hand = shape.box((length, thick, 0.008), dark, at=(math.cos(a) * length / 2, math.sin(a) * length / 2, 0.18), bevel=0.002)
        hand.rotation_euler.z = a
        things.append(hand)
    things.append(shape.ball(0.03, brass, at=(0, 0, 0.185)))
    shape.group(things, at=(0, 0, 0.68), turn=(90, 0, 0))
    for side in (-1, 1):
        bell = shape.lathe([(0.26, 0), (0.25, 0.06), (0.18, 0.16), (0, 0.2)], brass)
        stem = shape.tube([(0, 0, -0.12), (0, 0, 0.25)], 0.02, brass, smooth=False)
        shape.group([bell, stem], at=(side * 0.33, 0, 1.2), turn=(0, side * 28, 0))
        shape.tube([(side * 0.3, 0, 0.25), (side * 0.42, 0, 0.0)], [0.04, 0.03], brass, smooth=False)
    loop = [(-0.12, 0, 1.22), (-0.13, 0, 1.5), (0, 0, 1.6), (0.13, 0, 1.5), (0.12, 0, 1.22)]
    shape.tube(loop, 0.02, brass)


def cushion(look: int = 0) -> None:
    """A square cushion leaning back a little."""
    first, second = [("#c9bfa8", "#4d6a78"), ("#a85a3f", "#e0c9a6"), ("#5d7360", None)][look % 3]
    cover = stuff.cloth(first, second, threads=46, stripes=1.6 if second else 0)
    count, verts, faces = 40, [], []
    for side in (1, -1):
        for i in range(count + 1):
            for j in range(count + 1):
                u, v = 2 * i / count - 1, 2 * j / count - 1
                puff = ((1 - u * u) * (1 - v * v)) ** 0.42
                pinch = 1 - 0.09 * (1 - abs(u) ** 2) * abs(v) ** 3 - 0.09 * (1 - abs(v) ** 2) * abs(u) ** 3
                crease = 0.018 * math.sin(9 * u + 4 * v) * (abs(u * v)) ** 1.2
                verts.append((u * 0.75 * pinch, v * 0.75 * pinch, side * (0.3 * puff + crease) + 0.0))
    size = (count + 1) ** 2
    for side in (0, 1):
        for i in range(count):
            for j in range(count):
                a = side * size + i * (count + 1) + j
                quad = (a, a + count + 1, a + count + 2, a + 1)
                faces.append(quad if side == 0 else quad[::-1])
    body = shape.mesh("cushion", verts, faces, cover, sharp_degrees=180)
    shape.weld(body)
    shape.group([body], at=(0, 0, 0.75), turn=(72, 0, 0))


def succulent(look: int = 0) -> None:
    """A rosette of fleshy leaves in a clay pot."""
    pot = [(0, 0), (0, 0), (0.3, 0), (0.3, 0), (0.4, 0.5), (0.4, 0.5), (0.44, 0.5), (0.45, 0.64)]
    shape.lathe(
        shape.shell(pot, 0.03, 0.05), stuff.stone(*[("#b5673f", "#96502e"), ("#7b8f98", "#647880")][look % 2]), smooth=False
    )
    shape.lathe([(0, 0.57), (0.41, 0.57)], stuff.stone("#3a2b20", "#1e1610", scale=12, rough=0.95), smooth=False)
    for ring, (count, length, tilt) in enumerate(((11, 0.5, 66), (9, 0.44, 50), (8, 0.36, 34), (5, 0.27, 16))):
        leaf = stuff.plain(["#5d8a5c", "#6c9667", "#7fa676", "#9abb8a"][ring], 0.4, wax=0.2)
        for i in range(count):
            made = shape.ball(0.1, leaf, at=(0, 0, length / 2), squash=(0.9, 0.42, length / 0.2))
            shape.group([made], at=(0, 0, 0.58 + 0.03 * ring), turn=(tilt, 0, 360 * i / count + ring * 19))


def stool(look: int = 0) -> None:
    """A round three-legged stool."""
    light, dark = [("#d0a36b", "#a1723c"), ("#6b4128", "#3f2314")][look % 2]
    seat = [(0, 0.98), (0.46, 0.98), (0.5, 1.0), (0.52, 1.04), (0.5, 1.08), (0.3, 1.07), (0, 1.06)]
    shape.lathe(seat, stuff.wood(light, dark, along=(1.2, 7, 7)), smooth=False)
    leg = stuff.wood(light, dark, along=(6, 6, 0.8))
    for i in range(3):
        a = math.radians(120 * i + 15)
        top, foot = (0.28 * math.cos(a), 0.28 * math.sin(a), 1.0), (0.5 * math.cos(a), 0.5 * math.sin(a), 0.0)
        shape.tube([top, foot], [0.055, 0.038], leg, smooth=False)
    ring = [(0.4 * math.cos(math.radians(120 * i + 15)), 0.4 * math.sin(math.radians(120 * i + 15)), 0.42) for i in range(3)]
    for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
        shape.tube([a, b], 0.025, leg, smooth=False)


def dining_chair(look: int = 0) -> None:
    """A spindle-backed chair."""
    light, dark = [("#c99a62", "#996a37"), ("#37474b", "#243134")][look % 2]
    grain = stuff.wood(light, dark, along=(6, 6, 0.8))
    shape.plate(
        shape.rounded_rectangle(1.0, 0.95, 0.2), 0.08, stuff.wood(light, dark, along=(1, 7, 7)), at=(0, 0, 0.95), bevel=0.03
    )
    for x, y in ((-0.4, -0.38), (0.4, -0.38), (-0.38, 0.36), (0.38, 0.36)):
        shape.tube([(x, y, 0.96), (x * 1.2, y * 1.2, 0.0)], [0.05, 0.034], grain, smooth=False)
    for x in (-0.42, 0.42):
        shape.tube([(x, 0.36, 1.0), (x * 1.05, 0.45, 1.5), (x * 1.1, 0.58, 2.0)], [0.045, 0.04, 0.035], grain)
    for x in (-0.25, -0.125, 0.0, 0.125, 0.25):
        shape.tube([(x, 0.38, 1.0), (x * 1.1, 0.48, 1.5), (x * 1.15, 0.57, 1.92)], 0.02, grain)
    top = [(-0.52, 0.55, 1.98), (-0.25, 0.62, 2.02), (0.25, 0.62, 2.02), (0.52, 0.55, 1.98)]
    shape.tube(top, [0.05, 0.065, 0.065, 0.05], grain)
    for y in (-0.42, 0.4):
        shape.tube([(-0.43, y, 0.4), (0.43, y, 0.4)], 0.025, grain, smooth=False)


def book_stack(_look: int = 0) -> None:
    """Four cloth-bound novels."""
    level = 0.0
    rows = (("#7a2f35", "WINTER", -6), ("#2e4a63", "THE HARBOUR", 5), ("#c08a35", "SALT", -3), ("#3f5f4a", "ORCHARD", 9))
    for colour, title, turn in rows:
        cover, paper = stuff.cloth(colour, threads=70), stuff.plain("#e5dcc6", 0.9)
        gold = stuff.plain("#ecd9a0", 0.4)
        things = [
            shape.box((1.3, 0.9, 0.025), cover, bevel=0.008),
            shape.box((1.3, 0.9, 0.025), cover, at=(0, 0, 0.225), bevel=0.008),
            shape.box((1.3, 0.03, 0.24), cover, at=(0, -0.44, 0.005), bevel=0.008),
            shape.box((1.26, 0.86, 0.2), paper, at=(0, 0.005, 0.025), bevel=0),
            shape.words(title, 0.13, gold, at=(0, -0.457, 0.125), turn=(90, 0, 0)),
        ]
        shape.group(things, at=(0, 0, level), turn=(0, 0, turn))
        level += 0.25


def notebook(look: int = 0) -> None:
    """A pocket notebook with an elastic band, lying, a pencil beside it belongs to it."""
    colour, band = [("#26292b", "#b6382d"), ("#2f5d74", "#e0b64a"), ("#8a4a34", "#2a2320")][look % 3]
    cover, paper = stuff.leather(colour, 0.5), stuff.plain("#e6dfcd", 0.9)
    things = [
        shape.plate(shape.rounded_rectangle(0.9, 1.3, 0.06), 0.02, cover, bevel=0.006),
        shape.plate(shape.rounded_rectangle(0.88, 1.27, 0.05), 0.11, paper, at=(-0.005, 0, 0.02), bevel=0.002),
        shape.plate(shape.rounded_rectangle(0.9, 1.3, 0.06), 0.02, cover, at=(0, 0, 0.13), bevel=0.006),
        shape.box((0.025, 1.3, 0.14), cover, at=(-0.44, 0, 0.005), bevel=0.008),
        shape.box((0.035, 1.306, 0.156), stuff.plain(band, 0.8), at=(0.3, 0, -0.002), bevel=0.003),
    ]
    shape.group(things, turn=(0, 0, 18))


def gift_box(look: int = 0) -> None:
    """A wrapped box with a satin ribbon and a bow."""
    wrap, satin = [("#2f5b52", "#d8b25a"), ("#b0413e", "#eadfc9"), ("#c9b28b", "#7a2f3b")][look % 3]
    paper = stuff.plain(wrap, 0.45)
    ribbon = stuff.plain(satin, 0.28, sheen=0.6)
    shape.box((1.0, 1.0, 0.62), paper, bevel=0.012)
    shape.box((1.06, 1.06, 0.2), paper, at=(0, 0, 0.58), bevel=0.012)
    for size in ((1.068, 0.15, 0.787), (0.15, 1.068, 0.787)):
        shape.box(size, ribbon, bevel=0.004)
    for i in range(6):
        a = math.radians(60 * i + 12)
        out, across = (math.cos(a), math.sin(a)), (-math.sin(a), math.cos(a))
        verts, faces = [], []
        for k in range(25):
            t = 2 * math.pi * k / 24
            reach, rise = 0.22 * (1 - math.cos(t)), 0.15 * math.sin(t) * (1 - math.cos(t)) * 0.6 + 0.1 * (1 - math.cos(t)) / 2
            for w in (-0.06, 0.06):
                verts.append((out[0] * reach + across[0] * w, out[1] * reach + across[1] * w, 0.8 + rise))
            if k:
                n = len(verts)
                faces.append((n - 4, n - 3, n - 1, n - 2))
        shape.mesh("bow", verts, faces, ribbon, sharp_degrees=180)
    shape.ball(0.08, ribbon, at=(0, 0, 0.84), squash=(1, 1, 0.8))


def soap_bars(look: int = 0) -> None:
    """Two soap bars, one lying across the other."""
    first, second = [("#b9c7a0", "#d9b99b"), ("#9fb6c4", "#c79aa7")][look % 2]
    for colour, level, turn in ((first, 0.0, 12), (second, 0.27, -24)):
        cake = stuff.Surface(colour, rough=0.4, wax=0.3)
        flecks = cake.ramp(cake.noise(16, detail=2), [(0.0, "#5e5a3c"), (0.32, "#6b6745"), (0.36, colour)])
        soap = cake.colour(flecks).material
        body = shape.plate(shape.rounded_rectangle(1.1, 0.7, 0.14), 0.27, soap, bevel=0.06)
        text = shape.words("SAVON", 0.17, stuff.plain(colour, 0.5), at=(0, 0, 0.272), raised=0.008)
        shape.group([body, text], at=(0, 0, level), turn=(0, 0, turn))


def picture_frame(_look: int = 0) -> None:
    """A standing oak frame with a print of hills."""
    things, grain = [], stuff.wood("#b98652", "#83562c", along=(1, 7, 7))
    upright = stuff.wood("#b98652", "#83562c", along=(7, 1, 7))
    for y in (-0.68, 0.68):
        things.append(shape.box((1.16, 0.12, 0.08), grain, at=(0, y, 0), bevel=0.012))
    for x in (-0.52, 0.52):
        things.append(shape.box((0.12, 1.26, 0.078), upright, at=(x, 0, 0), bevel=0.012))
    things.append(shape.box((0.95, 1.27, 0.02), stuff.plain("#ece5d6", 0.5), at=(0, 0, 0.02), bevel=0))
    things.append(
        shape.plate(shape.rounded_rectangle(0.62, 0.9, 0.01), 0.004, stuff.plain("#d98e5f", 0.6), at=(0, 0, 0.04), bevel=0.001)
    )
    things.append(
        shape.plate(shape.circle(0.13, at=(0.1, 0.2)), 0.004, stuff.plain("#f0d9a8", 0.6), at=(0, 0, 0.045), bevel=0.001)
    )
    for level, colour, phase in ((0.02, "#8a5a5e", 0.3), (-0.15, "#4d5568", 1.9), (-0.28, "#2b3644", 3.6)):
        ridge = [(x / 20 - 0.31, level + 0.06 * math.sin(x * 0.55 + phase) + 0.03 * math.sin(x * 1.3)) for x in range(13)]
        hill = [*ridge, (0.31, level), (0.31, -0.45), (-0.31, -0.45)]
        things.append(shape.plate(hill, 0.003, stuff.plain(colour, 0.6), at=(0, 0, 0.048 - level * 0.01), bevel=0.0005))
    shape.group(things, at=(0, 0, 0.73), turn=(78, 0, 0))


def wicker_basket(_look: int = 0) -> None:
    """A round woven basket with two handles."""
    reed = stuff.wood("#c59b62", "#8d6431", along=(3, 3, 3), rough=0.6)
    for row in range(13):
        radius = 0.55 + 0.012 * row
        ring = []
        for i in range(120):
            a = 2 * math.pi * i / 120
            r = radius + 0.028 * math.cos(15 * a + math.pi * row)
            ring.append((r * math.cos(a), r * math.sin(a), 0.04 + 0.058 * row))
        shape.tube(ring, 0.034, reed, closed=True, smooth=False)
    for i in range(30):
        a = 2 * math.pi * i / 30
        shape.tube(
            [(0.55 * math.cos(a), 0.55 * math.sin(a), 0.0), (0.7 * math.cos(a), 0.7 * math.sin(a), 0.8)], 0.02, reed, smooth=False
        )
    shape.lathe([(0, 0.02), (0.55, 0.02)], reed, smooth=False)
    rim = [(0.71 * math.cos(a / 32 * math.pi), 0.71 * math.sin(a / 32 * math.pi), 0.81) for a in range(64)]
    shape.tube(rim, 0.045, reed, closed=True)
    for side in (-1, 1):
        loop = [
            (side * 0.71, -0.2, 0.8),
            (side * 0.76, -0.16, 1.0),
            (side * 0.78, 0, 1.07),
            (side * 0.76, 0.16, 1.0),
            (side * 0.71, 0.2, 0.8),
        ]
        shape.tube(loop, 0.035, reed)


def wool_ball(look: int = 0) -> None:
    """A ball of knitting wool with two needles."""
    colour = ["#b5524a", "#4f7a8c", "#d0a24a"][look % 3]
    yarn = stuff.cloth(colour, threads=90)
    shape.ball(0.5, yarn, at=(0, 0, 0.55))
    for k in range(16):
        tilt, turn = math.radians(37 * k + 11), math.radians(67 * k)
        points = []
        for i in range(6 * 30):
            t = 2 * math.pi * i / 30
            offset = (i / 180 - 0.5) * 0.5
            r = math.sqrt(max(0.53**2 - offset**2, 0.01))
            x, y, z = r * math.cos(t), r * math.sin(t), offset
            y, z = y * math.cos(tilt) - z * math.sin(tilt), y * math.sin(tilt) + z * math.cos(tilt)
            x, y = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
            points.append((x, y, z + 0.55))
        shape.tube(points, 0.027, yarn, smooth=False)
    needle = stuff.wood("#c79f6b", "#9a7040", along=(1, 6, 6))
    for a, b in (((-0.85, -0.2, 1.05), (0.7, 0.35, 0.2)), ((-0.7, 0.45, 1.2), (0.75, -0.3, 0.15))):
        shape.tube([a, b], [0.026, 0.022], needle, smooth=False)
        shape.ball(0.055, needle, at=a)
    bpy.context.view_layer.update()
