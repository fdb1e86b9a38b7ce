"""The room a product is photographed in: a table or floor, a wall, some clutter, uneven light and a phone's camera.

A shop owner's snapshot, on purpose: the better for showing what a white background changes.
"""

import math
import random
from pathlib import Path

import bpy
import studio_materials as stuff
import studio_shapes as shape
from mathutils import Vector
from shots import Shot

WALL_DISTANCE = 3.4
WORLDS = Path(bpy.utils.system_resource("DATAFILES")) / "studiolights" / "world"


def _oak():
    return stuff.planks("#b98a5a", "#8f6238"), stuff.stone("#d8d2c6", "#bfb8aa")


def _walnut():
    return stuff.planks("#6f4a30", "#452a19", width=1.1), stuff.stone("#a9aba6", "#8f928f")


def _grey():
    return stuff.stone("#8d8f90", "#737577", scale=1.5, rough=0.5), stuff.stone("#b7b9ba", "#9a9da0", scale=0.6)


def _linen():
    return stuff.cloth("#a89a82", threads=150), stuff.stone("#8f988f", "#7b857d", scale=0.5)


def _tile():
    return stuff.planks("#9a8069", "#7a614c", width=1.5), stuff.tiles("#c9d0cf", "#8d908e")


def _brick():
    return stuff.planks("#a3764a", "#754d2b", width=0.95), stuff.tiles("#97573f", "#9c968c", size=0.42)


def _slate():
    return stuff.stone("#4d5356", "#393e41", scale=1.8, rough=0.4), stuff.stone("#6d7274", "#565b5e", scale=0.5)


def _paint():
    return stuff.planks("#7f9095", "#62747b", width=0.9, rough=0.5), stuff.stone("#c8b79c", "#b3a084", scale=0.5)


def _floor():
    return stuff.planks("#a9855e", "#7c5c3c", width=0.42), stuff.stone("#c5c3bb", "#afaea7", scale=0.7)


def _garage():
    return stuff.stone("#85827c", "#67655f", scale=0.9, rough=0.7), stuff.tiles("#a7a39b", "#86837c", size=0.5)


ROOMS = {
    "oak": _oak,
    "walnut": _walnut,
    "grey": _grey,
    "linen": _linen,
    "tile": _tile,
    "brick": _brick,
    "slate": _slate,
    "paint": _paint,
    "floor": _floor,
    "garage": _garage,
}

# world picture, its strength and turn; window colour, watts, side (-1 left, 1 right)
LIGHTS = {
    "window": ("interior.exr", 0.55, 40, "#e6eeff", 190, -1),
    "lamp": ("interior.exr", 0.65, 200, "#ffd9ae", 200, 1),
    "noon": ("courtyard.exr", 0.6, 100, "#fff4e2", 240, 1),
    "dull": ("city.exr", 0.55, 10, "#dfe6ee", 80, -1),
    "evening": ("sunset.exr", 0.5, 60, "#ffc590", 170, -1),
}


def empty_scene() -> None:
    """Forget everything of the last picture."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


def extent(things) -> tuple[Vector, Vector]:
    """The box around the objects, in the world, as they will be rendered."""
    bpy.context.view_layer.update()
    graph = bpy.context.evaluated_depsgraph_get()
    corners = []
    for thing in things:
        if thing.type in {"MESH", "CURVE", "FONT"}:
            made = thing.evaluated_get(graph)
            corners += [made.matrix_world @ vertex.co for vertex in made.to_mesh().vertices]
            made.to_mesh_clear()
    low = Vector(min(c[i] for c in corners) for i in range(3))
    high = Vector(max(c[i] for c in corners) for i in range(3))
    return low, high


def furnish(shot: Shot, seed: int) -> None:
    """Build the room around the product at the origin, seen by `shot`."""
    product = list(bpy.context.scene.objects)
    low, high = extent(product)
    size = max(high - low)
    ground, wall = ROOMS[shot.room]()
    dice = random.Random(seed)
    view = math.radians(shot.around)
    away = Vector((-math.sin(view), math.cos(view), 0.0))
    floor = shape.box((60, 60, 0.2), ground, at=(dice.uniform(-3, 3), dice.uniform(-3, 3), -0.2), bevel=0)
    floor.rotation_euler.z = view + math.radians(dice.uniform(-14, 14))
    back = shape.box((60, 0.2, 60), wall, bevel=0)
    back.location = away * (WALL_DISTANCE * max(size, 0.8))
    back.location.z = -1.0
    back.rotation_euler.z = view + math.radians(dice.uniform(-6, 6))
    if shot.clutter:
        _clutter(away, size, dice)
    centre = (low + high) / 2
    _lights(shot, centre, size, view)
    _camera(shot, product, dice)


def _clutter(away: Vector, size: float, dice: random.Random) -> None:
    """Things left standing behind the product, at the edges of the picture."""
    side = Vector((away.y, -away.x, 0))
    makers = [_books, _jar, _carton, _tumbler, _papers]
    dice.shuffle(makers)
    for make, where in zip(makers[:3], (-1.0, 1.05, dice.uniform(-0.5, 0.5)), strict=True):
        far = dice.uniform(1.7, 2.4) if abs(where) > 0.9 else 2.9
        spot = away * (far * size) + side * (where * size * dice.uniform(1.15, 1.5))
        things = make(dice)
        shape.group(things, at=(spot.x, spot.y, 0), turn=(0, 0, dice.uniform(-40, 40)), scale=size * 0.8)


def _books(dice: random.Random):
    colours = ["#6d2f2b", "#2f4858", "#857a5c", "#3f5a45"]
    dice.shuffle(colours)
    level, things = 0.0, []
    for colour in colours[:3]:
        thick = dice.uniform(0.1, 0.2)
        size = (dice.uniform(0.8, 1.0), dice.uniform(0.55, 0.7), thick)
        things.append(shape.box(size, stuff.plain(colour, 0.6), at=(0, 0, level), turn=(0, 0, dice.uniform(-8, 8))))
        level += thick
    return things


def _jar(_dice: random.Random):
    body = shape.lathe([(0, 0), (0, 0), (0.3, 0), (0.3, 0), (0.33, 0.3), (0.2, 0.6), (0.22, 0.7)], stuff.glaze("#77796f"))
    pens = [
        shape.tube([(x, y, 0.2), (x * 2.2, y * 2.2, 1.1)], 0.025, stuff.plain(c))
        for x, y, c in ((0.06, 0.04, "#b23b2e"), (-0.06, 0.05, "#d8b13c"), (0.01, -0.08, "#33413c"))
    ]
    return [body, *pens]


def _carton(_dice: random.Random):
    board = stuff.stone("#a98458", "#977347", scale=3)
    tape = stuff.plain("#c7ab7c", 0.25)
    return [shape.box((0.9, 0.7, 0.6), board, bevel=0.01), shape.box((0.13, 0.705, 0.603), tape, bevel=0.002)]


def _tumbler(_dice: random.Random):
    steel = stuff.plain("#50666b", 0.4)
    profile = [(0, 0), (0, 0), (0.24, 0), (0.24, 0), (0.26, 0.9), (0.26, 0.9), (0.18, 1.0), (0, 1.0)]
    return [shape.lathe(profile, steel)]


def _papers(dice: random.Random):
    paper = stuff.plain("#d9d6cc", 0.8)
    sheets = [shape.box((0.9, 1.2, 0.006), paper, at=(0, 0, i * 0.007), bevel=0) for i in range(3)]
    for sheet in sheets:
        sheet.rotation_euler.z = dice.uniform(-0.3, 0.3)
    pen = shape.tube([(-0.3, 0.1, 0.06), (0.3, 0.3, 0.06)], 0.025, stuff.plain("#22354f", 0.3))
    return [*sheets, pen]


def _lights(shot: Shot, centre: Vector, size: float, view: float) -> None:
    world_picture, strength, turn, colour, watts, side = LIGHTS[shot.light]
    world = bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    place, sky = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeTexEnvironment")
    mapping = nodes.new("ShaderNodeMapping")
    mapping.inputs["Rotation"].default_value[2] = math.radians(turn) + view
    sky.image = bpy.data.images.load(str(WORLDS / world_picture))
    links.new(place.outputs["Generated"], mapping.inputs["Vector"])
    links.new(mapping.outputs[0], sky.inputs["Vector"])
    links.new(sky.outputs[0], nodes["Background"].inputs["Color"])
    world.cycles.sampling_method = "NONE"  # halves the time; the window below does the lighting
    nodes["Background"].inputs["Strength"].default_value = strength
    lamp = bpy.data.lights.new("window", "AREA")
    lamp.color, lamp.energy = stuff.linear(colour)[:3], watts * size**2 * 0.55
    lamp.shape, lamp.size, lamp.size_y = "RECTANGLE", 1.3 * size, 2.2 * size
    thing = shape.link("window", lamp)
    angle = view + math.radians(-90 + side * 62)
    thing.location = centre + Vector((math.cos(angle) * 2.9, math.sin(angle) * 2.9, 2.3)) * size
    thing.rotation_euler = (centre - thing.location).to_track_quat("-Z", "Y").to_euler()


FRAMES = {"square": (1, 1), "portrait": (4, 5), "landscape": (5, 4)}


def _camera(shot: Shot, product, dice: random.Random) -> None:
    """Aim at the product so that it fills the stated part of the frame, as far as its corners go."""
    data = bpy.data.cameras.new("phone")
    camera = shape.link("phone", data)
    bpy.context.scene.camera = camera
    data.lens, data.sensor_width, data.sensor_fit = shot.lens, 36, "AUTO"
    low, high = extent(product)
    centre = (low + high) / 2
    view, lift = math.radians(shot.around), math.radians(shot.above)
    backwards = Vector((math.sin(view) * math.cos(lift), -math.cos(view) * math.cos(lift), math.sin(lift)))
    rotation = backwards.to_track_quat("Z", "Y")
    camera.rotation_mode = "QUATERNION"
    camera.rotation_quaternion = rotation
    right, up = rotation @ Vector((1, 0, 0)), rotation @ Vector((0, 1, 0))
    wide, tall = FRAMES[shot.aspect]
    half = 18 / shot.lens * shot.fill
    half_x, half_y = half * min(1, wide / tall), half * min(1, tall / wide)
    distance = 0.0
    for i in range(8):
        corner = Vector(((low, high)[i & 1].x, (low, high)[i >> 1 & 1].y, (low, high)[i >> 2].z)) - centre
        reach = max(abs(corner.dot(right)) / half_x, abs(corner.dot(up)) / half_y)
        distance = max(distance, reach + corner.dot(backwards))
    aside = right * dice.uniform(-0.035, 0.035) * distance * half + up * dice.uniform(0.0, 0.05) * distance * half
    camera.location = centre + backwards * distance + aside
    camera.rotation_quaternion = rotation @ Vector((0, 0, 1)).rotation_difference(Vector((dice.uniform(-0.01, 0.01), 0, 1)))
    data.dof.use_dof, data.dof.focus_distance = True, distance - max(high - low) * 0.15
    data.dof.aperture_fstop = 0.7 / max(max(high - low), 0.2)


def render(path: Path, shot: Shot, *, long_side: int, samples: int, threads: int) -> None:
    """Path-trace the scene to a PNG."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples, scene.cycles.use_denoising = samples, True
    scene.cycles.use_adaptive_sampling, scene.cycles.use_light_tree = False, False
    scene.cycles.denoising_quality = "BALANCED"
    scene.cycles.max_bounces, scene.cycles.diffuse_bounces, scene.cycles.glossy_bounces = 8, 2, 3
    scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
    scene.cycles.sample_clamp_indirect = 4
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    wide, tall = FRAMES[shot.aspect]
    scene.render.resolution_x = round(long_side * min(1, wide / tall))
    scene.render.resolution_y = round(long_side * min(1, tall / wide))
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.view_settings.exposure = 0.6
    scene.render.image_settings.file_format = "PNG"
    unfinished = path.with_name(f"unfinished-{path.name}")
    scene.render.filepath = str(unfinished)
    bpy.ops.render.render(write_still=True)
    unfinished.rename(path)
