"""`google/nano-banana`: edits a picture by prompt (external API facts, Replicate "google/nano-banana model")."""

from darkroom_sandbox.replicate.models.model import InputField, Model

MODEL = Model(
    owner="google",
    name="nano-banana",
    description="Edits a picture by prompt; here: cuts the subject out and puts it before a studio background.",
    fields={
        "prompt": InputField("string", required=True),
        "image_input": InputField("addresses"),
        "aspect_ratio": InputField(
            "string",
            choices=("match_input_image", "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"),
        ),
        "output_format": InputField("string", choices=("jpg", "png")),
    },
    picture_field="image_input",
)
