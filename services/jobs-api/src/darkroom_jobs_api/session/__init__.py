"""A page's session: a token taken once and kept in a cookie that no script can read."""
