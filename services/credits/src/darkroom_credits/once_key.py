"""The key under which an operator's grant or correction is made once. Pure.

Instance ids and keys are free texts, so the id's length stands in front of it: no two tenants can come to the same key. Older
versions joined them by a colon alone, and kept a key as it was spelled in its header.
"""

from darkroom_servicekit.idempotency_key import former_spellings


def operator_key(instance_id: str, key: str | None) -> str | None:
    """Return the key to keep with what an operator does for a tenant; None without an Idempotency-Key."""
    return None if key is None else f"operator/{len(instance_id)}/{instance_id}/{key}"


def former_operator_keys(instance_id: str, key: str | None) -> tuple[str, ...]:
    """Return the keys that older versions kept for the same request. Another tenant may have come to the same text."""
    return () if key is None else tuple(f"operator:{instance_id}:{spelling}" for spelling in former_spellings(key))
