"""Credentials of vendors of models and of the services around them. Sources as in clouds.py."""

from __future__ import annotations

from stockade.guard.detectors.secrets_credentials.formats import ALNUM, ANYWHERE, HEX, URL_SAFE, near, prefixed, spelled

MODELS = (
    prefixed(
        "anthropic_api_key",
        "sk-ant-(?:api|admin|oat|sid|ort)[0-9]{2}-",
        URL_SAFE,
        40,
        200,
        source="Anthropic: API keys (c)",
        left=ANYWHERE,
    ),
    spelled(
        "openai_api_key",
        r"sk-(?:proj|svcacct|admin|None)-[\w-]{20}|sk-[A-Za-z0-9]{20}T3BlbkFJ",
        r"(sk-(?:(?:proj|svcacct|admin|None)-[\w-]{20,300}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}))",
        source="OpenAI: API keys; the middle T3BlbkFJ is base64 of OpenAI (c)",
    ),
    spelled(
        "llm_api_key",
        r"\bsk-[A-Za-z0-9]{32}",
        r"\b(sk-[A-Za-z0-9]{32,64})(?:[^A-Za-z0-9_-]|$)",
        score=0.9,
        source="DeepSeek, Moonshot, DashScope, older OpenAI keys: sk- and 32 to 64 characters",
    ),
    prefixed("openrouter_api_key", "sk-or-v1-", HEX, 64, source="OpenRouter: API keys", left=ANYWHERE),
    prefixed("litellm_virtual_key", "sk-litellm-", URL_SAFE, 20, 80, source="LiteLLM: virtual keys", left=ANYWHERE),
    prefixed(
        "huggingface_token",
        "(?:hf|api_org)_",
        "A-Za-z",
        34,
        source="Hugging Face: user access tokens (c)",
        left=ANYWHERE,
    ),
    prefixed("groq_api_key", "gsk_", ALNUM, 52, source="Groq: API keys", left=ANYWHERE),
    prefixed("xai_api_key", "xai-", ALNUM, 80, source="xAI: API keys", left=ANYWHERE),
    prefixed("replicate_token", "r8_", ALNUM, 37, source="Replicate: API tokens"),
    prefixed("perplexity_api_key", "pplx-", ALNUM, 48, source="Perplexity: API keys (c)", left=ANYWHERE),
    prefixed("fireworks_api_key", "fw_", ALNUM, 22, 40, source="Fireworks: API keys", score=0.85),
    prefixed("nvidia_api_key", "nvapi-", URL_SAFE, 64, 80, source="NVIDIA: API keys", left=ANYWHERE),
    prefixed("cerebras_api_key", "csk-", ALNUM, 48, source="Cerebras: API keys"),
    prefixed("langsmith_api_key", "lsv2_(?:pt|sk)_", "A-Za-z0-9_", 32, 60, source="LangSmith: API keys", left=ANYWHERE),
    prefixed("langfuse_secret_key", "sk-lf-", "0-9a-f-", 36, source="Langfuse: API keys", left=ANYWHERE),
    prefixed("pinecone_api_key", "pcsk_", "A-Za-z0-9_", 60, 90, source="Pinecone: API keys", left=ANYWHERE),
    prefixed("tavily_api_key", "tvly-(?:dev-|prod-)?", ALNUM, 32, source="Tavily: API keys", left=ANYWHERE),
    prefixed("firecrawl_api_key", "fc-", HEX, 32, source="Firecrawl: API keys"),
    prefixed("elevenlabs_api_key", "sk_", HEX, 48, source="ElevenLabs: API keys"),
    prefixed("voyage_api_key", "pa-", URL_SAFE, 43, source="Voyage AI: API keys", score=0.8),
    near("mistral_api_key", "mistral.{0,16}key", f"[{ALNUM}]{{32}}", source="Mistral: API keys"),
    near("cohere_api_key", "cohere.{0,16}key|co_api_key", f"[{ALNUM}]{{40}}", source="Cohere: API keys (c)"),
    near("together_api_key", "together.{0,16}key", f"[{HEX}]{{64}}", source="Together AI: API keys"),
    near("deepgram_api_key", "deepgram.{0,16}key", f"[{HEX}]{{40}}", source="Deepgram: API keys"),
    near("assemblyai_api_key", "assembly_?ai.{0,16}key", f"[{HEX}]{{32}}", source="AssemblyAI: API keys"),
    near(
        "stability_api_key", "stability.{0,16}key", f"sk-[{ALNUM}]{{48}}", source="Stability AI: API keys", score=0.92
    ),
    near("wandb_api_key", "wandb.{0,16}key", f"[{HEX}]{{40}}", source="Weights & Biases: API keys"),
)
