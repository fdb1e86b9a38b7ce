"""The queue of e-mails and SMS, and those who work it off."""
