"""What the close compares inside the database: one statement each, which finds what does not agree, and nothing when all does.

A row says whose (`instance_id`), what (`subject`), what it should be and what it is. All read one and the same moment. The ledger
is added up from where each account was cut by the last close (`lines.py`), or from the beginning where it never was.
"""

from dataclasses import dataclass

from darkroom_credits.close.lines import CARRIED, OPEN_LINES, OWN_ENTRIES


@dataclass(frozen=True)
class Check:
    """A comparison; `name` is the label of its metric."""

    name: str
    says: str
    sql: str


CHECKS: tuple[Check, ...] = (
    Check(
        "ledger-entries",
        "every ledger transaction has two entries of its amount, which sum to zero",
        f"""
        SELECT line.instance_id, 'transaction ' || line.id AS subject, 0 AS expected,
            coalesce(sum(entry.amount), line.amount) AS found
        FROM ({OPEN_LINES}) AS line
        LEFT JOIN {OWN_ENTRIES} ON true
        GROUP BY line.instance_id, line.id, line.amount
        HAVING count(entry.amount) <> 2 OR sum(entry.amount) <> 0 OR max(entry.amount) <> line.amount
        """,  # noqa: S608 - constants
    ),
    Check(
        "balances",
        "every balance is what the ledger adds up to",
        f"""
        WITH told AS (
            SELECT instance_id, account, sum(amount) AS amount FROM (
                {CARRIED}
                UNION ALL
                SELECT line.instance_id, entry.account, entry.amount FROM ({OPEN_LINES}) AS line CROSS JOIN {OWN_ENTRIES}
            ) AS part GROUP BY instance_id, account
        ), live AS (
            SELECT instance_id, account, amount FROM balances, LATERAL (VALUES
                ('available', available), ('held', held), ('spent', spent), ('expired', expired), ('refunded', refunded),
                ('adjusted', adjusted), ('granted', -granted), ('lost', -lost)
            ) AS one (account, amount)
        )
        SELECT instance_id, account AS subject, coalesce(told.amount, 0) AS expected, coalesce(live.amount, 0) AS found
        FROM told FULL JOIN live USING (instance_id, account) WHERE coalesce(told.amount, 0) <> coalesce(live.amount, 0)
        """,  # noqa: S608 - constants
    ),
    Check(
        "statement",
        "each line of the statement goes on from the line before",
        f"""
        SELECT instance_id, 'transaction ' || id AS subject, before + available_change AS expected, available_after AS found
        FROM (
            SELECT instance_id, id, available_change, available_after,
                lag(available_after, 1, carried_available) OVER (PARTITION BY instance_id ORDER BY id) AS before
            FROM ({OPEN_LINES}) AS line
        ) AS line WHERE before + available_change <> available_after
        """,  # noqa: S608 - constants
    ),
    Check(
        "grants",
        "what remains of a tenant's grants is its available credits",
        """
        SELECT instance_id, 'available' AS subject, coalesce(left_over.amount, 0) AS expected, available AS found
        FROM balances LEFT JOIN (
            SELECT instance_id, sum(remaining) AS amount FROM grants WHERE remaining > 0 GROUP BY instance_id
        ) AS left_over USING (instance_id) WHERE available <> coalesce(left_over.amount, 0)
        """,
    ),
    Check(
        "reservations",
        "what open reservations hold is a tenant's held credits",
        """
        SELECT instance_id, 'held' AS subject, coalesce(open.amount, 0) AS expected, held AS found
        FROM balances LEFT JOIN (
            SELECT instance_id, sum(amount - spent - released) AS amount FROM reservations
            WHERE state = 'OPEN' GROUP BY instance_id
        ) AS open USING (instance_id) WHERE held <> coalesce(open.amount, 0)
        """,
    ),
    Check(
        "settlements",
        "what jobs have spent, less what was given back, is a tenant's spent credits",
        """
        SELECT instance_id, 'spent' AS subject, coalesce(job.amount, 0) AS expected, balances.spent AS found
        FROM balances LEFT JOIN (
            SELECT instance_id, sum(spent - reimbursed) AS amount FROM reservations GROUP BY instance_id
        ) AS job USING (instance_id) WHERE balances.spent <> coalesce(job.amount, 0)
        """,
    ),
    Check(
        "events",
        "the newest event of each tenant tells of its balances",
        """
        SELECT key AS instance_id, figure AS subject, told AS expected, live AS found FROM (
            SELECT DISTINCT ON (key) key, convert_from(payload, 'UTF8')::jsonb -> 'balances' AS balances FROM outbox
            WHERE topic = 'darkroom.credits' AND convert_from(payload, 'UTF8')::jsonb ? 'balances' ORDER BY key, sequence DESC
        ) AS newest JOIN balances AS b ON b.instance_id = newest.key, LATERAL (VALUES
            ('available', (newest.balances ->> 'available')::bigint, b.available),
            ('held', (newest.balances ->> 'held')::bigint, b.held),
            ('spent', (newest.balances ->> 'spent')::bigint, b.spent)
        ) AS one (figure, told, live) WHERE told <> live
        """,
    ),
    Check(
        "events-unsent",
        "every event has been sent",
        """
        SELECT key AS instance_id, 'event ' || event_id AS subject, 0 AS expected, 1 AS found FROM outbox
        WHERE published_at IS NULL AND created_at < CAST(:sent_before AS timestamptz)
        """,
    ),
    Check(
        "money",
        "what the money's accounts say of a purchase is what was paid, less what went back",
        """
        SELECT purchase.instance_id, 'purchase ' || purchase.id AS subject,
            CASE purchase.state WHEN 'PAID' THEN purchase.amount_minor - purchase.refunded_minor ELSE 0 END AS expected,
            coalesce(sum(entry.amount) FILTER (WHERE entry.account = 'card'), 0) AS found
        FROM purchases AS purchase LEFT JOIN money_transactions AS line ON line.purchase_id = purchase.id
        LEFT JOIN money_entries AS entry ON (entry.instance_id, entry.transaction_id) = (line.instance_id, line.id)
        GROUP BY purchase.id HAVING coalesce(sum(entry.amount), 0) <> 0
            OR coalesce(sum(entry.amount) FILTER (WHERE entry.account = 'card'), 0)
            <> CASE purchase.state WHEN 'PAID' THEN purchase.amount_minor - purchase.refunded_minor ELSE 0 END
        """,
    ),
    Check(
        "purchases",
        "what was paid for was granted; what went back was taken, or is owed",
        """
        SELECT purchase.instance_id, 'purchase ' || purchase.id AS subject,
            purchase.credits - purchase.credits_refunded AS expected,
            coalesce(given.amount - given.owed, 0) - coalesce((
                SELECT sum(line.amount) FROM ledger_transactions AS line WHERE line.kind = 'refund' AND line.grant_id = given.id
            ), 0) + coalesce((
                SELECT sum(line.amount) FROM ledger_transactions AS line WHERE line.kind = 'restore' AND line.grant_id = given.id
            ), 0) AS found
        FROM purchases AS purchase LEFT JOIN grants AS given
            ON given.id = purchase.grant_id AND given.kind = 'purchase' AND given.instance_id = purchase.instance_id
        WHERE purchase.state = 'PAID' AND purchase.credits - purchase.credits_refunded <>
            coalesce(given.amount - given.owed, 0) - coalesce((
                SELECT sum(line.amount) FROM ledger_transactions AS line WHERE line.kind = 'refund' AND line.grant_id = given.id
            ), 0) + coalesce((
                SELECT sum(line.amount) FROM ledger_transactions AS line WHERE line.kind = 'restore' AND line.grant_id = given.id
            ), 0)
        """,
    ),
)
STRIPE = Check("stripe", "Stripe's sessions, payments and refunds are our purchases", "")
"""Compared with answers of Stripe, not in the database."""
