"""Meshes for the sample products: lathed, extruded, tubed and boxed shapes in Blender.

One unit is about the height of a mug; every function links its object into the scene and returns it.
"""

import math
from collections.abc import Sequence

import bpy
import numpy as np
from mathutils import Vector

SEGMENTS = 96
Points2 = Sequence[tuple[float, float]]
Points3 = Sequence[tuple[float, float, float]]


def catmull(points: Points2 | Points3, steps: int = 8) -> list[tuple[float, ...]]:
    """Points on a Catmull-Rom spline through the given ones; a point given twice in a row makes a corner."""
    knots = np.array(points, dtype=float)
    padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    out = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        if np.allclose(b, c):
            continue
        for t in np.linspace(0, 1, steps, endpoint=False):
            out.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    out.append(knots[-1])
    return [tuple(map(float, p)) for p in out]


def link(name: str, data, material=None, at=(0, 0, 0)):
    """A new object for a mesh or curve, linked into the scene."""
    thing = bpy.data.objects.new(name, data)
    if material is not None:
        data.materials.append(material)
    thing.location = at
    bpy.context.scene.collection.objects.link(thing)
    return thing


def mesh(name: str, verts, faces, material=None, *, at=(0, 0, 0), sharp_degrees: float = 40.0):
    """A smooth-shaded mesh whose edges sharper than the angle stay sharp."""
    data = bpy.data.meshes.new(name)
    data.from_pydata([tuple(v) for v in verts], [], faces)
    data.update()
    data.shade_smooth()
    data.set_sharp_from_angle(angle=math.radians(sharp_degrees))
    return link(name, data, material, at)


def lathe(profile: Points2, material, *, at=(0, 0, 0), smooth=True, arc=(0.0, 360.0), wobble=0.0, segments=SEGMENTS):
    """A surface of revolution about z of (radius, height) points; `arc` in degrees leaves a strip (for labels)."""
    line = catmull(profile) if smooth else list(profile)
    closed = arc[1] - arc[0] >= 360
    columns = segments if closed else segments + 1
    verts, faces = [], []
    for i in range(columns):
        angle = math.radians(arc[0] + (arc[1] - arc[0]) * i / segments)
        swell = 1 + wobble * math.sin(3 * angle + 1) + wobble * 0.6 * math.sin(5 * angle)
        verts += [(max(r, 0) * swell * math.cos(angle), max(r, 0) * swell * math.sin(angle), z) for r, z in line]
    rows = len(line)
    for i in range(segments):
        j = (i + 1) % columns
        faces += [(i * rows + k, j * rows + k, j * rows + k + 1, i * rows + k + 1) for k in range(rows - 1)]
    thing = mesh("lathe", verts, faces, material, at=at)
    uv = thing.data.uv_layers.new(name="UVMap")
    low, high = min(z for _, z in line), max(z for _, z in line)
    for polygon in thing.data.polygons:
        column = polygon.index // (rows - 1)
        for loop in polygon.loop_indices:
            vertex = thing.data.loops[loop].vertex_index
            here = vertex // rows
            u = (column + 1 if here != column else column) / segments
            uv.data[loop].uv = (u, (line[vertex % rows][1] - low) / max(high - low, 1e-6))
    if closed:
        weld(thing)
    return thing


def weld(thing) -> None:
    """Join doubled vertices (the poles of a lathed shape)."""
    modifier = thing.modifiers.new("weld", "WELD")
    modifier.merge_threshold = 1e-5


def shell(outer: Points2, wall: float, floor: float) -> list[tuple[float, float]]:
    """The profile of a vessel: the outer line from the foot's centre to the lip, a round lip, and the inside down."""
    line = catmull(outer)
    top_r, top_z = line[-1]
    inner = [(max(r - wall, 0.0), max(z, floor)) for r, z in reversed(line) if z >= floor * 0.5]
    lip = [(top_r - wall * 0.15, top_z + wall * 0.38), (top_r - wall * 0.5, top_z + wall * 0.5)]
    lip.append((top_r - wall * 0.85, top_z + wall * 0.38))
    return [*line, *lip, *inner, (inner[-1][0] * 0.5, floor), (0.0, floor)]


def box(size, material, *, at=(0, 0, 0), bevel=0.02, turn=(0.0, 0.0, 0.0), segments=4):
    """A box with rounded edges standing on `at`; `turn` in degrees about x, y, z."""
    x, y, z = size[0] / 2, size[1] / 2, size[2]
    verts = [(sx * x, sy * y, sz * z) for sz in (0, 1) for sy in (-1, 1) for sx in (-1, 1)]
    faces = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    thing = mesh("box", verts, faces, material, at=at)
    rounded(thing, bevel, segments)
    thing.rotation_euler = tuple(math.radians(a) for a in turn)
    return thing


def rounded(thing, width: float, segments: int = 4) -> None:
    """Bevel the edges and keep the flats flat."""
    if width <= 0:
        return
    bevel = thing.modifiers.new("bevel", "BEVEL")
    bevel.width, bevel.segments, bevel.limit_method = width, segments, "ANGLE"
    bevel.harden_normals = True


def tube(points: Points3, radius, material, *, closed=False, at=(0, 0, 0), smooth=True, flat=1.0):
    """A round rod along a path; `radius` is one number or one per point; `flat` squeezes the section."""
    radii = [radius] * len(points) if isinstance(radius, int | float) else list(radius)
    if smooth and not closed:
        joined = catmull([(*p, r) for p, r in zip(points, radii, strict=True)])
        points, radii = [p[:3] for p in joined], [p[3] for p in joined]
    curve = bpy.data.curves.new("tube", "CURVE")
    curve.dimensions, curve.bevel_depth, curve.bevel_resolution = "3D", 1.0, 8
    curve.use_fill_caps = True
    spline = curve.splines.new("NURBS" if closed and smooth else "POLY")
    spline.points.add(len(points) - 1)
    for point, position, r in zip(spline.points, points, radii, strict=True):
        point.co, point.radius = (*position, 1), r
    spline.use_cyclic_u = closed
    if closed and smooth:
        spline.order_u, spline.resolution_u = 4, 6
    thing = link("tube", curve, material, at)
    thing.scale.z = flat
    return thing


def plate(outline: Points2, thickness: float, material, *, at=(0, 0, 0), bevel=0.01, holes=(), turn=(0.0, 0.0, 0.0)):
    """A flat shape cut out along an outline, with rounded edges, lying on `at`."""
    curve = bpy.data.curves.new("plate", "CURVE")
    curve.dimensions, curve.fill_mode = "2D", "BOTH"
    curve.extrude, curve.bevel_depth, curve.bevel_resolution = max(thickness / 2 - bevel, 1e-4), bevel, 4
    curve.offset = -bevel
    for ring in (outline, *holes):
        spline = curve.splines.new("POLY")
        spline.points.add(len(ring) - 1)
        for point, (x, y) in zip(spline.points, ring, strict=True):
            point.co = (x, y, 0, 1)
        spline.use_cyclic_u = True
    thing = link("plate", curve, material, (at[0], at[1], at[2]))
    thing.rotation_euler = tuple(math.radians(a) for a in turn)
    thing.location = Vector(at) + thing.rotation_euler.to_matrix() @ Vector((0, 0, thickness / 2))
    return thing


def circle(radius: float, *, at=(0.0, 0.0), count: int = 64, squash: float = 1.0) -> list[tuple[float, float]]:
    """A ring of points for `plate`."""
    angles = [2 * math.pi * i / count for i in range(count)]
    return [(at[0] + radius * math.cos(a), at[1] + radius * squash * math.sin(a)) for a in angles]


def rounded_rectangle(width: float, height: float, radius: float, *, at=(0.0, 0.0)) -> list[tuple[float, float]]:
    """A ring of points for `plate` with round corners."""
    out = []
    for corner, (sx, sy) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        cx, cy = at[0] + sx * (width / 2 - radius), at[1] + sy * (height / 2 - radius)
        for step in range(9):
            a = math.pi / 2 * (corner + step / 8)
            out.append((cx + radius * math.cos(a), cy + radius * math.sin(a)))
    return out


def ball(radius: float, material, *, at=(0, 0, 0), squash=(1.0, 1.0, 1.0)):
    """A sphere about `at`."""
    count = 24
    profile = [(radius * math.sin(math.pi * i / count), -radius * math.cos(math.pi * i / count)) for i in range(count + 1)]
    thing = lathe(profile, material, at=at, smooth=False, segments=48)
    thing.scale = squash
    return thing


def words(text: str, size: float, material, *, at=(0, 0, 0), turn=(0.0, 0.0, 0.0), raised: float = 0.002):
    """Raised lettering, centred on `at`, lying flat unless turned."""
    curve = bpy.data.curves.new("words", "FONT")
    curve.body, curve.size, curve.align_x, curve.align_y, curve.extrude = text, size, "CENTER", "CENTER", raised
    thing = link("words", curve, material, at)
    thing.rotation_euler = tuple(math.radians(a) for a in turn)
    return thing


def group(things, *, at=(0, 0, 0), turn=(0.0, 0.0, 0.0), scale: float = 1.0):
    """Move several objects as one."""
    empty = link("group", None, None, at)
    empty.rotation_euler = tuple(math.radians(a) for a in turn)
    empty.scale = (scale, scale, scale)
    for thing in things:
        if thing.parent is None:
            thing.parent = empty
    return empty
