FROM debian:bookworm-slim AS build
WORKDIR /src
COPY tools tools
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

FROM debian:bookworm-slim
ARG REVISION=unknown
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="pathwitness" \
  org.opencontainers.image.description="Prometheus exporter that watches network paths and HTTPS services" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$REVISION"
COPY tools/install-deps.sh /tmp/install-deps.sh
RUN /tmp/install-deps.sh runtime && rm -rf /tmp/install-deps.sh /var/lib/apt/lists/* \
  && install -d -o 65532 -g 65532 /var/lib/pathwitness
COPY LICENSE /usr/share/doc/pathwitness/LICENSE
COPY config/default.yaml /etc/pathwitness/config/default.yaml
COPY alerts/rules /etc/pathwitness/alerts/rules
COPY alerts/runbooks /etc/pathwitness/alerts/runbooks
COPY --from=build /src/build/release/exporter/pathwitness /bin/pathwitness
USER 65532:65532
EXPOSE 10059
VOLUME /var/lib/pathwitness
ENTRYPOINT ["/bin/pathwitness"]
CMD ["--config.file=/etc/pathwitness/config/default.yaml"]
