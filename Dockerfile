# syntax=docker/dockerfile:1
# One image for every role and tool: the subcommand chooses.
#   docker build --build-arg VERSION=… --build-arg REVISION=… .

FROM rust:1.95-slim-bookworm AS build
# librdkafka with OpenSSL, aws-lc and zstd are built from their sources; Python
# writes the list of parts. Versions are not
# pinned: Debian removes a package once its security update is out, and an old
# build would then fail.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends g++ make perl python3 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# Crates and object files outlive the build in caches, so that a change rebuilds
# what it touches; the program leaves them by the copy. Debug sections are half
# of its size; the symbols that a backtrace is named by stay.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --bin orderlog \
    && install -D target/release/orderlog /out/orderlog \
    && strip --strip-debug /out/orderlog \
    && scripts/sbom --out /out/sbom.cdx.json

FROM debian:bookworm-slim
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="orderlog" \
      org.opencontainers.image.description="Event-sourced order system: every role and tool" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="debian:bookworm-slim"
# The number is fixed and the user is named by it below: an orchestrator can
# then see that it is not root. It has no home, and owns nothing but the folders
# for volumes with the worker's API key, and with uploads and results.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 orderlog \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin orderlog \
    && install -d -o 10001 -g 10001 -m 0700 /keys /objects
COPY --from=build /out/orderlog /usr/local/bin/orderlog
# The crates in it (CycloneDX); what Debian has put beside it, dpkg knows.
COPY --from=build /out/sbom.cdx.json /usr/share/doc/orderlog/sbom.cdx.json
USER 10001:10001
# The default is this machine's loopback, which nothing outside a container
# reaches. Huge pages would make an idle role half as large again.
ENV ORDERLOG_LISTEN=0.0.0.0:8080 \
    ORDERLOG_LOG_JSON=true \
    MIMALLOC_ALLOW_THP=0
EXPOSE 8080
# The first SIGTERM drains, a second one ends it at once.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --start-interval=1s --retries=3 \
    CMD ["orderlog", "health", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["orderlog"]
CMD ["--help"]
