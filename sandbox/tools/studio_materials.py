"""Procedural surfaces of the sample products and of the rooms they stand in: glaze, wood, cloth, metal, glass."""

import math
import tempfile
from pathlib import Path

import bpy
from PIL import Image, ImageDraw, ImageFont


def linear(colour: str) -> tuple[float, float, float, float]:
    """'#c08040' as linear RGBA."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return r, g, b, 1.0


class Surface:
    """A material under construction: the Principled shader and the nodes that feed it."""

    def __init__(self, colour: str, *, rough: float = 0.5, metal: float = 0.0, **weights: float) -> None:
        self.material = bpy.data.materials.new("surface")
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.shader = self.tree.nodes["Principled BSDF"]
        self.put(self.shader, "Base Color", linear(colour))
        self.put(self.shader, "Roughness", rough)
        self.put(self.shader, "Metallic", metal)
        names = {
            "coat": "Coat Weight",
            "sheen": "Sheen Weight",
            "glass": "Transmission Weight",
            "glow": "Emission Strength",
            "wax": "Subsurface Weight",
            "ior": "IOR",
            "alpha": "Alpha",
        }
        for short, value in weights.items():
            self.put(self.shader, names[short], value)
        if "glow" in weights:
            self.put(self.shader, "Emission Color", linear(colour))
        if "wax" in weights:
            self.put(self.shader, "Subsurface Scale", 0.08)
        self._coordinates = None

    @staticmethod
    def put(node, name, value) -> None:
        node.inputs[name].default_value = value

    def node(self, kind: str, inputs: dict | None = None, **properties):
        """Add a node; input values that are sockets are linked."""
        made = self.tree.nodes.new(kind)
        for name, value in properties.items():
            setattr(made, name, value)
        for name, value in (inputs or {}).items():
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, made.inputs[name])
            else:
                made.inputs[name].default_value = value
        return made

    def place(self, scale=(1, 1, 1), *, kind: str = "Object", turn=(0, 0, 0)):
        """Texture coordinates of the object, stretched."""
        if self._coordinates is None:
            self._coordinates = self.node("ShaderNodeTexCoord")
        inputs = {"Vector": self._coordinates.outputs[kind], "Scale": scale, "Rotation": turn}
        return self.node("ShaderNodeMapping", inputs).outputs[0]

    def noise(self, scale: float, *, stretch=(1, 1, 1), detail: float = 4, distortion: float = 0):
        inputs = {"Vector": self.place(stretch), "Scale": scale, "Detail": detail, "Distortion": distortion}
        return self.node("ShaderNodeTexNoise", inputs).outputs[0]

    def ramp(self, value, stops, *, steps: bool = False):
        """A colour by value; `stops` are (position, '#colour')."""
        made = self.node("ShaderNodeValToRGB", {"Fac": value})
        ramp = made.color_ramp
        ramp.interpolation = "CONSTANT" if steps else "EASE"
        while len(ramp.elements) < len(stops):
            ramp.elements.new(0.5)
        for element, (position, colour) in zip(ramp.elements, stops, strict=True):
            element.position, element.color = position, linear(colour)
        return made.outputs[0]

    def mix(self, factor, first, second, *, blend: str = "MIX"):
        made = self.node("ShaderNodeMix", data_type="RGBA", blend_type=blend)
        for index, value in ((0, factor), (6, first), (7, second)):
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, made.inputs[index])
            else:
                made.inputs[index].default_value = value
        return made.outputs[2]

    def colour(self, socket) -> "Surface":
        self.tree.links.new(socket, self.shader.inputs["Base Color"])
        return self

    def bump(self, height, strength: float = 0.3, distance: float = 0.02) -> "Surface":
        made = self.node("ShaderNodeBump", {"Height": height, "Strength": strength, "Distance": distance})
        self.tree.links.new(made.outputs[0], self.shader.inputs["Normal"])
        return self

    def roughness(self, value, low: float, high: float) -> "Surface":
        made = self.node("ShaderNodeMapRange", {"Value": value, "To Min": low, "To Max": high})
        self.tree.links.new(made.outputs[0], self.shader.inputs["Roughness"])
        return self


def plain(colour: str, rough: float = 0.5, **weights: float):
    """One even colour."""
    return Surface(colour, rough=rough, **weights).material


def metal(colour: str, rough: float = 0.25):
    """Metal with slightly uneven polish."""
    surface = Surface(colour, rough=rough, metal=1.0)
    return surface.roughness(surface.noise(14), max(rough - 0.08, 0.02), rough + 0.12).material


def glaze(colour: str, speck: str | None = None, *, rough: float = 0.22, dip: tuple[float, str] | None = None):
    """Fired glaze: a slightly uneven colour, specks, and perhaps a second colour above a height (`dip`)."""
    surface = Surface(colour, rough=rough, coat=0.35)
    darker = "#" + "".join(f"{int(int(colour[i : i + 2], 16) * 0.84):02x}" for i in (1, 3, 5))
    tint = surface.ramp(surface.noise(3.5), [(0.3, darker), (0.65, colour)])
    if dip is not None:
        height = surface.node("ShaderNodeSeparateXYZ", {"Vector": surface.place()}).outputs[2]
        wave = surface.node("ShaderNodeMath", {0: surface.noise(2.5), 1: 0.12}, operation="MULTIPLY").outputs[0]
        above = surface.node("ShaderNodeMath", {0: height, 1: wave}, operation="ADD").outputs[0]
        edge = {"Value": above, "From Min": dip[0] + 0.05, "From Max": dip[0] + 0.075}
        tint = surface.mix(surface.node("ShaderNodeMapRange", edge).outputs[0], tint, linear(dip[1]))
    if speck is not None:
        spots = surface.ramp(surface.noise(38, detail=1), [(0.0, "#000000"), (0.66, "#000000"), (0.69, "#ffffff")])
        tint = surface.mix(spots, tint, linear(speck))
    return surface.colour(tint).bump(surface.noise(7), 0.12, 0.02).material


def wood(light: str, dark: str, *, scale: float = 1.0, along=(1, 8, 8), rough: float = 0.45, turn=(0, 0, 0)):
    """Wood: long drifting grain, fine pores; `along` stretches the grain (small number = its direction)."""
    surface = Surface(light, rough=rough)
    place = surface.place(tuple(a * scale for a in along), turn=turn)
    inputs = {"Vector": place, "Scale": 1.1, "Detail": 6, "Distortion": 1.6}
    rings = surface.node("ShaderNodeTexNoise", inputs).outputs[0]
    fine = surface.place(tuple(a * scale * 6 for a in along), turn=turn)
    pores = surface.node("ShaderNodeTexNoise", {"Vector": fine, "Scale": 2.4, "Detail": 3}).outputs[0]
    grain = surface.ramp(rings, [(0.3, dark), (0.48, light), (0.56, dark), (0.72, light)])
    grain = surface.mix(0.35, grain, surface.ramp(pores, [(0.35, dark), (0.6, light)]))
    return surface.colour(grain).bump(pores, 0.15, 0.01).roughness(rings, rough - 0.08, rough + 0.12).material


def planks(light: str, dark: str, *, width: float = 0.8, rough: float = 0.4):
    """A table or floor of boards along x, each a little different, with gaps."""
    surface = Surface(light, rough=rough)
    brick_inputs = {
        "Vector": surface.place(),
        "Color1": linear("#ffffff"),
        "Color2": linear("#b9b1a8"),
        "Mortar": linear("#2a211a"),
        "Scale": 1.0,
        "Mortar Size": 0.006,
        "Mortar Smooth": 0.4,
        "Brick Width": 7.3,
        "Row Height": width,
    }
    boards = surface.node("ShaderNodeTexBrick", brick_inputs, offset=0.37)
    place = surface.place((0.55, 5, 5))
    rings = surface.node("ShaderNodeTexNoise", {"Vector": place, "Scale": 1.6, "Detail": 7, "Distortion": 1.2}).outputs[0]
    grain = surface.ramp(rings, [(0.3, dark), (0.5, light), (0.58, dark), (0.7, light)])
    surface.colour(surface.mix(0.75, grain, boards.outputs[0], blend="MULTIPLY"))
    return surface.bump(rings, 0.1, 0.01).roughness(rings, rough - 0.1, rough + 0.15).material


def cloth(colour: str, second: str | None = None, *, threads: float = 60, rough: float = 0.85, stripes: float = 0.0):
    """Woven cloth; `stripes` per unit of a second colour."""
    surface = Surface(colour, rough=rough, sheen=0.3)
    tint = surface.ramp(surface.noise(threads * 0.7, stretch=(1, 0.15, 1)), [(0.3, colour), (0.7, second or colour)])
    if second is None or stripes:
        shade = "#" + "".join(f"{int(int(colour[i : i + 2], 16) * 0.84):02x}" for i in (1, 3, 5))
        tint = surface.ramp(surface.noise(threads * 0.7, stretch=(1, 0.15, 1)), [(0.3, shade), (0.65, colour)])
    if stripes and second is not None:
        wave = surface.node("ShaderNodeTexWave", {"Vector": surface.place(), "Scale": stripes}, bands_direction="X")
        band = surface.ramp(wave.outputs[1], [(0.0, "#000000"), (0.72, "#ffffff")], steps=True)
        tint = surface.mix(band, tint, linear(second))
    warp = surface.node("ShaderNodeTexWave", {"Vector": surface.place(), "Scale": threads / 3}, bands_direction="X")
    weft = surface.node("ShaderNodeTexWave", {"Vector": surface.place(), "Scale": threads / 3}, bands_direction="Y")
    weave = surface.node("ShaderNodeMath", {0: warp.outputs[1], 1: weft.outputs[1]}, operation="ADD").outputs[0]
    return surface.colour(tint).bump(weave, 0.35, 0.01).material


def leather(colour: str, rough: float = 0.42):
    """Grained leather."""
    surface = Surface(colour, rough=rough)
    darker = "#" + "".join(f"{int(int(colour[i : i + 2], 16) * 0.75):02x}" for i in (1, 3, 5))
    cells = surface.node("ShaderNodeTexVoronoi", {"Vector": surface.place(), "Scale": 42.0}).outputs[0]
    surface.colour(surface.ramp(surface.noise(5), [(0.3, darker), (0.65, colour)]))
    return surface.bump(cells, 0.28, 0.012).material


def glass(colour: str = "#ffffff", rough: float = 0.0):
    """Clear or tinted glass. It lets light through to what stands in and behind it (caustics are not traced)."""
    surface = Surface(colour, rough=rough, glass=1.0, ior=1.45)
    clear = surface.node("ShaderNodeBsdfTransparent", {"Color": linear(colour)}).outputs[0]
    shadow = surface.node("ShaderNodeLightPath").outputs["Is Shadow Ray"]
    both = surface.node("ShaderNodeMixShader", {0: shadow, 1: surface.shader.outputs[0], 2: clear}).outputs[0]
    surface.tree.links.new(both, surface.tree.nodes["Material Output"].inputs["Surface"])
    return surface.material


def stone(light: str, dark: str, *, scale: float = 2.0, rough: float = 0.6):
    """Concrete, plaster or marble by its two colours."""
    surface = Surface(light, rough=rough)
    veins = surface.noise(scale, detail=9, distortion=0.6)
    return surface.colour(surface.ramp(veins, [(0.32, dark), (0.62, light)])).bump(surface.noise(scale * 12), 0.12).material


def tiles(colour: str, joint: str, *, size: float = 0.9):
    """A tiled or bricked wall."""
    surface = Surface(colour, rough=0.3)
    inputs = {
        "Vector": surface.place(turn=(math.pi / 2, 0, 0)),  # a wall stands
        "Color1": linear(colour),
        "Color2": linear("#" + "".join(f"{int(int(colour[i : i + 2], 16) * 0.9):02x}" for i in (1, 3, 5))),
        "Mortar": linear(joint),
        "Scale": 1.0,
        "Mortar Size": 0.02,
        "Brick Width": size * 2,
        "Row Height": size,
    }
    brick = surface.node("ShaderNodeTexBrick", inputs)
    return surface.colour(brick.outputs[0]).bump(brick.outputs[1], -0.5, 0.02).material


def printed(path: str, *, rough: float = 0.55):
    """A printed picture, placed by the UV map."""
    surface = Surface("#ffffff", rough=rough)
    image = surface.node("ShaderNodeTexImage", {"Vector": surface.place(kind="UV")}, extension="EXTEND")
    image.image = bpy.data.images.load(path)
    return surface.colour(image.outputs[0]).material


def label_picture(title: tuple[str, str], *, paper: str, ink: str, around: bool = False) -> str:
    """Draw a printed label (a name and a line below it); returns the picture's path. `around` repeats it on a band."""
    wide, tall = (2000, 560) if around else (820, 560)
    picture = Image.new("RGB", (wide, tall), paper)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 18, wide, 30), fill=ink)
    draw.rectangle((0, tall - 30, wide, tall - 18), fill=ink)
    for centre in (wide * 0.25, wide * 0.75) if around else (wide * 0.5,):
        draw.text((centre, tall * 0.42), title[0], font=_font(150), fill=ink, anchor="mm")
        draw.text((centre, tall * 0.68), title[1], font=_font(64), fill=ink, anchor="mm")
        draw.line((centre - 190, tall * 0.57, centre + 190, tall * 0.57), fill=ink, width=5)
    folder = Path(tempfile.gettempdir()) / "store-labels"
    folder.mkdir(exist_ok=True)
    path = folder / f"{'-'.join(title).lower().replace(' ', '-')}-{ink[1:]}.png"
    picture.save(path)
    return str(path)


def _font(size: int):
    return ImageFont.load_default(size)
