"""The notifier's own settings; only `main` reads them."""

from darkroom_servicekit.settings import ServiceSettings
from pydantic import Field


class NotifierSettings(ServiceSettings):
    """Read from the environment as `DARKROOM_<NAME>`."""

    ws_origins: str = Field(
        default="", description="origins besides the public address that may open `/ws`: `https://a,https://b`"
    )
    ws_sockets_max: int = Field(default=50, ge=1, description="sockets a tenant may hold open, over all replicas")
    ws_history_frames: int = Field(default=1000, ge=1, description="frames kept for each tenant, to close a reader's gap")
    ws_history_seconds: int = Field(default=3600, ge=1, description="how long they are kept after the tenant's last one")

    sendgrid_api_key: str | None = Field(default=None, description="sends e-mail by SendGrid; none, and no SMTP: no e-mail")
    sendgrid_base_url: str | None = Field(default=None, description="another address of SendGrid's API")
    sendgrid_webhook_key: str | None = Field(
        default=None,
        description="`new,old`: SendGrid's public keys (base64) for its event webhook; each checks; none: reports are refused",
    )
    smtp_url: str | None = Field(default=None, description="`smtp(s)://user:password@host:port`, instead of SendGrid")
    mail_from: str = Field(default="Darkroom <no-reply@darkroom.example>", description="the sender of e-mails")
    emails_per_minute: int = Field(default=600, ge=1, description="how many e-mails leave in a minute, over all replicas")

    twilio_account_sid: str | None = Field(default=None, description="sends SMS by Twilio; none: no SMS")
    twilio_auth_token: str | None = Field(
        default=None, description="`new,old`: Twilio's tokens: the first signs in to Twilio, each checks its reports"
    )
    twilio_base_url: str | None = Field(default=None, description="another address of Twilio's API")
    twilio_from: str = Field(default="+15005550006", description="the number that SMS come from")
    sms_per_minute: int = Field(default=60, ge=1, description="how many SMS leave in a minute, over all replicas")

    email_age_hours_max: int = Field(default=72, ge=1, description="an e-mail that could not be sent for so long is given up")
    sms_age_hours_max: int = Field(default=6, ge=1, description="an SMS that could not be sent for so long is given up")

    unsubscribe_secret: str | None = Field(
        default=None,
        description="`new,old`: signs the links in messages, the first; all are read. None: neither e-mail nor SMS",
    )
    sms_countries: str = Field(
        default="AT,AU,BE,BG,CA,CH,CY,CZ,DE,DK,EE,ES,FI,FR,GB,GR,HR,HU,IE,IS,IT,LI,LT,LU,LV,MT,NL,NO,NZ,PL,PT,RO,SE,SI,SK,US",
        description="where SMS may go (ISO 3166 codes; `*`: everywhere)",
    )
    confirmations_per_address_hour: int = Field(
        default=3, ge=1, description="confirmations to one address in an hour, over all tenants"
    )
    confirmations_per_person_hour: int = Field(
        default=10, ge=1, description="confirmations that a person may ask for in an hour, e-mail and SMS apart"
    )
    confirmations_per_tenant_day: int = Field(
        default=100, ge=1, description="confirmations to a tenant's people in 24 hours, e-mail and SMS apart"
    )
    digest_after_messages: int = Field(
        default=10,
        ge=1,
        description="messages of a topic to a person within `digest_minutes` before more are gathered in a digest",
    )
    digest_minutes: int = Field(default=15, ge=1, description="how long messages are gathered before their digest is sent")
    emails_per_tenant_hour: int = Field(
        default=500, ge=1, description="e-mails to a tenant's people in an hour; more go into digests"
    )
    emails_per_tenant_day: int = Field(default=3000, ge=1, description="the same in 24 hours")
    sms_per_tenant_hour: int = Field(default=60, ge=1, description="SMS to a tenant's people in an hour; more go into digests")
    sms_per_tenant_day: int = Field(default=300, ge=1, description="the same in 24 hours")
    notify_older_hours: int = Field(
        default=24, ge=1, description="events older than this go into the inbox, but nobody gets an e-mail or SMS about them"
    )
    notifications_keep_days: int = Field(default=90, ge=1, description="how long the inbox and its messages are kept")
