"""Small things: toys, jewellery, things to wear and carry. Each function builds one product at the origin."""

import math
import random

import studio_materials as stuff
import studio_shapes as shape


def toy_car(look: int = 0) -> None:
    """A wooden car with turned wheels."""
    paint = [None, "#b23a2f", "#2f6a86"][look % 3]
    body = stuff.wood("#d3a66e", "#a57742", along=(1, 7, 7)) if paint is None else stuff.plain(paint, 0.35, coat=0.3)
    outline = [
        (-0.75, 0.0),
        (0.75, 0.0),
        (0.8, 0.12),
        (0.74, 0.28),
        (0.4, 0.34),
        (0.2, 0.6),
        (0.05, 0.66),
        (-0.4, 0.66),
        (-0.56, 0.56),
    ]
    side = shape.catmull([*outline, (-0.68, 0.36), (-0.8, 0.3), (-0.82, 0.1), (-0.75, 0.0)], steps=5)[:-1]
    windows = [
        shape.rounded_rectangle(0.26, 0.2, 0.05, at=(-0.02, 0.47)),
        shape.rounded_rectangle(0.22, 0.2, 0.05, at=(-0.36, 0.47)),
    ]
    cut = shape.plate(side, 0.5, body, bevel=0.04, holes=windows)
    shape.group([cut], at=(0, 0.25, 0.12), turn=(90, 0, 0))
    wheel, hub = stuff.wood("#8a5a35", "#5d3a1f", along=(4, 4, 4)), stuff.wood("#dcb684", "#b08450", along=(4, 4, 4))
    for x in (-0.45, 0.47):
        for y, turn in ((-0.27, 90), (0.27, -90)):
            ring = [(0, 0), (0.17, 0), (0.2, 0.02), (0.2, 0.09), (0.17, 0.11), (0.09, 0.1), (0, 0.1)]
            tyre = shape.lathe(ring, wheel, smooth=False)
            cap = shape.lathe([(0.08, 0.1), (0.07, 0.13), (0, 0.14)], hub)
            shape.group([tyre, cap], at=(x, y, 0.2), turn=(turn, 0, 0))
    for y in (-0.15, 0.15):
        shape.ball(0.05, hub, at=(0.79, y, 0.3))


def spinning_top(look: int = 0) -> None:
    """A painted top lying on its side."""
    colours = [("#c0392f", "#e0b23f"), ("#2f6f8c", "#e8dcc0")][look % 2]
    parts = []
    profile = [(0.0, 0), (0.02, 0.02), (0.06, 0.12), (0.2, 0.3), (0.42, 0.46)]
    parts.append(shape.lathe(profile, stuff.plain(colours[0], 0.25, coat=0.6)))
    parts.append(shape.lathe([(0.42, 0.46), (0.47, 0.52), (0.47, 0.58), (0.4, 0.64)], stuff.plain(colours[1], 0.25, coat=0.6)))
    parts.append(shape.lathe([(0.4, 0.64), (0.2, 0.7), (0.07, 0.74)], stuff.plain(colours[0], 0.25, coat=0.6)))
    handle = stuff.wood("#cfa36d", "#a1743f", along=(6, 6, 1))
    parts.append(shape.lathe([(0.07, 0.73), (0.055, 0.85), (0.06, 1.1), (0.075, 1.16), (0.05, 1.2), (0, 1.21)], handle))
    shape.group(parts, at=(0.0, 0, 0.0), turn=(0, 47.5, -35))


def chess_pieces(_look: int = 0) -> None:
    """King, queen, bishop and pawns, dark and light."""
    foot = [(0, 0), (0, 0), (0.2, 0), (0.2, 0), (0.21, 0.05), (0.17, 0.09), (0.17, 0.12), (0.1, 0.2)]
    kinds = {
        "pawn": [*foot, (0.07, 0.38), (0.13, 0.42), (0.07, 0.45), (0.12, 0.52), (0.1, 0.62), (0.0, 0.65)],
        "bishop": [*foot, (0.07, 0.55), (0.14, 0.6), (0.08, 0.64), (0.11, 0.74), (0.06, 0.86), (0.03, 0.88), (0, 0.93)],
        "queen": [*foot, (0.07, 0.7), (0.15, 0.76), (0.08, 0.8), (0.1, 0.9), (0.15, 1.02), (0.12, 1.03), (0.05, 1.06), (0, 1.1)],
        "king": [*foot, (0.075, 0.75), (0.16, 0.82), (0.09, 0.86), (0.12, 1.0), (0.14, 1.1), (0.08, 1.14), (0, 1.15)],
    }
    light = stuff.wood("#d9b27c", "#b48650", along=(5, 5, 0.9), rough=0.25)
    dark = stuff.wood("#4a2a1a", "#2a160c", along=(5, 5, 0.9), rough=0.25)
    rows = (("king", light, -0.35, 0.2), ("queen", dark, 0.3, 0.25), ("bishop", light, 0.05, -0.15), ("pawn", dark, -0.5, -0.3))
    for kind, grain, x, y in (*rows, ("pawn", light, 0.55, -0.25)):
        shape.lathe(kinds[kind], grain, at=(x, y, 0))
        if kind == "king":
            shape.box((0.035, 0.035, 0.17), grain, at=(x, y, 1.13), bevel=0.008)
            shape.box((0.12, 0.035, 0.035), grain, at=(x, y, 1.21), bevel=0.008)


def dice(look: int = 0) -> None:
    """Five dice."""
    colour, dot = [("#a32e2c", "#f1ead9"), ("#e3d7bd", "#1d1c1c"), ("#25606b", "#f3ecd8")][look % 3]
    body, pip = stuff.plain(colour, 0.12, wax=0.15, coat=0.6), stuff.plain(dot, 0.4)
    spots = {
        1: [(0, 0)],
        2: [(-1, -1), (1, 1)],
        3: [(-1, -1), (0, 0), (1, 1)],
        4: [(-1, -1), (-1, 1), (1, -1), (1, 1)],
        5: [(-1, -1), (-1, 1), (0, 0), (1, -1), (1, 1)],
        6: [(-1, -1), (-1, 0), (-1, 1), (1, -1), (1, 0), (1, 1)],
    }
    faces = ((0, 0, 0), (90, 0, 0), (0, 90, 0), (0, -90, 0), (-90, 0, 0), (180, 0, 0))
    throw = ((-0.42, -0.2, 0, 17), (0.08, -0.42, 0, 50), (0.5, -0.05, 0, -20), (-0.05, 0.3, 0, 74), (0.02, -0.06, 0.4, 33))
    for number, (x, y, z, turn) in enumerate(throw):
        things = [shape.box((0.4, 0.4, 0.4), body, at=(0, 0, -0.2), bevel=0.05, segments=6)]
        order = [(i + number) % 6 + 1 for i in range(6)]
        for face, tilt in zip(order, faces, strict=True):
            marks = [shape.ball(0.042, pip, at=(u * 0.11, v * 0.11, 0.2), squash=(1, 1, 0.12)) for u, v in spots[face]]
            things.append(shape.group(marks, turn=tilt))
        shape.group(things, at=(x, y, z + 0.2), turn=(0, 0, turn))


def wristwatch(look: int = 0) -> None:
    """A watch with a leather strap, the strap closed into a ring and the watch facing up and forward."""
    strap_colour, face = [("#6b3c22", "#e9e3d3"), ("#23262b", "#20344a")][look % 2]
    steel = stuff.metal("#c8cacd" if look % 2 else "#d0a860", 0.14)
    ink = stuff.plain("#1e1d1c" if look % 2 == 0 else "#e6e2d6", 0.4)
    parts = [
        shape.lathe(
            [(0, -0.06), (0.36, -0.06), (0.4, -0.02), (0.4, 0.06), (0.36, 0.1), (0.33, 0.1), (0.32, 0.075), (0, 0.075)],
            steel,
            smooth=False,
        ),
        shape.lathe([(0, 0.078), (0.32, 0.078)], stuff.plain(face, 0.4, coat=1.0), smooth=False),
        shape.tube([(0.4, 0, 0.02), (0.48, 0, 0.02)], 0.045, steel, smooth=False),
    ]
    for hour in range(12):
        a = math.radians(30 * hour)
        mark = shape.box((0.06, 0.016, 0.006), ink, at=(0.265 * math.cos(a), 0.265 * math.sin(a), 0.079), bevel=0.001)
        mark.rotation_euler.z = a
        parts.append(mark)
    for degrees, length, thick in ((150, 0.15, 0.026), (40, 0.23, 0.018)):
        a = math.radians(degrees)
        hand = shape.box((length, thick, 0.006), ink, at=(math.cos(a) * length / 2, math.sin(a) * length / 2, 0.086), bevel=0.001)
        hand.rotation_euler.z = a
        parts.append(hand)
    strap = stuff.leather(strap_colour)
    rows, verts, faces = 60, [], []
    for i in range(rows + 1):
        a = math.radians(90 + 24 + (360 - 48) * i / rows)
        y, z = 0.62 * math.cos(a), 0.52 * math.sin(a) - 0.5
        half = 0.2 - 0.03 * math.sin(math.pi * i / rows)
        verts += [(-half, y, z), (half, y, z)]
        if i:
            n = len(verts)
            faces.append((n - 4, n - 3, n - 1, n - 2))
    band = shape.mesh("strap", verts, faces, strap, sharp_degrees=180)
    thick = band.modifiers.new("thick", "SOLIDIFY")
    thick.thickness, thick.offset = 0.05, 0
    shape.rounded(band, 0.015, 3)
    parts.append(band)
    shape.group(parts, at=(0, 0, 0.93), turn=(38, 0, 0))


def gold_ring(look: int = 0) -> None:
    """A ring with a stone, in its open box."""
    velvet = stuff.plain(["#5d1f35", "#1f3a3d"][look % 2], 0.95, sheen=1.0)
    gold, gem = stuff.metal("#e0b45a", 0.08), stuff.plain(["#2c8a6a", "#b3263f"][look % 2], 0.02, coat=1.0, glass=0.35)
    shell = stuff.leather(["#2e2623", "#3b2d24"][look % 2])
    shape.box((1.1, 1.0, 0.42), shell, bevel=0.04)
    shape.box((0.98, 0.88, 0.05), velvet, at=(0, 0, 0.4), bevel=0.02)
    lid = [shape.box((1.1, 1.0, 0.4), shell, bevel=0.04), shape.box((0.98, 0.88, 0.04), velvet, at=(0, 0, -0.02), bevel=0.02)]
    shape.group(lid, at=(0, 0.62, 0.9), turn=(-82, 0, 0))
    band = [(0.26 * math.cos(a / 24 * math.pi), 0.0, 0.26 * math.sin(a / 24 * math.pi)) for a in range(48)]
    circle = shape.tube(band, 0.04, gold, closed=True)
    claw = shape.lathe([(0.03, 0.24), (0.05, 0.27), (0.1, 0.33), (0.11, 0.35)], gold)
    cut = [(0, 0.27), (0.14, 0.36), (0.14, 0.39), (0.09, 0.44), (0, 0.44)]
    stone = shape.lathe(cut, gem, smooth=False, segments=8)
    shape.group([circle, claw, stone], at=(0, -0.05, 0.58), turn=(0, 0, 28))


def bead_necklace(look: int = 0) -> None:
    """Glazed beads on a cord, laid in a heart-like loop."""
    palette = [("#2f7f86", "#d8c9a4", "#b5653f"), ("#7a3b5e", "#d7b8a8", "#c79a3b")][look % 2]
    beads = [stuff.glaze(c, rough=0.12) for c in palette]
    count = 40
    for i in range(count):
        a = 2 * math.pi * i / count
        r = 0.85 + 0.06 * math.cos(3 * a)
        size = 0.05 + 0.035 * (1 - math.sin(a)) / 2
        bead = beads[(0, 1, 0, 2)[i % 4]]
        shape.ball(size, bead, at=(r * math.cos(a), r * math.sin(a) * 0.95, size), squash=(1, 1, 0.95))
    pendant = shape.lathe(
        [(0, -0.03), (0.16, -0.03), (0.19, 0), (0.16, 0.03), (0, 0.03)], stuff.metal("#c9a35a", 0.15), smooth=False
    )
    pendant.location = (0.0, -1.03, 0.05)
    ring = [(0.85 * math.cos(a / 40 * math.pi), 0.8 * math.sin(a / 40 * math.pi), 0.05) for a in range(80)]
    shape.tube(ring, 0.012, stuff.plain("#3a2c20", 0.8), closed=True)


def wallet(look: int = 0) -> None:
    """A folded leather wallet standing half open."""
    colour = ["#7a4526", "#2b2d2e", "#4b5b3c"][look % 3]
    hide, thread = stuff.leather(colour), stuff.plain("#d9bd8c", 0.8)
    for turn in (24, -24):
        side = 1 if turn > 0 else -1
        leaf = [shape.plate(shape.rounded_rectangle(1.15, 0.9, 0.09), 0.05, hide, bevel=0.02)]
        for level, y in ((-0.028, 0.08), (-0.05, -0.08)):
            leaf.append(
                shape.plate(shape.rounded_rectangle(1.1, 0.78 + y, 0.05), 0.02, hide, at=(0, y - 0.06, level * side), bevel=0.006)
            )
        stitches = shape.rounded_rectangle(1.07, 0.82, 0.07)
        for k in range(len(stitches)):
            (x, y), (u, v) = stitches[k], stitches[(k + 1) % len(stitches)]
            steps = max(int(math.dist((x, y), (u, v)) / 0.05), 1)
            for s in range(steps):
                p = (x + (u - x) * s / steps, y + (v - y) * s / steps)
                leaf.append(shape.ball(0.01, thread, at=(*p, 0.025 + 0.027 * side), squash=(1.4, 1.4, 0.5)))
        shape.group(leaf, at=(0, side * -0.2, 0.45), turn=(90 - turn * 0.55, 0, 0))
    shape.tube([(-0.56, 0, 0.88), (0.56, 0, 0.88)], 0.06, hide, smooth=False)


def headphones(look: int = 0) -> None:
    """Over-ear headphones lying back on the table."""
    colour, pad = [("#2c2f33", "#15171a"), ("#c9bda6", "#6b4a35"), ("#2f4f6b", "#1b1d20")][look % 3]
    shellc, soft = stuff.plain(colour, 0.35, coat=0.3), stuff.leather(pad)
    steel = stuff.metal("#b9bcc0", 0.18)
    arc = [(0.72 * math.cos(a), 0, 0.72 * math.sin(a) * 1.12 + 0.55) for a in [math.pi * k / 24 for k in range(25)]]
    shape_band = shape.tube(arc, [0.045] * 25, steel)
    inner = [(x * 0.93, y, (z - 0.55) * 0.94 + 0.55) for x, y, z in arc[3:-3]]
    cover = shape.tube(inner, [0.05] + [0.09] * 17 + [0.05], soft)
    parts = [shape_band, cover]
    for side in (-1, 1):
        cup = shape.lathe([(0, 0.26), (0.18, 0.26), (0.3, 0.2), (0.36, 0.1), (0.36, 0.02), (0, 0.02)], shellc)
        cushion = [(0.25 * math.cos(a / 24 * math.pi), 0.25 * math.sin(a / 24 * math.pi), -0.04) for a in range(48)]
        ear = shape.tube(cushion, 0.11, soft, closed=True)
        disc = shape.lathe([(0, -0.02), (0.2, -0.02)], stuff.plain("#1a1a1a", 0.9), smooth=False)
        badge = shape.lathe([(0, 0.27), (0.13, 0.27), (0.14, 0.262)], steel, smooth=False)
        parts.append(shape.group([cup, ear, disc, badge], at=(side * 0.68, 0, 0.42), turn=(0, side * 82, 0)))
    shape.group(parts, at=(0, 0, 0.0), turn=(0, 0, 0))


def perfume(look: int = 0) -> None:
    """A square flacon of scent with a round stopper."""
    tint, cap = [("#d98f5a", "#2a2522"), ("#8fb2c9", "#c9a658"), ("#c98b9c", "#d8d4cc")][look % 3]
    shape.box((0.8, 0.42, 0.85), stuff.plain(tint, 0.03, glass=0.45, coat=1.0), bevel=0.07, segments=6)
    shape.lathe([(0.14, 0.84), (0.14, 0.93), (0.12, 0.95)], stuff.metal("#c9b27a", 0.15), smooth=False)
    lid = stuff.metal("#d0aa57", 0.14) if look % 3 else stuff.plain(cap, 0.15, coat=0.8)
    shape.lathe([(0, 0.94), (0.19, 0.94), (0.21, 0.96), (0.21, 1.2), (0.19, 1.22), (0, 1.22)], lid, smooth=False)
    title = ["No. 4", "MARINE", "FLORA"][look % 3]
    plaque = stuff.plain("#f0e9da", 0.5)
    shape.box((0.5, 0.006, 0.32), plaque, at=(0, -0.213, 0.26), bevel=0.002)
    shape.words(title, 0.11, stuff.plain("#2a211b"), at=(0, -0.218, 0.44), turn=(90, 0, 0))
    shape.words("eau de parfum", 0.045, stuff.plain("#2a211b"), at=(0, -0.218, 0.34), turn=(90, 0, 0))


def lipsticks(_look: int = 0) -> None:
    """Two lipsticks, one open."""
    gold, black = stuff.metal("#d8b061", 0.12), stuff.plain("#1b1a1c", 0.15, coat=0.8)
    for x, colour in ((-0.24, "#b01f38"), (0.3, "#a8485a")):
        shape.lathe([(0, 0), (0.17, 0), (0.18, 0.01), (0.18, 0.5), (0.17, 0.51), (0.14, 0.51)], black, at=(x, 0, 0), smooth=False)
        shape.lathe([(0.14, 0.5), (0.14, 0.78), (0.12, 0.79), (0.105, 0.79)], gold, at=(x, 0, 0), smooth=False)
        stick = stuff.plain(colour, 0.3, wax=0.2)
        bullet = shape.lathe(
            [(0.105, 0.7), (0.105, 1.05), (0.1, 1.12), (0.07, 1.2), (0.02, 1.23), (0, 1.23)], stick, at=(x, 0, 0), smooth=False
        )
        bullet.rotation_euler.z = x
    cap = shape.lathe([(0.19, 0), (0.19, 0.62), (0.17, 0.65), (0, 0.65)], black, smooth=False)
    shape.group([cap], at=(-0.1, -0.5, 0.19), turn=(0, 90, 22))


def guitar_picks(_look: int = 0) -> None:
    """Five picks fanned out on their tin."""
    colours = ["#b3322d", "#2c6b8a", "#d8a63a", "#2f7357", "#2a2a2e"]
    outline = shape.catmull(
        [
            (0, -0.42),
            (0, -0.42),
            (0.18, -0.2),
            (0.36, 0.16),
            (0.3, 0.34),
            (0, 0.4),
            (-0.3, 0.34),
            (-0.36, 0.16),
            (-0.18, -0.2),
            (0, -0.42),
        ],
        steps=6,
    )[:-1]
    for i, colour in enumerate(colours):
        a = math.radians(90 + (i - 2) * 30)
        pick = shape.plate(outline, 0.035, stuff.plain(colour, 0.2, coat=0.5), bevel=0.012)
        mark = shape.words("0.7", 0.14, stuff.plain("#efe6d0"), at=(0, 0.12, 0.036), raised=0.002)
        shape.group([pick, mark], at=(0.62 * math.cos(a), 0.62 * math.sin(a), 0.01 + 0.02 * i), turn=(0, 0, math.degrees(a) - 90))


def building_blocks(_look: int = 0) -> None:
    """A castle of painted blocks."""
    red, blue, green, yellow = (stuff.plain(c, 0.4) for c in ("#b5382f", "#2d6289", "#4d7f4b", "#d9a832"))
    grain = stuff.wood("#d6ad76", "#ab7d47", along=(1, 6, 6))
    for x, colour in ((-0.45, blue), (0.0, grain), (0.45, red)):
        shape.box((0.42, 0.42, 0.42), colour, at=(x, 0, 0), bevel=0.025, turn=(0, 0, random.Random(x).uniform(-6, 6)))
    shape.box((0.9, 0.4, 0.2), grain, at=(-0.2, 0, 0.42), bevel=0.025, turn=(0, 0, 3))
    shape.lathe([(0, 0), (0.18, 0), (0.2, 0.02), (0.2, 0.42), (0.18, 0.44), (0, 0.44)], green, at=(0.45, 0, 0.42), smooth=False)
    shape.box((0.4, 0.4, 0.4), yellow, at=(-0.32, 0, 0.62), bevel=0.025, turn=(0, 0, -9))
    shape.lathe([(0.24, 0), (0.24, 0.02), (0.0, 0.4)], red, at=(-0.32, 0, 1.02), smooth=False)
    shape.lathe([(0.24, 0), (0.24, 0.02), (0.0, 0.36)], blue, at=(0.45, 0, 0.86), smooth=False)


def sunglasses(look: int = 0) -> None:
    """Round-lens sunglasses, folded open."""
    frame = stuff.plain(["#5d3318", "#1d1e20"][look % 2], 0.18, coat=0.7)
    lens = stuff.plain("#2a2f2a", 0.04, coat=1.0)
    for side in (-1, 1):
        ring = [(side * 0.36 + 0.29 * math.cos(a / 24 * math.pi), 0, 0.34 + 0.27 * math.sin(a / 24 * math.pi)) for a in range(48)]
        shape.tube(ring, 0.04, frame, closed=True)
        disc = shape.lathe([(0, 0.02), (0.15, 0.014), (0.28, 0)], lens)
        shape.group([disc], at=(side * 0.36, 0, 0.34), turn=(90, 0, 0))
        arm = [
            (side * 0.65, 0.0, 0.46),
            (side * 0.7, 0.1, 0.46),
            (side * 0.68, 0.75, 0.42),
            (side * 0.64, 1.0, 0.28),
            (side * 0.62, 1.15, 0.06),
        ]
        shape.tube(arm, [0.045, 0.04, 0.032, 0.034, 0.03], frame)
    shape.tube([(-0.1, 0, 0.42), (0, -0.02, 0.47), (0.1, 0, 0.42)], 0.036, frame)
