import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { Biscuit, KeyPair, SignatureAlgorithm } from "#biscuit";
import { attenuate, NarrowingError, OPERATIONS, SUBJECTS } from "../src/index.js";

const JOB = "01930000-0000-7000-8000-000000000001";
const OTHER = "01930000-0000-7000-8000-000000000002";
const pair = new KeyPair(SignatureAlgorithm.Ed25519);
const publicKey = pair.getPublicKey();
const rootKeys = { 7: publicKey.toString().replace("ed25519/", "") };

function mint() {
  const builder = Biscuit.builder();
  builder.addCode('tenant("one"); check if time($t), $t < 2030-01-01T00:00:00Z');
  builder.setRootKeyId(7);
  return builder.build(pair.getPrivateKey());
}

function sourceOf(token) {
  const opened = Biscuit.fromBase64(token, publicKey);
  return opened.getBlockSource(opened.countBlocks() - 1);
}

test("each narrowing becomes a check of the published shape", () => {
  const narrowing = {
    jobs: [JOB],
    invoices: [OTHER.toUpperCase()],
    operations: ["read"],
    subjects: ["jobs"],
    expiresAt: new Date("2027-01-01T00:00:00.750Z"),
  };

  const source = sourceOf(attenuate(mint().toBase64(), narrowing, rootKeys));

  assert.equal(
    source.trim(),
    [
      `check if resource("job", $id), {"${JOB}"}.contains($id) or resource("invoice", $id), {"${OTHER}"}.contains($id);`,
      'check if operation($x), {"read"}.contains($x);',
      'check if subject($x), {"jobs"}.contains($x);',
      "check if time($t), $t < 2027-01-01T00:00:00Z;",
    ].join("\n"),
  );
});

test("what the server would refuse is not made", () => {
  const token = mint().toBase64();
  const bad = [
    {},
    { jobs: [] },
    { jobs: ["1"] },
    { jobs: [`${JOB}"); check if true; //`] },
    { operations: ["delete"] },
    { subjects: ['jobs"}.contains($x) or true; //'] },
    { expiresAt: "soon" },
    { job: [JOB] },
    { jobs: Array.from({ length: 100 }, (_, n) => JOB.slice(0, -3) + String(n).padStart(3, "0")) },
  ];
  for (const narrowing of bad) {
    assert.throws(() => attenuate(token, narrowing, rootKeys), NarrowingError, JSON.stringify(narrowing));
  }
});

test("sealed, foreign, unknown and long-chained tokens cannot be narrowed", () => {
  const narrowing = { jobs: [JOB] };
  const sealed = mint().sealToken().toBase64();
  let chain = mint().toBase64();
  for (let length = 0; length < 4; length += 1) {
    chain = attenuate(chain, narrowing, rootKeys);
  }

  for (const token of [sealed, chain, "nonsense", ""]) {
    assert.throws(() => attenuate(token, narrowing, rootKeys), NarrowingError);
  }
  assert.throws(() => attenuate(mint().toBase64(), narrowing, {}), NarrowingError);
  assert.throws(() => attenuate(mint().toBase64(), narrowing, { 7: "00".repeat(32) }), NarrowingError);
});

test("the types list the same words as the code", async () => {
  const types = await readFile(new URL("../src/index.d.ts", import.meta.url), "utf8");
  const union = (name) => types.match(new RegExp(`type ${name} =([^;]*);`))[1].match(/"(\w+)"/g).map((w) => w.slice(1, -1));

  assert.deepEqual(union("Operation"), OPERATIONS);
  assert.deepEqual(union("Subject"), SUBJECTS);
});
