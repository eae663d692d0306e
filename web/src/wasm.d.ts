/** What an import of a module gives: its bytes where it is bundled; on the edge the compiled module. */
declare module '*.wasm' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
