"""What a caller sends for a job, and every rule that it must keep. Addresses are looked up elsewhere.

All broken rules are found at once, each with its field's path. The limits come from the product's catalogue row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from darkroom_servicekit.http import StrictBody
from darkroom_servicekit.problems import NUL, FieldError
from darkroom_servicekit.request_body import check_bounds, model_errors, read_json_object
from darkroom_servicekit.visible_text import INVISIBLE_RULE, is_visible
from fastapi import Request
from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator

from darkroom_jobs_api.catalogue.product import Product

TEXT_CHARACTERS_MAX = 200
URL_CHARACTERS_MAX = 2048
OPTIONS = ("aspectRatio", "outputFormat", "quality")


def _check_seen(value: str) -> None:
    if not value.strip():
        raise ValueError("must not be empty")
    if not is_visible(value):
        raise ValueError(INVISIBLE_RULE)


def _short_text(value: str) -> str:
    _check_seen(value)
    if len(value) > TEXT_CHARACTERS_MAX:
        raise ValueError(f"must have at most {TEXT_CHARACTERS_MAX} characters")
    return value


def _prompt(value: str, info: ValidationInfo) -> str:
    characters_max = _product(info).prompt_characters_max
    _check_seen(value)
    if len(value) > characters_max:
        raise ValueError(f"must have at most {characters_max} characters")
    return value


def _url(value: str) -> str:
    if len(value) > URL_CHARACTERS_MAX:
        raise ValueError(f"must have at most {URL_CHARACTERS_MAX} characters")
    return value


def _option(value: str, info: ValidationInfo) -> str:
    name = OPTIONS[("aspect_ratio", "output_format", "quality").index(info.field_name or "")]
    option = _product(info).options.get(name)
    if option is None:
        raise ValueError("is not an option of this product")
    if value not in option.allowed:
        raise ValueError(f"must be one of {', '.join(option.allowed)}")
    return value


def _product(info: ValidationInfo) -> Product:
    product = info.context
    assert isinstance(product, Product), "validate with the product as context"
    return product


ShortText = Annotated[str, AfterValidator(_short_text)]
Chosen = Annotated[str | None, AfterValidator(lambda value, info: None if value is None else _option(value, info))]


class ImageBody(StrictBody):
    """One picture to be worked on."""

    image_id: ShortText = Field(description="the caller's own name of the picture, unique within the job")
    image_url: Annotated[str, AfterValidator(_url)] = Field(description="public http(s) address of the picture")
    prompt: Annotated[str, AfterValidator(_prompt)] = Field(description="what to do with the picture")


class OptionsBody(StrictBody):
    """Choices for the whole job; what is left out takes the product's default."""

    aspect_ratio: Chosen = None
    output_format: Chosen = None
    quality: Chosen = Field(default=None, description="`optimize` has one, `standard`; it changes nothing")


class SubmissionBody(StrictBody):
    """The body of `POST /api/image-optimization`."""

    product_id: ShortText = Field(description="the shop's product")
    product_name: ShortText
    images: list[ImageBody]
    options: OptionsBody | None = None

    @field_validator("options")
    @classmethod
    def _none_chosen(cls, options: OptionsBody | None) -> OptionsBody | None:
        """An object without a choice asks for the same as no object: the two have one fingerprint."""
        return None if options == OptionsBody() else options


EXAMPLE = {
    "productId": "mug-12",
    "productName": "Enamel mug",
    "images": [
        {
            "imageId": "mug-12-front",
            "imageUrl": "https://shop.example/mug-12-front.jpg",
            "prompt": "White background, soft shadow, true colours",
        }
    ],
    "options": {"aspectRatio": "1:1", "outputFormat": "jpg"},
}


@dataclass(frozen=True)
class Submission:
    """A body as far as it could be read, and the rules that it breaks."""

    body: SubmissionBody | None
    errors: list[FieldError]
    addresses: dict[str, str]
    """The picture addresses by field path, to be looked up."""


async def read_order(request: Request) -> dict[str, Any]:
    """Return the body of a request for a job within all bounds but the number of its pictures, which the product's row holds."""
    return await read_json_object(request, counted_later=("images",))


def read_submission(raw: dict[str, Any], product: Product) -> Submission:
    """Check a body against the product's limits, the number of its pictures first. Raises Problem for one beyond all bounds."""
    images = raw.get("images")
    if isinstance(images, list) and len(images) > product.images_max:
        return Submission(None, [_number_rule(images, product.images_max)], {})
    check_bounds(raw)
    try:
        body, errors = SubmissionBody.model_validate(raw, context=product), []
    except ValidationError as error:
        body, errors = None, model_errors(error)
    errors += _list_errors(images, product.images_max)
    return Submission(body, errors, _addresses(raw.get("images"), product.images_max))


def chosen_options(body: SubmissionBody) -> dict[str, str]:
    """The options that the caller did choose, by their outside names."""
    return body.options.model_dump(by_alias=True, exclude_none=True) if body.options else {}


def former_body(body: SubmissionBody) -> SubmissionBody:
    """Return the same request as older versions kept it when it was sent with `"options": {}`."""
    return body.model_copy(update={"options": OptionsBody()}) if body.options is None else body


def _number_rule(images: list[Any], images_max: int) -> FieldError:
    return FieldError(field="images", rule=f"must hold 1 to {images_max} images, not {len(images)}")


def _list_errors(images: Any, images_max: int) -> Iterator[FieldError]:  # unchecked JSON
    if not isinstance(images, list):
        return
    if not 1 <= len(images) <= images_max:
        yield _number_rule(images, images_max)
    seen: dict[str, int] = {}
    for place, image in enumerate(images):
        image_id = image.get("imageId") if isinstance(image, dict) else None
        if isinstance(image_id, str) and image_id:
            first = seen.setdefault(image_id, place)
            if first != place:
                yield FieldError(field=f"images[{place}].imageId", rule=f"must be unique: images[{first}] has the same")


def _addresses(images: Any, images_max: int) -> dict[str, str]:  # unchecked JSON
    if not isinstance(images, list) or len(images) > images_max:
        return {}
    urls = {f"images[{place}].imageUrl": image.get("imageUrl") for place, image in enumerate(images) if isinstance(image, dict)}
    return {path: url for path, url in urls.items() if isinstance(url, str) and len(url) <= URL_CHARACTERS_MAX and NUL not in url}
