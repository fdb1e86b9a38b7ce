"""Which lines of the ledger a close adds up: those after the line at which the last close cut their tenant's account.

A tenant's lines are written under the lock of its account, so their numbers rise in the order of their commits: whoever sees one
of them sees all before it. Times do not: each process has its own clock, read before it waits for the lock. So an account is cut
at a line. The cut of a day is the newest line of that day's time or earlier. What is numbered before it was written before it,
whatever its time says; a line that is written late comes after it and is the next close's.
"""

ACCOUNTS = ("available", "held", "spent", "granted", "expired", "refunded", "adjusted", "lost")

CUTS = """
    SELECT DISTINCT ON (instance_id) * FROM closed_accounts ORDER BY instance_id, close_id DESC
"""
"""The last cut of each account that was ever cut, with what the account held there."""

CARRIED = f"""
    SELECT cut.instance_id, one.account, one.amount FROM ({CUTS}) AS cut,
        LATERAL (VALUES {", ".join(f"('{account}', cut.{account})" for account in ACCOUNTS)}) AS one (account, amount)
"""  # noqa: S608 - constants

# Every line belongs to a tenant that has an account, a grant or a cut. The planner does not know that few lines lie after a cut:
# OFFSET 0 keeps it from reading the whole ledger, here and where the entries of these lines are read.
OPEN_LINES = f"""
    SELECT line.*, coalesce(cut.available, 0) AS carried_available
    FROM (
        SELECT instance_id FROM balances UNION SELECT instance_id FROM grants UNION SELECT instance_id FROM closed_accounts
    ) AS tenant
    LEFT JOIN ({CUTS}) AS cut USING (instance_id)
    CROSS JOIN LATERAL (
        SELECT * FROM ledger_transactions AS own
        WHERE own.instance_id = tenant.instance_id AND own.id > coalesce(cut.transaction_id, 0)
        OFFSET 0
    ) AS line
"""  # noqa: S608 - constants
"""The lines after each account's cut."""

OWN_ENTRIES = """
    LATERAL (
        SELECT account, amount FROM ledger_entries AS own
        WHERE (own.instance_id, own.transaction_id) = (line.instance_id, line.id) OFFSET 0
    ) AS entry
"""
"""The entries of a `line` of the lines above."""

LINES_TO_CUT = f"""
    SELECT * FROM (
        SELECT line.*, max(line.id) FILTER (WHERE line.created_at < :until) OVER (PARTITION BY line.instance_id) AS cut_at
        FROM ({OPEN_LINES}) AS line
    ) AS line WHERE line.id <= line.cut_at
"""  # noqa: S608 - constants
"""Those of them that a close of the time before `:until` takes in."""
