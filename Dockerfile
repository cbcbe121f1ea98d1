# One image for migrate, api and worker: the command says which.
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM node:24-slim
ENV NODE_ENV=production TZ=UTC
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json ./
COPY domain ./domain
COPY workflows ./workflows
COPY activities ./activities
COPY db ./db
COPY gateway ./gateway
COPY api ./api
COPY worker ./worker
COPY config ./config
COPY cli ./cli
COPY scripts ./scripts
USER node
EXPOSE 8080
CMD ["node", "api/server.ts"]
