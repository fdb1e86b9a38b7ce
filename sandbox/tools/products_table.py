"""Products for the table and the kitchen. Each function builds one product at the origin; `look` picks its variant."""

import math

import studio_materials as stuff
import studio_shapes as shape

GLAZES = [("#d9cfbb", "#4a3a2c"), ("#5f7f95", "#24323d"), ("#b5674a", "#5b2a1c"), ("#6f8465", "#2f3b2a")]


def _handle(material, *, out: float, low: float, high: float, at: float, thick: float = 0.055):
    """An ear on the right of a vessel."""
    middle = (low + high) / 2
    points = [
        (at - 0.03, 0, high),
        (at + out * 0.55, 0, high + 0.05),
        (at + out, 0, middle + (high - low) * 0.22),
        (at + out * 0.92, 0, middle - (high - low) * 0.2),
        (at + out * 0.4, 0, low + 0.01),
        (at - 0.03, 0, low - 0.02),
    ]
    return shape.tube(points, [thick * 1.15, thick, thick * 0.9, thick * 0.9, thick, thick * 1.2], material)


def ceramic_mug(look: int = 0) -> None:
    """A straight hand-thrown mug with a raw clay foot."""
    colour, speck = GLAZES[look % 4]
    glaze = stuff.glaze("#b89a76", speck, dip=(0.16, colour))
    outer = [(0, 0), (0, 0), (0.33, 0), (0.33, 0), (0.39, 0.05), (0.405, 0.25), (0.4, 0.6), (0.41, 0.9), (0.415, 0.95)]
    shape.lathe(shape.shell(outer, 0.035, 0.07), glaze, smooth=False, wobble=0.004)
    _handle(glaze, out=0.27, low=0.25, high=0.72, at=0.4)


def espresso_cup(look: int = 0) -> None:
    """A small cup on its saucer, with coffee in it."""
    glaze = stuff.glaze(["#2e4f57", "#c7a13c", "#8c3f3a"][look % 3], rough=0.12)
    inside = stuff.plain("#2a140a", 0.08)
    saucer = [(0, 0), (0, 0), (0.3, 0), (0.3, 0), (0.34, 0.03), (0.55, 0.1), (0.62, 0.14)]
    shape.lathe(shape.shell(saucer, 0.02, 0.04), glaze, smooth=False)
    cup = [(0, 0.05), (0, 0.05), (0.17, 0.05), (0.17, 0.05), (0.2, 0.08), (0.3, 0.25), (0.34, 0.5), (0.35, 0.56)]
    shape.lathe(shape.shell(cup, 0.025, 0.1), glaze, smooth=False)
    shape.lathe([(0, 0.46), (0.31, 0.46)], inside, smooth=False)
    _handle(glaze, out=0.19, low=0.24, high=0.46, at=0.31, thick=0.035)


def stoneware_bowl(look: int = 0) -> None:
    """A deep bowl with a foot ring."""
    colour, speck = [("#8b9a8e", "#35403a"), ("#d3c4a8", "#5d4630"), ("#39495c", "#a9b3bd")][look % 3]
    outer = [(0, 0), (0, 0), (0.27, 0), (0.27, 0), (0.27, 0.06), (0.27, 0.06), (0.45, 0.16), (0.62, 0.36), (0.68, 0.56)]
    shape.lathe(shape.shell(outer, 0.04, 0.1), stuff.glaze(colour, speck), smooth=False, wobble=0.005)


def teapot(look: int = 0) -> None:
    """A round teapot with lid, spout and handle."""
    colour, speck = [("#3c5a52", "#1c2c28"), ("#a44a3a", "#4d1f18"), ("#cdbb97", "#5f4a30")][look % 3]
    glaze = stuff.glaze(colour, speck, rough=0.16)
    body = [(0, 0), (0, 0), (0.36, 0), (0.36, 0), (0.38, 0.03), (0.58, 0.25), (0.6, 0.45), (0.45, 0.72), (0.27, 0.8)]
    shape.lathe([*body, (0.25, 0.83), (0, 0.84)], glaze)
    shape.lathe([(0.29, 0.82), (0.29, 0.82), (0.29, 0.85), (0.2, 0.91), (0.06, 0.95), (0.05, 0.98)], glaze)
    shape.ball(0.075, glaze, at=(0, 0, 1.02), squash=(1, 1, 0.85))
    shape.tube([(-0.45, 0, 0.28), (-0.7, 0, 0.36), (-0.84, 0, 0.62), (-0.98, 0, 0.78)], [0.15, 0.11, 0.075, 0.055], glaze)
    _handle(glaze, out=0.42, low=0.2, high=0.66, at=0.54, thick=0.05)


def dinner_plate(look: int = 0) -> None:
    """A stack of two plates, the upper with a painted rim."""
    rim, centre = [("#2f5d8a", "#d9d5c7"), ("#7d8f5a", "#dad2bd"), ("#a8553e", "#ddd3c0")][look % 3]
    for level, clay in ((0.0, stuff.glaze(rim, "#1f2b36")), (0.1, stuff.glaze(centre, "#6a5d48"))):
        outer = [(0, 0), (0, 0), (0.42, 0), (0.42, 0), (0.5, 0.02), (0.66, 0.09), (0.9, 0.15), (0.94, 0.16)]
        shape.lathe(shape.shell(outer, 0.028, 0.03), clay, at=(0, 0, level), smooth=False)
    for radius, height, thick in ((0.9, 0.272, 0.01), (0.82, 0.262, 0.005)):
        ring = [(radius * math.cos(a / 20 * math.pi), radius * math.sin(a / 20 * math.pi), height) for a in range(40)]
        shape.tube(ring, thick, stuff.plain(rim, 0.2), closed=True)


def flower_vase(look: int = 0) -> None:
    """A tall vase with a narrow neck, glazed in two colours."""
    base, upper, speck = [
        ("#c9a57b", "#3d6b74", "#1d3238"),
        ("#4b4039", "#cfc4ae", "#6d5a45"),
        ("#b98a6b", "#8d3f4f", "#40141d"),
    ][look % 3]
    outer = [(0, 0), (0, 0), (0.27, 0), (0.27, 0), (0.4, 0.25), (0.46, 0.6), (0.3, 1.05), (0.16, 1.3), (0.17, 1.5), (0.24, 1.6)]
    shape.lathe(shape.shell(outer, 0.03, 0.08), stuff.glaze(base, speck, dip=(0.5, upper)), smooth=False)


def dried_flowers(look: int = 0) -> None:
    """A bud vase with dried stems."""
    glaze = stuff.glaze(["#b7b9b2", "#6c4f5d"][look % 2], "#4c4c48", rough=0.5)
    outer = [(0, 0), (0, 0), (0.2, 0), (0.2, 0), (0.3, 0.15), (0.33, 0.32), (0.2, 0.55), (0.09, 0.66), (0.1, 0.78)]
    shape.lathe(shape.shell(outer, 0.02, 0.05), glaze, smooth=False)
    stem, bloom = stuff.plain("#8c7a4b", 0.8), stuff.plain(["#c98f3a", "#a8586c"][look % 2], 0.9)
    for i in range(9):
        a, lean, tall = i * 2.4, 0.16 + 0.035 * (i % 4), 1.25 + 0.11 * (i % 5)
        top = (math.cos(a) * lean, math.sin(a) * lean, tall)
        shape.tube([(0, 0, 0.5), (top[0] * 0.3, top[1] * 0.3, 0.85), top], 0.009, stem)
        for k in range(7):
            b = k * 2.4
            puff = (top[0] + 0.035 * math.cos(b), top[1] + 0.035 * math.sin(b), top[2] - 0.03 + 0.018 * k)
            shape.ball(0.035, bloom, at=puff)


def cork_bottle(look: int = 0) -> None:
    """A green bottle closed with a cork."""
    tint = ["#8fd0a4", "#e0a763", "#8fbde0"][look % 3]
    outer = [(0, 0.03), (0.2, 0.02), (0.27, 0), (0.31, 0.04), (0.31, 0.3), (0.31, 0.75), (0.22, 0.98), (0.11, 1.1), (0.1, 1.35)]
    shape.lathe(shape.shell([*outer, (0.13, 1.37), (0.13, 1.42)], 0.025, 0.06), stuff.glass(tint), smooth=False)
    cork = stuff.stone("#c49a66", "#8a6337", scale=14, rough=0.9)
    shape.lathe([(0, 1.25), (0.1, 1.25), (0.105, 1.4), (0.115, 1.53), (0.1, 1.56), (0, 1.56)], cork, smooth=False)


def honey_jar(look: int = 0) -> None:
    """A jar of honey with a golden lid and a printed label."""
    tint = ["#c5730f", "#8a2f14"][look % 2]
    glass_body = [(0, 0), (0, 0), (0.36, 0), (0.4, 0.04), (0.42, 0.12), (0.42, 0.6), (0.4, 0.7), (0.34, 0.76)]
    shape.lathe(glass_body, stuff.plain(tint, 0.06, coat=1.0, wax=0.35))
    lid = [(0.0, 0.98), (0.33, 0.98), (0.37, 0.965), (0.375, 0.94), (0.375, 0.76), (0.36, 0.75), (0, 0.75)]
    shape.lathe(lid, stuff.metal("#d1a545", 0.3), smooth=False)
    title = [("HONEY", "wild meadow"), ("CHERRY", "morello jam")][look % 2]
    paper = stuff.printed(stuff.label_picture(title, paper="#efe6cf", ink="#4a2c10"))
    shape.lathe([(0.424, 0.16), (0.424, 0.56)], paper, smooth=False, arc=(-155, -25))


def tea_tin(look: int = 0) -> None:
    """A tin of tea with a paper band."""
    colour, ink = [("#284b46", "#e6d3a1"), ("#7a2e2e", "#f0dcb8"), ("#2d3b61", "#e8d9ae")][look % 3]
    tin = stuff.metal("#b9b6ad", 0.22)
    shape.lathe([(0, 0), (0.38, 0), (0.4, 0.015), (0.4, 0.9), (0, 0.9)], tin, smooth=False)
    shape.lathe([(0.41, 0.86), (0.415, 0.87), (0.415, 1.08), (0.4, 1.1), (0.3, 1.1), (0.29, 1.115), (0, 1.12)], tin, smooth=False)
    title = [("TEA", "green sencha"), ("TEA", "assam leaf"), ("TEA", "earl grey")][look % 3]
    paper = stuff.printed(stuff.label_picture(title, paper=colour, ink=ink, around=True), rough=0.5)
    shape.lathe([(0.404, 0.08), (0.404, 0.8)], paper, smooth=False, arc=(-180, 180))


def cutting_board(look: int = 0) -> None:
    """A paddle-shaped board with a hole in the handle, lying or leaning."""
    light, dark = [("#c99a63", "#94652f"), ("#7b5033", "#4a2c19")][look % 2]
    half = [(0.55, -0.8), (0.6, -0.7), (0.6, 0.45), (0.52, 0.6), (0.2, 0.72), (0.12, 0.85), (0.12, 1.12)]
    outline = shape.catmull([*half, (0.0, 1.22), *((-x, y) for x, y in reversed(half)), (0, -0.82)])
    grain = stuff.wood(light, dark, along=(7, 0.9, 7))
    holes = [shape.circle(0.05, at=(0, 1.08))]
    shape.plate(outline, 0.09, grain, bevel=0.025, holes=holes, turn=(0, 0, 24))


def wooden_spoons(_look: int = 0) -> None:
    """Three cooking spoons in a stoneware pot."""
    pot = [(0, 0), (0, 0), (0.34, 0), (0.34, 0), (0.38, 0.06), (0.39, 0.4), (0.36, 0.72), (0.37, 0.78)]
    shape.lathe(shape.shell(pot, 0.035, 0.06), stuff.glaze("#c8c0ac", "#55503f", dip=(0.4, "#7f8d86")), smooth=False)
    for turn, lean, light in ((20, 15, "#c59a66"), (150, 18, "#a9764a"), (265, 16, "#d8b588")):
        grain = stuff.wood(light, "#8a5c33", along=(6, 6, 0.8))
        stick = shape.tube([(0, 0, 0), (0, 0, 0.7), (0, 0, 1.15), (0, 0, 1.25)], [0.03, 0.028, 0.032, 0.04], grain)
        head = shape.ball(0.15, grain, at=(0, 0, 1.4), squash=(1, 0.35, 1.45))
        shape.group([stick, head], at=(0.12 * math.cos(turn), 0.12 * math.sin(turn), 0.08), turn=(lean, 0, turn))


def rolling_pin(_look: int = 0) -> None:
    """A beech rolling pin, lying."""
    profile = [(0, -1.1), (0.05, -1.1), (0.075, -1.02), (0.06, -0.85), (0.05, -0.76), (0.05, -0.76), (0.16, -0.75)]
    profile += [(0.175, -0.72), (0.175, 0.72), (0.16, 0.75), (0.05, 0.76), (0.05, 0.76), (0.06, 0.85)]
    thing = shape.lathe([*profile, (0.075, 1.02), (0.05, 1.1), (0, 1.1)], stuff.wood("#d3a873", "#a6763f", along=(6, 6, 0.8)))
    shape.group([thing], at=(0, 0, 0.176), turn=(90, 0, 62))


def pepper_mill(look: int = 0) -> None:
    """A turned pepper mill with a steel knob."""
    light, dark = [("#7a4a2b", "#43240f"), ("#2c2b2a", "#1a1919"), ("#c4a071", "#94703f")][look % 3]
    profile = [(0, 0), (0, 0), (0.26, 0), (0.26, 0), (0.27, 0.08), (0.2, 0.2), (0.15, 0.5), (0.19, 0.8), (0.23, 0.95)]
    profile += [(0.23, 0.99), (0.17, 1.0), (0.17, 1.03), (0.22, 1.06), (0.25, 1.2), (0.2, 1.36), (0.08, 1.43), (0, 1.44)]
    shape.lathe(profile, stuff.wood(light, dark, along=(5, 5, 0.9), rough=0.3))
    shape.ball(0.06, stuff.metal("#c9cacb", 0.12), at=(0, 0, 1.49))


def drinking_glass(look: int = 0) -> None:
    """A tinted ribbed tumbler."""
    tint = ["#c98a3c", "#5a8f8b", "#b0596b"][look % 3]
    outer = [(0, 0), (0, 0), (0.28, 0), (0.28, 0), (0.3, 0.05), (0.34, 0.5), (0.37, 0.95)]
    shape.lathe(shape.shell(outer, 0.025, 0.09), stuff.glass(tint), smooth=False)


def wine_carafe(look: int = 0) -> None:
    """A carafe of red wine or juice."""
    wine = ["#5a0f1d", "#c4641a"][look % 2]
    outer = [(0, 0), (0, 0), (0.4, 0), (0.45, 0.04), (0.5, 0.2), (0.4, 0.5), (0.16, 0.85), (0.14, 1.1), (0.24, 1.35)]
    shape.lathe(shape.shell(outer, 0.02, 0.04), stuff.glass("#f2fbf8"), smooth=False)
    shape.lathe(
        [(0, 0.05), (0.38, 0.05), (0.43, 0.08), (0.475, 0.2), (0.43, 0.38), (0, 0.38)], stuff.plain(wine, 0.05, coat=1, glow=0.35)
    )


def soup_pot(look: int = 0) -> None:
    """An enamel pot with lid and two handles."""
    colour = ["#b23a2c", "#2f5a75", "#d2a93f"][look % 3]
    enamel = stuff.plain(colour, 0.15, coat=0.8)
    shape.lathe(
        [(0, 0), (0, 0), (0.56, 0), (0.6, 0.05), (0.62, 0.1), (0.62, 0.62), (0.62, 0.62), (0.65, 0.64), (0.6, 0.65)], enamel
    )
    shape.lathe([(0.64, 0.66), (0.63, 0.69), (0.4, 0.78), (0.1, 0.82), (0, 0.82)], enamel)
    shape.lathe([(0.05, 0.81), (0.05, 0.88), (0.12, 0.91), (0.12, 0.95), (0, 0.97)], stuff.plain("#1c1c1c", 0.3))
    for side in (-1, 1):
        loop = [(side * 0.6, -0.17, 0.5), (side * 0.8, -0.12, 0.52), (side * 0.8, 0.12, 0.52), (side * 0.6, 0.17, 0.5)]
        shape.tube(loop, 0.04, stuff.plain("#1c1c1c", 0.35))
