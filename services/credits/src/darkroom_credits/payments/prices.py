"""What credits cost: pure. A price is a versioned row; a purchase keeps the one it was sold at."""

from dataclasses import dataclass

from darkroom_contracts.credit_price import amount_minor


class CreditsOutOfBounds(Exception):
    """Fewer or more credits than are sold at once."""

    def __init__(self, credits_min: int, credits_max: int) -> None:
        super().__init__(f"between {credits_min} and {credits_max} credits are sold at once")
        self.credits_min = credits_min
        self.credits_max = credits_max


@dataclass(frozen=True, kw_only=True)
class Price:
    """A version of the price of credits."""

    version: int
    currency: str
    minor_per_thousand: int
    credits_min: int
    credits_max: int

    def of(self, credits: int) -> int:
        """The amount for so many credits in the currency's minor unit, rounded up. Raises CreditsOutOfBounds."""
        if not self.credits_min <= credits <= self.credits_max:
            raise CreditsOutOfBounds(self.credits_min, self.credits_max)
        return amount_minor(credits, minor_per_thousand=self.minor_per_thousand, currency=self.currency)
