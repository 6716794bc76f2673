"""Credentials of source hosting, package registries and build services. Sources as in clouds.py."""

from __future__ import annotations

from stockade.core.findings import Severity
from stockade.guard.detectors.secrets_credentials.formats import (
    ALNUM,
    ANY_HEX,
    ANYWHERE,
    HEX,
    LOWER,
    OPEN,
    URL_SAFE,
    near,
    prefixed,
    spelled,
)
from stockade.guard.detectors.secrets_credentials.values import is_mixed

GITHUB = "GitHub: behind token formats (c)"
GITLAB = "GitLab: token prefixes (c)"

HOSTING = (
    prefixed("github_personal_token", "ghp_", ALNUM, 36, OPEN, source=GITHUB, left=ANYWHERE),
    prefixed("github_oauth_token", "gho_", ALNUM, 36, OPEN, source=GITHUB, left=ANYWHERE),
    prefixed("github_user_token", "ghu_", ALNUM, 36, OPEN, source=GITHUB, left=ANYWHERE),
    prefixed("github_server_token", "ghs_", "A-Za-z0-9_.-", 36, 900, source=GITHUB, left=ANYWHERE),
    prefixed("github_refresh_token", "ghr_", ALNUM, 36, OPEN, source=GITHUB, left=ANYWHERE),
    prefixed("github_fine_grained_token", "github_pat_", "A-Za-z0-9_", 60, 100, source=GITHUB, left=ANYWHERE),
    prefixed("gitlab_personal_token", "glpat-", "A-Za-z0-9_.-", 20, 60, source=GITLAB, left=ANYWHERE),
    prefixed("gitlab_pipeline_trigger_token", "glptt-", ALNUM, 40, source=GITLAB, left=ANYWHERE),
    prefixed("gitlab_runner_token", "glrt-", "A-Za-z0-9_.-", 20, 60, source=GITLAB, left=ANYWHERE),
    prefixed("gitlab_runner_registration_token", "GR1348941", URL_SAFE, 20, source=GITLAB, left=ANYWHERE),
    prefixed("gitlab_deploy_token", "gldt-", URL_SAFE, 20, 60, source=GITLAB, left=ANYWHERE),
    prefixed("gitlab_job_token", "glcbt-", "A-Za-z0-9_.-", 20, 900, source=GITLAB, left=ANYWHERE),
    prefixed("gitlab_feed_token", "glft-", URL_SAFE, 20, 60, source=GITLAB, severity=Severity.HIGH, left=ANYWHERE),
    prefixed("gitlab_mail_token", "glimt-", URL_SAFE, 20, 60, source=GITLAB, severity=Severity.HIGH, left=ANYWHERE),
    prefixed("gitlab_agent_token", "glagent-", URL_SAFE, 40, 80, source=GITLAB, left=ANYWHERE),
    prefixed("gitlab_oauth_secret", "gloas-", URL_SAFE, 40, 80, source=GITLAB, left=ANYWHERE),
    prefixed("gitlab_scim_token", "glsoat-", URL_SAFE, 20, 60, source=GITLAB, left=ANYWHERE),
    prefixed(
        "gitlab_feature_flags_token", "glffct-", URL_SAFE, 20, 60, source=GITLAB, severity=Severity.HIGH, left=ANYWHERE
    ),
    prefixed("bitbucket_app_password", "ATBB", "A-Za-z0-9_=", 28, 60, source="Bitbucket: app passwords"),
    prefixed("atlassian_token", "ATATT3", "A-Za-z0-9_=-", 60, OPEN, source="Atlassian: API tokens (c)", left=ANYWHERE),
    prefixed(
        "atlassian_access_token", "ATCTT3", "A-Za-z0-9_=-", 60, OPEN, source="Atlassian: access tokens", left=ANYWHERE
    ),
    near("gitea_token", "gitea.{0,16}token|forgejo.{0,16}token", f"[{HEX}]{{40}}", source="Gitea: access tokens"),
    prefixed("npm_token", "npm_", ALNUM, 36, source="npm: access token format (c)", left=ANYWHERE),
    spelled(
        "npmrc_auth_token",
        r"(?:^|[:\s/])(?i:_authToken|_auth|_password)[ \t]?=",
        r"(?:^|[:\s/])(?i:_authToken|_auth|_password)[ \t]?=[ \t]?[\"']?([A-Za-z0-9+/=_-]{20,200})",
        validator=is_mixed,
        source="npm: .npmrc",
    ),
    prefixed("pypi_token", "pypi-AgE", URL_SAFE, 50, 900, source="PyPI: API tokens are macaroons (c)", left=ANYWHERE),
    prefixed("rubygems_token", "rubygems_", HEX, 48, source="RubyGems: API key format (c)", left=ANYWHERE),
    prefixed("crates_io_token", "cio", ALNUM, 32, source="crates.io: API tokens"),
    prefixed("nuget_api_key", "oy2", LOWER, 43, source="NuGet: API keys"),
    prefixed(
        "dockerhub_token", "dckr_(?:pat|oat)_", URL_SAFE, 27, 60, source="Docker Hub: access tokens", left=ANYWHERE
    ),
    spelled(
        "docker_config_auth",
        r"\"auth\"",
        r"\"auth\"\s{0,4}:\s{0,4}\"([A-Za-z0-9+/]{16,300}={0,2})\"",
        severity=Severity.HIGH,
        source="Docker: config.json",
    ),
    prefixed("jfrog_api_key", "AKCp", ALNUM, 69, source="JFrog: API keys (c)"),
    prefixed("jfrog_reference_token", "cmVmdGtu", ALNUM, 56, source="JFrog: reference tokens (c)"),
    prefixed("clojars_token", "CLOJARS_", LOWER, 60, source="Clojars: deploy tokens (c)", left=ANYWHERE),
    prefixed("hex_pm_key", "(?:hexpm_|HEXPM_)", ALNUM, 32, 64, source="hex.pm: API keys"),
    near("circleci_token", "circle_?ci.{0,16}token|circle-token", f"[{HEX}]{{40}}", source="CircleCI: API tokens"),
    prefixed(
        "circleci_personal_token", "CCIPAT_", "A-Za-z0-9_", 40, 90, source="CircleCI: token prefixes", left=ANYWHERE
    ),
    prefixed("buildkite_token", "bk(?:ua|at|ct)_", ALNUM, 32, 64, source="Buildkite: API access tokens"),
    near("travis_token", "travis.{0,16}token", f"[{URL_SAFE}]{{22}}", source="Travis CI: API tokens (c)"),
    near("codecov_token", "codecov.{0,16}token", f"[{HEX}]{{8}}-(?:[{HEX}]{{4}}-){{3}}[{HEX}]{{12}}", source="Codecov"),
    near("jenkins_token", "jenkins.{0,16}token", f"11[{HEX}]{{32}}", source="Jenkins: API tokens"),
    prefixed("sonarqube_token", "sq[upa]_", HEX, 40, source="SonarQube: token prefixes"),
    near(
        "snyk_token", "snyk.{0,16}(?:token|key)", f"[{HEX}]{{8}}-(?:[{HEX}]{{4}}-){{3}}[{HEX}]{{12}}", source="Snyk (c)"
    ),
    prefixed(
        "sourcegraph_token",
        "sgp_(?:(?:local|[0-9a-f]{16})_)?",
        ANY_HEX,
        40,
        source="Sourcegraph: tokens (c)",
        left=ANYWHERE,
    ),
    near(
        "azure_devops_token",
        "azure.?devops.{0,20}(?:pat|token)|AZDO.{0,9}PAT",
        f"[{LOWER}]{{52}}",
        source="Azure DevOps",
    ),
)
