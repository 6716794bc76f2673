"""Credentials of chat, payment, mail and other hosted services. Sources as in clouds.py."""

from __future__ import annotations

from stockade.core.findings import Severity
from stockade.guard.detectors.secrets_credentials.formats import (
    ALNUM,
    ANYWHERE,
    HEX,
    LOWER,
    NO_ALNUM,
    OPEN,
    UPPER,
    URL_SAFE,
    near,
    prefixed,
    spelled,
)

HIGH = Severity.HIGH
UUID = f"[{HEX}]{{8}}-(?:[{HEX}]{{4}}-){{3}}[{HEX}]{{12}}"

CHAT = (
    prefixed("slack_bot_token", "xoxb-", "A-Za-z0-9-", 24, 200, source="Slack: token types (c)", left=ANYWHERE),
    prefixed(
        "slack_user_token",
        "xox[pesora]-(?:[0-9]-)?",
        "A-Za-z0-9-",
        24,
        300,
        source="Slack: token types (c)",
        left=ANYWHERE,
    ),
    prefixed(
        "slack_config_token",
        r"xoxe\.xox[bp]-",
        "A-Za-z0-9-",
        40,
        300,
        source="Slack: token types (c)",
        score=0.97,
        left=ANYWHERE,
    ),
    prefixed("slack_cookie_token", "xox[cd]-", "A-Za-z0-9%-", 24, 300, source="Slack: session tokens", left=ANYWHERE),
    prefixed(
        "slack_app_token", "xapp-[0-9]-", "A-Za-z0-9-", 24, 200, source="Slack: app-level tokens (c)", left=ANYWHERE
    ),
    spelled(
        "slack_webhook",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9_/-]{20,120})",
        severity=HIGH,
        source="Slack: incoming webhooks (c)",
    ),
    spelled(
        "discord_bot_token",
        r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}",
        r"\b([MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38})",
        source="Discord: bot tokens",
    ),
    spelled(
        "discord_webhook",
        r"discord(?:app)?\.com/api/webhooks/",
        r"discord(?:app)?\.com/api/webhooks/([0-9]{17,20}/[A-Za-z0-9_-]{60,80})",
        severity=HIGH,
        source="Discord: webhooks",
    ),
    spelled(
        "telegram_bot_token",
        r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",
        r"(?:^|[^A-Za-z0-9_]|bot)([0-9]{8,10}:AA[A-Za-z0-9_-]{33})(?:[^A-Za-z0-9_-]|$)",
        source="Telegram: bot API (c)",
    ),
    spelled(
        "teams_webhook",
        r"\.webhook\.office\.com/webhookb2/",
        r"\.webhook\.office\.com/webhookb2/([A-Za-z0-9@-]{36,100}/IncomingWebhook/[A-Za-z0-9/_-]{32,140})",
        severity=HIGH,
        source="Microsoft Teams: incoming webhooks (c)",
    ),
    near("zoom_secret", "zoom.{0,16}secret", f"[{ALNUM}]{{32}}", source="Zoom: app credentials"),
)

PAYMENT = (
    prefixed(
        "stripe_secret_key",
        "(?:sk|rk)_(?:live|test|prod)_",
        ALNUM,
        16,
        250,
        source="Stripe: API keys (c)",
        left=NO_ALNUM,
    ),
    prefixed(
        "stripe_webhook_secret",
        "whsec_",
        "A-Za-z0-9+/",
        24,
        80,
        source="Stripe: webhook signatures",
        severity=HIGH,
        left=NO_ALNUM,
    ),
    spelled(
        "square_token",
        r"(?:EAAA|sq0atp-)[\w-]{12}",
        r"(?:^|[^A-Za-z0-9+/_-])((?:EAAA|sq0atp-)[\w-]{22,60})(?:[^A-Za-z0-9+/=_-]|$)",
        source="Square: access tokens (c)",
        score=0.85,
    ),
    prefixed("square_secret", "sq0csp-", URL_SAFE, 43, source="Square: application secrets", left=ANYWHERE),
    prefixed(
        "braintree_token", r"access_token\$(?:production|sandbox)\$", "a-z0-9$", 40, 60, source="PayPal Braintree"
    ),
    near("paypal_secret", "paypal.{0,16}secret", f"E[{URL_SAFE}]{{79}}", source="PayPal: REST credentials"),
    prefixed(
        "adyen_api_key", "AQE[A-Za-z0-9]", "A-Za-z0-9+/*=-", 100, 300, source="Adyen: API credentials", score=0.85
    ),
    prefixed(
        "razorpay_key_id", "rzp_(?:live|test)_", ALNUM, 14, source="Razorpay: API keys", severity=HIGH, left=ANYWHERE
    ),
    near("plaid_secret", "plaid.{0,16}secret", f"[{HEX}]{{30}}", source="Plaid: API keys"),
    prefixed("plaid_access_token", "access-(?:sandbox|development|production)-", "0-9a-f-", 36, source="Plaid"),
    prefixed(
        "flutterwave_key", "FLWSECK(?:_TEST|_LIVE)?-", ALNUM, 12, 60, source="Flutterwave: API keys", left=ANYWHERE
    ),
    prefixed("mollie_api_key", "(?:live|test)_", ALNUM, 30, source="Mollie: API keys", score=0.8),
    prefixed("coinbase_commerce_webhook", "CBP-", ALNUM, 32, 64, source="Coinbase: keys", score=0.7, severity=HIGH),
)

SERVICES = (
    prefixed("twilio_api_key", "SK", "0-9a-fA-F", 32, source="Twilio: API keys (c)", severity=HIGH),
    near(
        "twilio_auth_token", "twilio.{0,20}(?:token|secret)|auth_?token", f"[{HEX}]{{32}}", source="Twilio: auth tokens"
    ),
    prefixed(
        "sendgrid_api_key", r"SG\.[\w-]{20,24}\.", URL_SAFE, 39, 50, source="SendGrid: API keys (c)", left=ANYWHERE
    ),
    prefixed("mailgun_api_key", "key-", HEX, 32, source="Mailgun: API keys"),
    spelled(
        "mailchimp_api_key",
        r"\b[0-9a-f]{32}-us[0-9]",
        r"\b([0-9a-f]{32}-us[0-9]{1,2})\b",
        source="Mailchimp: API keys end in the data centre (c)",
    ),
    prefixed("brevo_api_key", "x(?:key|smtp)sib-[0-9a-f]{64}-", ALNUM, 16, source="Brevo: API keys", left=ANYWHERE),
    near("postmark_token", "postmark.{0,16}token", UUID, source="Postmark: server tokens"),
    prefixed("resend_api_key", "re_[A-Za-z0-9]{8}_", ALNUM, 20, 30, source="Resend: API keys"),
    prefixed("sentry_token", "sntry[su]_", "A-Za-z0-9+/=_", 60, OPEN, source="Sentry: auth tokens (c)", left=ANYWHERE),
    near("datadog_api_key", "datadog.{0,20}key|dd[_-]api[_-]key", f"[{HEX}]{{32}}", source="Datadog: API keys"),
    near(
        "datadog_app_key", "datadog.{0,20}key|dd[_-]app(?:lication)?[_-]key", f"[{HEX}]{{40}}", source="Datadog: keys"
    ),
    prefixed(
        "new_relic_key", "NR(?:AK|II|IQ|RA)-", "A-Za-z0-9_-", 27, 42, source="New Relic: API keys (c)", left=ANYWHERE
    ),
    prefixed(
        "grafana_token",
        "gl(?:sa|c)_",
        "A-Za-z0-9+/=_",
        32,
        OPEN,
        source="Grafana: service account tokens (c)",
        left=ANYWHERE,
    ),
    prefixed("honeycomb_key", "hc[abx](?:ik|lk|mk)_", LOWER, 58, source="Honeycomb: API keys"),
    near("pagerduty_key", "pager_?duty.{0,16}(?:key|token)", f"[+{URL_SAFE}]{{20}}", source="PagerDuty: API keys"),
    prefixed("linear_api_key", "lin_(?:api|oauth)_", ALNUM, 32, 64, source="Linear: API keys (c)", left=ANYWHERE),
    prefixed("notion_token", "(?:ntn_|secret_)", ALNUM, 43, 50, source="Notion: integration tokens (c)"),
    prefixed("airtable_token", r"pat[A-Za-z0-9]{14}\.", HEX, 64, source="Airtable: personal access tokens (c)"),
    near("airtable_api_key", "airtable.{0,16}key", f"key[{ALNUM}]{{14}}", source="Airtable: API keys"),
    prefixed("figma_token", "fig(?:d|o|u)_", URL_SAFE, 40, 60, source="Figma: access tokens", left=ANYWHERE),
    prefixed("postman_api_key", "PMAK-[0-9a-f]{24}-", HEX, 34, source="Postman: API keys (c)", left=ANYWHERE),
    prefixed(
        "shopify_token", "shp(?:at|ca|pa|ss|ua)_", "a-fA-F0-9", 32, source="Shopify: access tokens (c)", left=ANYWHERE
    ),
    prefixed(
        "doppler_token", r"dp\.(?:pt|st|sa|ct|scim|audit)\.", "A-Za-z0-9._-", 40, 100, source="Doppler: tokens (c)"
    ),
    prefixed(
        "onepassword_token",
        "ops_eyJ",
        "A-Za-z0-9+/=_-",
        100,
        900,
        source="1Password: service accounts (c)",
        left=ANYWHERE,
    ),
    spelled(
        "onepassword_secret_key",
        r"\bA3-[A-Z0-9]{6}-",
        r"\b(A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5})\b",
        source="1Password: Secret Key (c)",
    ),
    near("okta_token", "okta.{0,16}token|SSWS", f"00[{URL_SAFE}]{{40}}", source="Okta: API tokens (c)"),
    near("auth0_secret", "auth0.{0,16}secret", f"[{URL_SAFE}]{{64}}", source="Auth0: application credentials"),
    prefixed(
        "facebook_access_token", "EAA[CGM][A-Za-z0-9]", ALNUM, 80, OPEN, source="Meta: access tokens (c)", score=0.85
    ),
    near("twitter_bearer_token", "twitter|bearer", f"A{{20}}[{ALNUM}%]{{60,120}}", source="X: app-only tokens"),
    prefixed("dropbox_token", r"sl\.(?:u\.)?", URL_SAFE, 130, 900, source="Dropbox: access tokens"),
    near("hubspot_token", "hubspot.{0,20}|hapikey", rf"pat-(?:na|eu|ap)[0-9]-{UUID}", source="HubSpot: private apps"),
    near(
        "asana_token",
        "asana.{0,16}(?:token|pat)",
        rf"[0-9]/[0-9]{{15,17}}(?:/[0-9]{{15,17}})?:[{HEX}]{{32}}",
        source="Asana",
    ),
    near("algolia_admin_key", "algolia.{0,24}key", f"[{HEX}]{{32}}", source="Algolia: API keys"),
    near("mapbox_secret", "mapbox|sk\\.eyJ", r"sk\.eyJ[\w-]{20,200}\.[\w-]{20,40}", source="Mapbox: access tokens"),
    prefixed("contentful_token", "CFPAT-", URL_SAFE, 43, source="Contentful: management tokens"),
    prefixed("dynatrace_token", r"dt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.", UPPER, 64, source="Dynatrace: token format (c)"),
    prefixed("duffel_token", "duffel_(?:test|live)_", URL_SAFE, 43, source="Duffel: access tokens (c)"),
    prefixed("easypost_key", "EZ[AT]K", ALNUM, 54, source="EasyPost: API keys (c)"),
    prefixed("typeform_token", "tfp_", "A-Za-z0-9_.-", 40, 80, source="Typeform: personal tokens"),
    prefixed("prefect_api_key", "pn[ub]_", ALNUM, 36, source="Prefect: API keys (c)"),
    prefixed("readme_api_key", "rdme_", LOWER, 70, source="ReadMe: API keys (c)"),
    prefixed("frameio_token", "fio-u-", "A-Za-z0-9_=-", 64, source="Frame.io: tokens (c)"),
    prefixed("postgres_neon_key", "napi_", LOWER, 40, 80, source="Neon: API keys"),
    prefixed("posthog_personal_key", "phx_", URL_SAFE, 40, 60, source="PostHog: personal API keys"),
)
