"""Credentials of clouds and of the platforms that run code.

A source that ends in (c) was compared with gitleaks' public rule list on 22 November 2026 (prefix, characters and
length; where both differ the wider form stands). All others are stated from general knowledge of the vendors' pages
and were checked against nothing.
"""

from __future__ import annotations

from stockade.core.findings import Severity
from stockade.guard.detectors.secrets_credentials.formats import (
    ALNUM,
    ANY_HEX,
    ANYWHERE,
    BASE64,
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
from stockade.guard.detectors.secrets_credentials.values import is_mixed

CLOUDS = (
    prefixed(
        "aws_access_key_id",
        "(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)",
        "A-Z2-7",
        16,
        source="AWS IAM: unique identifiers (c)",
        left=NO_ALNUM,
    ),
    near(
        "aws_secret_access_key",
        "aws.{0,20}secret|secret_?access_?key|aws_?secret",
        f"[{BASE64}]{{40}}",
        severity=Severity.CRITICAL,
        score=0.9,
        source="AWS: access keys are 40 base64 characters",
    ),
    near(
        "aws_session_token",
        "aws_?session_?token|session_?token|security_?token",
        f"[{BASE64}]{{100,900}}={{0,2}}",
        source="AWS STS: session token",
    ),
    near("aws_mws_key", "mws", rf"amzn\.mws\.[{HEX}]{{8}}-[{HEX}-]{{27}}", source="Amazon MWS: auth token (c)"),
    prefixed("aws_bedrock_api_key", "ABSK", BASE64, 109, OPEN, source="AWS Bedrock: long-term API keys"),
    prefixed("gcp_api_key", "AIza", URL_SAFE, 35, source="Google Cloud: API keys (c)", left=NO_ALNUM),
    prefixed(
        "gcp_oauth_client_secret", "GOCSPX-", URL_SAFE, 28, source="Google identity: OAuth 2.0 clients", left=ANYWHERE
    ),
    spelled(
        "gcp_oauth_access_token", r"\bya29\.[\w-]{20}", r"\b(ya29\.[\w.-]{20,900})", source="Google: access tokens"
    ),
    spelled("gcp_oauth_refresh_token", r"\b1//0[\w-]{30}", r"\b(1//0[\w-]{30,200})", source="Google: refresh tokens"),
    spelled(
        "azure_storage_key",
        "(?i:AccountKey|SharedAccessKey)=",
        rf"(?i:AccountKey|SharedAccessKey)=([{BASE64}]{{43,86}}={{1,2}})",
        source="Azure Storage and Service Bus: connection strings",
    ),
    spelled(
        "azure_sas_signature",
        r"[?&]sig=[A-Za-z0-9%+/]{20}",
        r"[?&]sig=([A-Za-z0-9%+/]{40,90}(?:=|%3[dD])?)",
        severity=Severity.HIGH,
        source="Azure Storage: shared access signatures",
    ),
    spelled(
        "azure_client_secret",
        r"[\w~.-]{3}[0-9]Q~[\w~.-]{31}",
        r"(?:^|[^\w~.-])([\w~.-]{3}[0-9]Q~[\w~.-]{31,34})(?:[^\w~.-]|$)",
        source="Microsoft Entra: client secrets hold Q~ at the fifth place (c)",
    ),
    near(
        "azure_openai_key", "azure_?openai_?(?:api_?)?key|ocp-apim-subscription-key", f"[{HEX}]{{32}}", source="Azure"
    ),
    prefixed("digitalocean_token", "do[opr]_v1_", HEX, 64, source="DigitalOcean: token formats (c)", left=ANYWHERE),
    prefixed(
        "alibaba_access_key_id",
        "LTAI",
        ALNUM,
        20,
        source="Alibaba Cloud: AccessKey (c)",
        severity=Severity.HIGH,
        left=NO_ALNUM,
    ),
    near(
        "alibaba_secret_key",
        "ali(?:yun|baba|cloud).{0,24}secret",
        f"[{ALNUM}]{{30}}",
        source="Alibaba Cloud: AccessKey (c)",
    ),
    prefixed("tencent_secret_id", "AKID", ALNUM, 32, source="Tencent Cloud: SecretId", severity=Severity.HIGH),
    near(
        "cloudflare_api_key",
        "cloudflare.{0,24}key|cf_?api_?key|x-auth-key",
        f"[{HEX}]{{37}}",
        source="Cloudflare: API keys (c)",
    ),
    near(
        "cloudflare_api_token", "cloudflare.{0,24}token|cf_?api_?token", f"[{URL_SAFE}]{{40}}", source="Cloudflare (c)"
    ),
    prefixed("cloudflare_origin_ca_key", r"v1\.0-[0-9a-f]{24}-", HEX, 146, source="Cloudflare: Origin CA key (c)"),
    prefixed("heroku_api_key", "HRKU-AA", URL_SAFE, 58, source="Heroku: platform API tokens (c)"),
    near(
        "heroku_api_key_uuid",
        "heroku.{0,24}key",
        f"[{HEX}]{{8}}-(?:[{HEX}]{{4}}-){{3}}[{HEX}]{{12}}",
        source="Heroku (c)",
    ),
    near("ibm_cloud_api_key", "ibm.{0,20}(?:api|iam|cloud)_?key", f"[{URL_SAFE}]{{44}}", source="IBM Cloud: API keys"),
    prefixed("scaleway_access_key", "SCW", UPPER, 17, source="Scaleway: API keys", severity=Severity.HIGH),
    prefixed(
        "oracle_cloud_ocid_key", "ocid1\\.credential\\.", "a-z0-9.", 40, OPEN, source="OCI: credentials", score=0.7
    ),
    spelled("fly_api_token", r"\bfo1_[\w-]{43}", r"\b(fo1_[\w-]{43,80})", source="Fly.io: access tokens (c)"),
    spelled(
        "fly_macaroon",
        r"\bfm[12][ar]?_[A-Za-z0-9+/]{60}",
        r"\b(fm[12][ar]?_[A-Za-z0-9+/]{60,900}={0,2})",
        source="Fly.io (c)",
    ),
    prefixed("netlify_token", "nfp_", ALNUM, 36, source="Netlify: personal access tokens", left=ANYWHERE),
    near("vercel_token", "vercel.{0,20}token", f"[{ALNUM}]{{24}}", source="Vercel: access tokens"),
    prefixed("vercel_prefixed_token", "vc[pkcari]_", ALNUM, 24, 80, source="Vercel: token prefixes"),
    prefixed("render_api_key", "rnd_", ALNUM, 32, source="Render: API keys"),
    near("railway_token", "railway.{0,20}token", f"[{HEX}]{{8}}-(?:[{HEX}]{{4}}-){{3}}[{HEX}]{{12}}", source="Railway"),
    near("fastly_api_token", "fastly.{0,20}(?:key|token)", f"[{URL_SAFE}]{{32}}", source="Fastly: API tokens (c)"),
    prefixed(
        "terraform_cloud_token", rf"[{ALNUM}]{{14}}\.atlasv1\.", "A-Za-z0-9_=-", 60, 70, source="HCP Terraform (c)"
    ),
    prefixed(
        "vault_token", r"hv[sbr]\.", URL_SAFE, 24, 300, source="HashiCorp Vault: token prefixes (c)", left=NO_ALNUM
    ),
    near("vault_legacy_token", "vault.{0,16}token", r"s\.[A-Za-z0-9]{24}", source="HashiCorp Vault before 1.10 (c)"),
    spelled(
        "openshift_token",
        r"\bsha256~[\w-]{12}",
        r"\b(sha256~[\w-]{43})(?:[^\w-]|$)",
        source="OpenShift: user tokens (c)",
    ),
    prefixed("octopus_api_key", "API-", UPPER, 26, source="Octopus Deploy: API keys (c)"),
    prefixed("pulumi_token", "pul-", HEX, 40, source="Pulumi Cloud: access tokens (c)"),
    prefixed("databricks_token", "dapi", HEX, 32, source="Databricks: personal access tokens (c)", left=NO_ALNUM),
    prefixed(
        "planetscale_token",
        "pscale_(?:tkn|oauth|pw)_",
        "A-Za-z0-9_=.-",
        32,
        80,
        source="PlanetScale (c)",
        left=ANYWHERE,
    ),
    prefixed("supabase_token", "sbp_", HEX, 40, source="Supabase: access tokens", left=ANYWHERE),
    prefixed("supabase_secret_key", "sb_secret_", URL_SAFE, 22, 60, source="Supabase: API keys", left=ANYWHERE),
    near("snowflake_password", "snowflake.{0,16}password", r"[^\s\"'`,;]{8,80}", source="Snowflake: connections"),
    near(
        "kubernetes_bootstrap_token",
        "kubeadm.{0,60}--token|bootstrap-?token|token-id",
        rf"[{LOWER}]{{6}}\.[{LOWER}]{{16}}",
        source="Kubernetes: bootstrap tokens are six and sixteen characters",
    ),
    near(
        "consul_token",
        "consul.{0,16}token",
        f"[{ANY_HEX}]{{8}}-(?:[{ANY_HEX}]{{4}}-){{3}}[{ANY_HEX}]{{12}}",
        source="Consul",
    ),
    prefixed(
        "tailscale_key",
        "tskey-(?:auth|api|client|scim|webhook)-",
        "A-Za-z0-9-",
        20,
        80,
        source="Tailscale: keys",
        left=ANYWHERE,
    ),
    near(
        "ngrok_token",
        "ngrok.{0,16}(?:token|key)",
        r"[0-9A-Za-z]{20,30}_[0-9A-Za-z]{20,30}|ak_[0-9A-Za-z]{27}",
        source="ngrok",
    ),
    prefixed("yandex_cloud_key", "AQVN", URL_SAFE, 35, 40, source="Yandex Cloud: API keys (c)"),
    spelled(
        "gcp_service_account_key_id",
        r"\"private_key_id\"",
        r"\"private_key_id\"\s{0,4}:\s{0,4}\"([0-9a-f]{40})\"",
        severity=Severity.HIGH,
        validator=is_mixed,
        source="Google Cloud: service account key files",
    ),
)
