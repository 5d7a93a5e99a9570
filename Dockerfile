# syntax=docker/dockerfile:1
# Builds the image: docker build -t scopegate .
# The first stage makes the file tree, by the script that the tests run too; the second holds that tree and Node.js, no
# shell and no package manager. docs/operations.md says how to run it.
ARG NODE_MAJOR=24

FROM node:${NODE_MAJOR}-trixie-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-fund --no-audit --ignore-scripts
COPY . .
RUN npm run build && node deploy/image/assemble.mjs /app

FROM gcr.io/distroless/nodejs${NODE_MAJOR}-debian13:nonroot
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Scopegate" \
      org.opencontainers.image.description="The OAuth 2.0 resource-server gate for proxies" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /app /app
ENV NODE_ENV=production \
    SCOPEGATE_CONFIG=/etc/scopegate/scopegate.yaml
# By number, because Kubernetes cannot see from a name that it is not root.
USER 65532:65532
# gRPC, HTTP, admin.
EXPOSE 50051 8080 8081
STOPSIGNAL SIGTERM
ENTRYPOINT ["/nodejs/bin/node", "/app/dist/bundle/scopegate.mjs"]
CMD ["serve"]
