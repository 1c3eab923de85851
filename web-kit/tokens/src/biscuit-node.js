// biscuit-wasm for Node.
//
// The package is built for bundlers: it imports a .wasm file, which Node takes only with
// --experimental-wasm-modules. So the module is instantiated here by hand, which needs no flag.
import { readFile } from "node:fs/promises";

const entry = import.meta.resolve("@biscuit-auth/biscuit-wasm");
const module = await WebAssembly.compile(await readFile(new URL("./biscuit_bg.wasm", entry)));
const names = new Set(WebAssembly.Module.imports(module).map((wanted) => wanted.module));
const imports = {};
for (const name of names) {
  imports[name] = await import(new URL(name, entry));
}
const biscuit = await import(new URL("./biscuit_bg.js", entry));
const instance = await WebAssembly.instantiate(module, imports);
biscuit.__wbg_set_wasm(instance.exports);
// Its start function greets on standard output, which belongs to whoever uses us.
const { log } = console;
console.log = () => {};
try {
  instance.exports.__wbindgen_start();
} finally {
  console.log = log;
}

export const { Biscuit, KeyPair, PublicKey, SignatureAlgorithm } = biscuit;
