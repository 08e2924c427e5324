# Kefu without a database of its own: set DATABASE_URL (docker-compose.yml brings one along).

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --ignore-scripts
COPY tsconfig.json ./
COPY protocol ./protocol
COPY client-web ./client-web
# The bundled Node is for machines that have an older one; what else is optional is sharp's program for this kind of machine.
RUN node client-web/build.ts && npm prune --omit=dev --ignore-scripts && rm -rf node_modules/node-linux-* node_modules/.bin/node

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
WORKDIR /app
COPY package.json schema.sql ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/client-web/dist ./client-web/dist
COPY protocol ./protocol
COPY db ./db
COPY server ./server
# A volume that nodes share is mounted at uploads, and takes over whose it is.
RUN mkdir -p /data/uploads && chown -R node:node /data
VOLUME /data
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["node", "server/main.ts"]
