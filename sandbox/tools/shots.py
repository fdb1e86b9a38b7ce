"""What the sample store sells, and how each product is photographed. A product is a row; a picture is a `Shot`.

Rows of `shots` are rendered; `derived` says how many further snapshots are made from them (`build_catalogue.py`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shot:
    """One photograph: the room, the camera about the product (degrees), and how much of the frame it fills."""

    room: str = "oak"
    around: float = 20
    above: float = 22
    fill: float = 0.68
    aspect: str = "square"
    light: str = "window"
    look: int = 0
    lens: float = 55
    clutter: bool = True


@dataclass(frozen=True)
class Row:
    """A product of the store; `build` names its function in `products_table`, `products_home` or `products_small`."""

    id: str
    name: str
    tags: tuple[str, ...]
    build: str
    shots: tuple[Shot, ...]
    derived: int = 1


MUG = (
    Shot("oak", 20, 22, light="window"),
    Shot("grey", -25, 18, light="noon", look=1),
    Shot("walnut", 35, 30, light="window", look=2),
    Shot("tile", 10, 14, light="lamp", look=3),
    Shot("slate", 55, 24, light="window"),
    Shot("linen", -40, 26, light="evening", look=2, aspect="landscape"),
    Shot("brick", 15, 12, light="noon", look=1, aspect="portrait"),
    Shot("paint", 65, 20, light="dull", look=3),
    Shot("oak", 150, 20, light="evening", look=1),
    Shot("paint", 30, 50, light="noon", look=2, aspect="landscape"),
    Shot("walnut", -15, 16, light="dull", aspect="portrait", fill=0.74),
    Shot("grey", 40, 38, light="lamp", look=3, fill=0.78),
)

ROWS = (
    Row("ceramic-mug", "Ceramic mug", ("kitchen", "cup", "coffee", "pottery"), "ceramic_mug", MUG, 0),
    Row(
        "teapot",
        "Round teapot",
        ("kitchen", "tea", "pottery"),
        "teapot",
        (Shot("oak", -20, 20), Shot("grey", 15, 28, light="noon", look=1)),
        2,
    ),
    Row(
        "espresso-cup",
        "Espresso cup and saucer",
        ("kitchen", "coffee", "pottery"),
        "espresso_cup",
        (Shot("walnut", 25, 32), Shot("grey", -20, 26, light="noon", look=1)),
        1,
    ),
    Row("stoneware-bowl", "Stoneware bowl", ("kitchen", "pottery"), "stoneware_bowl", (Shot("oak", 0, 30, light="noon"),), 1),
    Row("dinner-plate", "Dinner plates, set of two", ("kitchen", "pottery"), "dinner_plate", (Shot("walnut", 0, 38),), 1),
    Row("flower-vase", "Two-tone flower vase", ("home", "pottery"), "flower_vase", (Shot("paint", 0, 14, aspect="portrait"),), 2),
    Row(
        "bud-vase",
        "Bud vase with dried flowers",
        ("home", "pottery", "flowers"),
        "dried_flowers",
        (Shot("slate", 0, 12, aspect="portrait", light="noon"),),
        1,
    ),
    Row(
        "cork-bottle",
        "Green glass bottle with cork",
        ("kitchen", "glass"),
        "cork_bottle",
        (Shot("oak", 0, 14, aspect="portrait", light="noon"),),
        1,
    ),
    Row("honey-jar", "Wild meadow honey", ("food", "jar"), "honey_jar", (Shot("walnut", 10, 18),), 2),
    Row("cherry-jam", "Morello cherry jam", ("food", "jar"), "honey_jar", (Shot("linen", -12, 18, light="noon", look=1),), 1),
    Row(
        "tea-tin",
        "Tin of green tea",
        ("food", "tea"),
        "tea_tin",
        (Shot("oak", 12, 16, aspect="portrait"), Shot("brick", -15, 22, light="noon", look=1)),
        1,
    ),
    Row(
        "cutting-board",
        "Oak cutting board",
        ("kitchen", "wood"),
        "cutting_board",
        (Shot("slate", 0, 48), Shot("grey", 30, 40, light="noon", look=1)),
        2,
    ),
    Row(
        "wooden-spoons",
        "Cooking spoons in a pot",
        ("kitchen", "wood"),
        "wooden_spoons",
        (Shot("tile", 0, 12, aspect="portrait"),),
        1,
    ),
    Row(
        "rolling-pin",
        "Beech rolling pin",
        ("kitchen", "wood", "baking"),
        "rolling_pin",
        (Shot("slate", 20, 32, aspect="landscape"),),
        0,
    ),
    Row(
        "pepper-mill",
        "Turned pepper mill",
        ("kitchen", "wood"),
        "pepper_mill",
        (Shot("linen", 0, 14, aspect="portrait"), Shot("tile", 0, 18, aspect="portrait", light="noon", look=1)),
        1,
    ),
    Row("drinking-glass", "Amber tumbler", ("kitchen", "glass"), "drinking_glass", (Shot("oak", 0, 20, light="noon"),), 1),
    Row(
        "carafe", "Wine carafe", ("kitchen", "glass"), "wine_carafe", (Shot("paint", 0, 16, aspect="portrait", light="noon"),), 1
    ),
    Row("soup-pot", "Enamel soup pot", ("kitchen", "cooking"), "soup_pot", (Shot("grey", 20, 24),), 2),
    Row(
        "scented-candle",
        "Cedar scented candle",
        ("home", "candle"),
        "scented_candle",
        (Shot("slate", 10, 18, light="noon"), Shot("oak", -15, 24, light="evening")),
        1,
    ),
    Row("rose-candle", "Rose scented candle", ("home", "candle"), "scented_candle", (Shot("paint", -8, 18, look=1),), 1),
    Row(
        "pillar-candles",
        "Pillar candles on a brass tray",
        ("home", "candle"),
        "pillar_candles",
        (Shot("grey", 15, 22), Shot("slate", -30, 28, light="evening")),
        1,
    ),
    Row(
        "table-lamp",
        "Table lamp",
        ("home", "light"),
        "table_lamp",
        (Shot("oak", 10, 10, aspect="portrait"), Shot("grey", -10, 14, aspect="portrait", light="noon", look=1)),
        1,
    ),
    Row(
        "alarm-clock",
        "Twin-bell alarm clock",
        ("home", "clock"),
        "alarm_clock",
        (Shot("oak", 18, 12), Shot("linen", -22, 16, light="noon", look=1)),
        2,
    ),
    Row(
        "linen-cushion",
        "Linen cushion",
        ("home", "textile"),
        "cushion",
        (Shot("walnut", 12, 14), Shot("grey", -14, 18, light="noon", look=1)),
        1,
    ),
    Row(
        "succulent",
        "Succulent in a clay pot",
        ("home", "plant", "flowers"),
        "succulent",
        (Shot("grey", 0, 24, light="noon"), Shot("oak", 20, 34, look=1)),
        2,
    ),
    Row(
        "stool",
        "Three-legged stool",
        ("furniture", "wood"),
        "stool",
        (Shot("garage", 0, 14, aspect="portrait", light="noon"), Shot("garage", 40, 24, aspect="portrait", look=1)),
        1,
    ),
    Row(
        "dining-chair",
        "Spindle-back chair",
        ("furniture", "wood"),
        "dining_chair",
        (Shot("garage", 32, 12, aspect="portrait"), Shot("floor", -30, 16, aspect="portrait", light="noon", look=1)),
        1,
    ),
    Row(
        "novels",
        "Four cloth-bound novels",
        ("books", "reading"),
        "book_stack",
        (Shot("grey", 14, 20, light="noon"), Shot("slate", -20, 26)),
        1,
    ),
    Row(
        "notebook",
        "Pocket notebook",
        ("stationery", "paper"),
        "notebook",
        (Shot("oak", 0, 42), Shot("linen", -25, 36, light="noon", look=1)),
        2,
    ),
    Row(
        "gift-box",
        "Gift box with ribbon",
        ("gift",),
        "gift_box",
        (Shot("oak", 28, 26), Shot("grey", -24, 30, light="noon", look=1)),
        2,
    ),
    Row(
        "soap-bars",
        "Olive and clay soap bars",
        ("bath", "soap"),
        "soap_bars",
        (Shot("slate", 10, 34), Shot("walnut", -16, 40, light="noon", look=1)),
        1,
    ),
    Row(
        "picture-frame",
        "Oak picture frame with print",
        ("home", "wood"),
        "picture_frame",
        (Shot("grey", 16, 10, aspect="portrait", light="noon"), Shot("slate", -18, 14, aspect="portrait")),
        1,
    ),
    Row(
        "wicker-basket",
        "Wicker basket",
        ("home", "storage"),
        "wicker_basket",
        (Shot("slate", 25, 24), Shot("grey", -40, 34, light="noon")),
        1,
    ),
    Row(
        "knitting-wool",
        "Knitting wool with needles",
        ("craft", "textile"),
        "wool_ball",
        (Shot("oak", 0, 20, light="noon"), Shot("grey", 20, 26, look=1)),
        1,
    ),
    Row(
        "toy-car",
        "Wooden toy car",
        ("toys", "wood"),
        "toy_car",
        (Shot("grey", -32, 20, aspect="landscape", light="noon"), Shot("oak", 28, 24, aspect="landscape", look=1)),
        2,
    ),
    Row(
        "spinning-top",
        "Painted spinning top",
        ("toys", "wood"),
        "spinning_top",
        (Shot("oak", 0, 26), Shot("linen", 25, 32, light="noon", look=1)),
        1,
    ),
    Row(
        "building-blocks",
        "Building blocks",
        ("toys", "wood"),
        "building_blocks",
        (Shot("grey", 18, 18, light="noon"), Shot("linen", -24, 26)),
        1,
    ),
    Row("chess-pieces", "Turned chess pieces", ("games", "wood"), "chess_pieces", (Shot("paint", 0, 20),), 1),
    Row("dice", "Set of five dice", ("games",), "dice", (Shot("oak", 10, 36),), 1),
    Row(
        "wristwatch",
        "Wristwatch with leather strap",
        ("watch", "jewellery"),
        "wristwatch",
        (Shot("grey", 14, 24, light="noon"),),
        2,
    ),
    Row("gold-ring", "Gold ring with green stone", ("jewellery", "gift"), "gold_ring", (Shot("oak", 18, 28, light="noon"),), 1),
    Row("bead-necklace", "Glazed bead necklace", ("jewellery",), "bead_necklace", (Shot("slate", 0, 48),), 1),
    Row("leather-wallet", "Leather wallet", ("leather", "accessories"), "wallet", (Shot("grey", 22, 26, light="noon"),), 1),
    Row("headphones", "Over-ear headphones", ("electronics", "music"), "headphones", (Shot("oak", 28, 16),), 2),
    Row("perfume", "Eau de parfum", ("beauty", "gift"), "perfume", (Shot("slate", 18, 16, aspect="portrait"),), 1),
    Row("lipsticks", "Lipsticks, set of two", ("beauty",), "lipsticks", (Shot("linen", 10, 18, light="noon"),), 1),
    Row("guitar-picks", "Guitar picks, set of five", ("music",), "guitar_picks", (Shot("oak", 0, 56),), 1),
    Row(
        "sunglasses",
        "Round sunglasses",
        ("accessories", "summer"),
        "sunglasses",
        (Shot("oak", 24, 24, aspect="landscape", light="noon"),),
        1,
    ),
)
