"""A price is in a currency that Stripe can charge; any other is refused here, before anything is sold in it."""

from alembic import op

revision = "0013"
down_revision = "0012"

CHARGEABLE = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CLP CNY
    COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD
    JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD
    NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL
    THB TJS TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW
"""


def upgrade() -> None:
    currencies = ", ".join(f"'{one}'" for one in CHARGEABLE.split())
    for table in ("credit_prices", "plans"):
        # Rows that are there stay, whatever they say.
        rule = f"CHECK (currency IN ({currencies})) NOT VALID"
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT stripe_can_charge_in_the_currency {rule}")


def downgrade() -> None:
    for table in ("credit_prices", "plans"):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT stripe_can_charge_in_the_currency")
