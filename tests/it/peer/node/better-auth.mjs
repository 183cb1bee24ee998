// A SCIM server: npm better-auth with its plug-in @better-auth/scim, with everything in memory. usage: node better-auth.mjs TOKEN
//
// A product's own endpoint: it refuses attributes that are null, bodies without `schemas` and a userName that is no e-mail
// address where no addresses are given; its filters know `eq` of a few attributes, and its 404 has no body.
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { getAuthTables } from "better-auth/db";
import { toNodeHandler } from "better-auth/node";
import { scim } from "@better-auth/scim";

const [token] = process.argv.slice(2);
// It must know its own URL before it is made, so the port is taken first.
const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  const options = {
    baseURL: origin,
    basePath: "/api/auth",
    secret: "for tests, for tests, for tests, for tests",
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    logger: { level: "error" },
    plugins: [scim({ connections: [{ id: "peer", credentials: [{ type: "bearer", id: "c1", token }] }] })],
  };
  const tables = Object.fromEntries(Object.values(getAuthTables(options)).map((table) => [table.modelName, []]));
  server.on("request", toNodeHandler(betterAuth({ ...options, database: memoryAdapter(tables) })));
  console.log(`ready ${origin}/api/auth/scim/v2`);
});
// The parent holds the other end of standard input: when that is gone, so is this.
process.stdin.on("end", () => process.exit(0)).resume();
