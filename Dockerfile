# The command in a container without root and without a shell of its own:
#
#     docker build --tag kaicalls-conformance .
#     docker run --rm --read-only --tmpfs /tmp --user "$(id -u)" --env CONFORMANCE_KEY \
#       --volume "$PWD/reports:/reports" kaicalls-conformance run --url https://api.example.com/api/v1
#
# The digest is that of python:3.13-slim-trixie in docker-library/repo-info, August 2026.
FROM python:3.13-slim-trixie@sha256:9662417aace5ae7b8e2609cce472b72a8958e134ba372808abe9cc1a0c0125e6 AS build
WORKDIR /source
COPY . .
RUN .ci/install python3 /opt/conformance \
    && cp .ci/runtime.txt /opt/conformance/packages.txt

FROM python:3.13-slim-trixie@sha256:9662417aace5ae7b8e2609cce472b72a8958e134ba372808abe9cc1a0c0125e6
# Each package of /opt/conformance with version and hashes stands in the file of the last label.
LABEL org.opencontainers.image.title="kaicalls-conformance" \
      org.opencontainers.image.description="Contract conformance test suite for the KaiCalls HTTP API v1" \
      org.opencontainers.image.source="https://github.com/kaicalls/kaicalls-conformance" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13-slim-trixie" \
      com.kaicalls.conformance.packages="/opt/conformance/packages.txt"
COPY --from=build /opt/conformance /opt/conformance
# Whoever runs the container may write here, and nowhere else but in /tmp.
RUN install --directory --mode=1777 /reports
ENV HOME=/tmp \
    PATH=/opt/conformance/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /
ENTRYPOINT ["/opt/conformance/bin/kaicalls-conformance"]
CMD ["--help"]
