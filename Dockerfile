# Builds from the sources, and ships nothing but the program and what it needs: no shell, no package
# manager. docs/install.md tells how to run it.
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY tools/install-deps.sh tools/fetch-civetweb.sh tools/
RUN tools/install-deps.sh build && tools/fetch-civetweb.sh
COPY . .
ARG REVISION=unknown
ARG BRANCH=unknown
# cap_net_raw is permitted, not effective: the program raises it itself, and where the container was
# not given it the program still starts and probes without privileges.
RUN cmake --preset release -DPATHWITNESS_REVISION="$REVISION" -DPATHWITNESS_BRANCH="$BRANCH" \
  && cmake --build --preset release --target pathwitness \
  && strip build/release/exporter/pathwitness \
  && setcap cap_net_raw+p build/release/exporter/pathwitness

# The root of the image: packaging/image/make-root.sh says what is in it.
FROM debian:bookworm-slim AS root
COPY tools/install-deps.sh packaging/image/make-root.sh /tmp/
RUN /tmp/install-deps.sh runtime
COPY --from=build /src/build/release/exporter/pathwitness /usr/bin/pathwitness
RUN /tmp/make-root.sh /usr/bin/pathwitness /root-of-image && mkdir -m 0750 /state-of-image

FROM scratch
ARG REVISION=unknown
ARG VERSION=0.1.0
ARG CREATED=unknown
LABEL org.opencontainers.image.title="pathwitness" \
  org.opencontainers.image.description="Prometheus exporter that watches network paths and HTTPS services" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$REVISION" \
  org.opencontainers.image.created="$CREATED"
COPY --from=root /root-of-image /
COPY LICENSE packaging/debian/copyright /usr/share/doc/pathwitness/
COPY config/default.yaml /etc/pathwitness/config/default.yaml
COPY alerts/rules /etc/pathwitness/alerts/rules
COPY alerts/runbooks /etc/pathwitness/alerts/runbooks
# From the stage that made it: its file capability must not get lost on a detour.
COPY --from=build /src/build/release/exporter/pathwitness /bin/pathwitness
USER 65532:65532
EXPOSE 10059
# The only place that is written to: with --read-only it is a volume or a tmpfs.
COPY --from=root --chown=65532:65532 /state-of-image /var/lib/pathwitness
VOLUME /var/lib/pathwitness
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
  CMD ["/bin/pathwitness", "check", "health"]
ENTRYPOINT ["/bin/pathwitness"]
CMD ["--config.file=/etc/pathwitness/config/default.yaml"]
