// Narrows what tenancy's test `node_narrows_as_rust_does` sends: JSON in, JSON out.
import { text } from "node:stream/consumers";

import { attenuate, OPERATIONS, SUBJECTS } from "../src/index.js";

const { rootKeys, cases } = JSON.parse(await text(process.stdin));
const tokens = cases.map(({ token, chain }) =>
  chain.reduce((narrowed, narrowing) => attenuate(narrowed, narrowing, rootKeys), token),
);
process.stdout.write(JSON.stringify({ tokens, operations: OPERATIONS, subjects: SUBJECTS }));
