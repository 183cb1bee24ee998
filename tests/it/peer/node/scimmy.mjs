// A SCIM server: npm scimmy and scimmy-routers on express, with everything in memory. usage: node scimmy.mjs TOKEN
//
// It sends no Location and a relative meta.location, its ETag is that of the transport, and its userName filters heed case.
// The storage (with its 404 and the uniqueness of userName and displayName) is ours, everything else is the package. It stays
// on express 4: on 5 the package loses startIndex and count without a word.
import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const [token] = process.argv.slice(2);
const PATH = "/scim/v2";

function refuse(status, type, detail) {
  throw new SCIMMY.Types.Error(status, type, detail);
}

/** The three handlers of a resource type whose attribute `unique` no two resources share. */
function store(unique) {
  const rows = new Map();
  const key = (row) => String(row[unique] ?? "").toLowerCase();
  const known = (id) => rows.get(id) ?? refuse(404, null, `Resource ${id} not found`);
  return {
    ingress(resource, data) {
      const before = resource.id && known(resource.id);
      for (const [id, row] of rows)
        if (id !== resource.id && key(row) === key(data)) refuse(409, "uniqueness", `${unique} already in use`);
      const row = JSON.parse(JSON.stringify(data));
      const now = new Date();
      row.id = resource.id ?? randomUUID();
      row.meta = { created: before ? before.meta.created : now, lastModified: now };
      rows.set(row.id, row);
      return structuredClone(row);
    },
    egress(resource) {
      if (resource.id) return structuredClone(known(resource.id));
      const all = [...rows.values()].map((row) => structuredClone(row));
      return resource.filter ? resource.filter.match(all) : all;
    },
    degress(resource) {
      known(resource.id);
      rows.delete(resource.id);
    },
  };
}

SCIMMY.Resources.declare(SCIMMY.Resources.User, store("userName"));
SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);
SCIMMY.Resources.declare(SCIMMY.Resources.Group, store("displayName"));
SCIMMY.Config.set({ patch: true, filter: true, bulk: true, sort: true });

const routers = new SCIMMYRouters({
  type: "bearer",
  handler: (request) => {
    if (request.header("authorization") !== `Bearer ${token}`) throw new Error("Invalid or missing bearer token");
    return "peer";
  },
});
const app = express();
app.disable("x-powered-by");
app.use(PATH, routers);
const server = app.listen(0, "127.0.0.1", () => {
  console.log(`ready http://127.0.0.1:${server.address().port}${PATH}`);
});
// The parent holds the other end of standard input: when that is gone, so is this.
process.stdin.on("end", () => process.exit(0)).resume();
