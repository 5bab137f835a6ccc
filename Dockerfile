# The Active LTS line, by the digest of its multi-platform index: a tag may be moved, a digest cannot. Tag and digest change
# together (`docker buildx imagetools inspect node:TAG` prints it); package.json names the same version.
ARG NODE_TAG=26.10.0-trixie-slim
ARG NODE_DIGEST=sha256:930557a230abacbc3f4fd9b8648abf8f4bee1e17cb72195dcdfb2f709bc85b33

# JavaScript is the same on every platform: it is built on the one that builds.
FROM --platform=$BUILDPLATFORM docker.io/library/node:${NODE_TAG}@${NODE_DIGEST} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# A registry or a certificate authority of your own: --secret id=npmrc,src=.npmrc. It is there for this line only.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/build.ts
# Now what runs, and nothing else: no dev dependencies, no optional peer, no install script of anybody, no types or maps, and
# nothing that tells which registry it came from.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && find dist node_modules -type f \( -name '*.ts' -o -name '*.cts' -o -name '*.mts' -o -name '*.map' \) -delete \
 && rm -r node_modules/.bin node_modules/.package-lock.json
# Modes are set here: those of a clone depend on the umask of whoever cloned it. Nobody but root may write any of it.
RUN mkdir -p /image/opt/userdrift /image/config \
 && cp -r package.json LICENSE crontab bin dist node_modules deploy/healthcheck.js /image/opt/userdrift \
 && cp crontab /image/config \
 && chmod -R u=rwX,go=rX /image

FROM docker.io/library/node:${NODE_TAG}@${NODE_DIGEST}
# The job needs node alone. Package managers are what scanners complain about and what an intruder would use, as are programs
# that run as root whoever starts them.
RUN rm -rf /usr/local/lib/node_modules /opt/yarn-* /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} +
COPY --from=build /image/ /

ENV NODE_ENV=production LANG=C.UTF-8
# userdrift.config.json, crontab and .env are looked for here: mount a folder that holds yours, or single files.
WORKDIR /config
# The account `node` of the base image, as a number: Kubernetes cannot see that a name is not root. Any other uid works too.
USER 1000:1000
EXPOSE 8080
# Alive, not healthy (/healthz): engines restart what is unhealthy, and a restart repairs no database.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["node", "/opt/userdrift/healthcheck.js"]
# node is process 1 and handles the signal itself; the batches in flight settle, exit code 143.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/opt/userdrift/bin/userdrift.js"]
CMD ["schedule", "--host", "0.0.0.0"]

ARG VERSION=0.0.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="userdrift" \
      org.opencontainers.image.description="Finds every Supabase user that your own users table misses, inserts it, and proves it" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
