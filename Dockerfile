# One static binary in an empty image: no shell, no libraries, nothing to write to.
#
#   docker build -t scim-bridge .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges \
#     -p 8443:8443 -v "$PWD/bridge:/etc/scim-bridge:ro" scim-bridge

FROM rust:1.95-bookworm AS build
WORKDIR /build
COPY . .
# Static glibc; naming the target keeps the flag away from build scripts and procedural macros.
RUN RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --locked --release --bin scim-bridge --target "$(uname -m)-unknown-linux-gnu" \
 && cp "target/$(uname -m)-unknown-linux-gnu/release/scim-bridge" /scim-bridge

FROM scratch
COPY --from=build /scim-bridge /scim-bridge
USER 65532:65532
EXPOSE 8443
ENTRYPOINT ["/scim-bridge"]
CMD ["serve", "--config", "/etc/scim-bridge/bridge.yaml"]
# Asks the admin address, which bridge.yaml names: `admin: { listen: "127.0.0.1:9090" }`.
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["/scim-bridge", "health", "--admin", "127.0.0.1:9090"]
