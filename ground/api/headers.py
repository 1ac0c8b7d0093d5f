"""Headers that tell a browser what our pages never do."""

from __future__ import annotations

from starlette.types import Message, Send

from ground.api.site import Site


def with_headers(send: Send, site: Site, path: str) -> Send:
    """Every answer goes out with them."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *_headers(site, path)]
        await send(message)

    return guarded


def _headers(site: Site, path: str) -> list[tuple[bytes, bytes]]:
    scheme = "wss" if site.certificate else "ws"
    named = [host for host in site.hosts if "[" not in host]  # CSP has no IPv6 literals
    policy = "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-eval'",  # Open MCT compiles its templates
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src 'self' {' '.join(f'{scheme}://{host}' for host in named)}",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
    return [
        (b"content-security-policy", policy.encode()),
        (b"x-frame-options", b"DENY"),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
        (b"cache-control", b"no-store" if path.startswith("/api/") else b"no-cache"),
    ]
