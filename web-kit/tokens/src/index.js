// Narrowing a Surv token offline: whoever holds a token can hand on a weaker one. See docs/tokens.md.
import { Biscuit, KeyPair, PublicKey, SignatureAlgorithm } from "#biscuit";

import { OPERATIONS, SUBJECTS } from "./words.js";

export { OPERATIONS, SUBJECTS };

/** The server takes a token and four blocks appended to it, of 4 KiB together. */
const MAX_BLOCKS = 5;
const MAX_BYTES = 4096;
const RESOURCES = { jobs: "job", invoices: "invoice", customers: "customer" };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export class NarrowingError extends Error {
  name = "NarrowingError";
}

/** A token that may do no more than `token`, and no more than `narrowing` says. */
export function attenuate(token, narrowing, rootKeys) {
  const { code, parameters } = checks(narrowing);
  const parent = open(token, rootKeys);
  if (parent.countBlocks() >= MAX_BLOCKS) {
    throw new NarrowingError("the token was narrowed four times already");
  }
  const block = Biscuit.block_builder();
  // The code is fixed text with places for values: nothing a caller passes is ever parsed.
  block.addCodeWithParameters(code, parameters, {});
  let child;
  try {
    child = parent.appendBlock(block);
  } catch {
    throw new NarrowingError("the token is sealed: it cannot be narrowed any more");
  }
  if (child.toBytes().length > MAX_BYTES) {
    throw new NarrowingError("the narrowed token would be longer than 4 KiB");
  }
  return child.toBase64();
}

/** biscuit-wasm opens a token only under its root key, so a forged one is noticed here already. */
function open(token, rootKeys) {
  const keys = new Map(Object.entries(rootKeys).map(([id, key]) => [Number(id), publicKey(key)]));
  // The callback must answer: an error thrown through WebAssembly would break the instance for good.
  const nobodys = new KeyPair(SignatureAlgorithm.Ed25519).getPublicKey();
  try {
    return Biscuit.fromBase64WithProvider(token, (id) => keys.get(id) ?? nobodys);
  } catch {
    throw new NarrowingError("this is not a token made under any of the root keys");
  }
}

function publicKey(hex) {
  try {
    return PublicKey.fromString(hex, SignatureAlgorithm.Ed25519);
  } catch {
    throw new NarrowingError("a root key is not 64 hex digits");
  }
}

function checks(narrowing) {
  const known = [...Object.keys(RESOURCES), "operations", "subjects", "expiresAt"];
  const unknown = Object.keys(narrowing).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new NarrowingError(`there is no narrowing to "${unknown}"`);
  }
  const parameters = {};
  const code = [
    resourceCheck(narrowing, parameters),
    wordCheck("operation", "operations", OPERATIONS, narrowing, parameters),
    wordCheck("subject", "subjects", SUBJECTS, narrowing, parameters),
    timeCheck(narrowing, parameters),
  ].filter((check) => check !== undefined);
  if (code.length === 0) {
    throw new NarrowingError("there is nothing to narrow the token to");
  }
  return { code: code.join(";\n"), parameters };
}

/** Things of any kind are one list: the token reaches what hangs off any of them. */
function resourceCheck(narrowing, parameters) {
  const alternatives = [];
  for (const [list, kind] of Object.entries(RESOURCES)) {
    const ids = (narrowing[list] ?? []).map((id) => String(id).toLowerCase());
    if (ids.length > 0) {
      reject(ids, (id) => UUID.test(id), `${list} must be UUIDs`);
      parameters[list] = { set: [...new Set(ids)] };
      alternatives.push(`resource("${kind}", $id), {${list}}.contains($id)`);
    }
  }
  return alternatives.length > 0 ? `check if ${alternatives.join(" or ")}` : undefined;
}

function wordCheck(predicate, list, closedSet, narrowing, parameters) {
  const words = narrowing[list] ?? [];
  if (words.length === 0) {
    return undefined;
  }
  reject(words, (word) => closedSet.includes(word), `${list} must be of: ${closedSet.join(", ")}`);
  parameters[list] = { set: [...new Set(words)] };
  return `check if ${predicate}($x), {${list}}.contains($x)`;
}

/** Tokens count whole seconds: a fraction is cut off. */
function timeCheck({ expiresAt }, parameters) {
  if (expiresAt === undefined) {
    return undefined;
  }
  const milliseconds = new Date(expiresAt).getTime();
  if (!(milliseconds >= 0)) {
    throw new NarrowingError("expiresAt must be a date");
  }
  const seconds = new Date(Math.floor(milliseconds / 1000) * 1000);
  parameters.until = { date: seconds.toISOString().replace(".000Z", "Z") };
  return "check if time($t), $t < {until}";
}

function reject(values, isGood, message) {
  if (!values.every(isGood)) {
    throw new NarrowingError(message);
  }
}
