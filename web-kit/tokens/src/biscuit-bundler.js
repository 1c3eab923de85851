// biscuit-wasm for browsers, through a bundler that takes WebAssembly modules
// (webpack: experiments.asyncWebAssembly; Vite: vite-plugin-wasm).
export { Biscuit, KeyPair, PublicKey, SignatureAlgorithm } from "@biscuit-auth/biscuit-wasm";
