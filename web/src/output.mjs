// @ts-check

const decoder = new TextDecoder();

/**
 * What a function has given back: a copy that belongs to the caller. It has the
 * read side of DataView.
 * @extends {DataView<ArrayBuffer>}
 */
export class PluginOutput extends DataView {
  /** @type {Uint8Array | undefined} */
  #bytes;

  /** The bytes, without copying them again. */
  bytes() {
    return (this.#bytes ??= new Uint8Array(this.buffer, this.byteOffset, this.byteLength));
  }

  /** The buffer that holds exactly these bytes. */
  arrayBuffer() {
    return this.buffer;
  }

  /** The bytes as UTF-8; what is not UTF-8 becomes U+FFFD. */
  text() {
    return decoder.decode(this.bytes());
  }

  /** Same as {@link text}. */
  string() {
    return this.text();
  }

  /**
   * The bytes as JSON.
   * @throws {SyntaxError} if they are not JSON
   */
  json() {
    return JSON.parse(this.text());
  }

  get [Symbol.toStringTag]() {
    return 'PluginOutput';
  }
}

for (const name of Object.getOwnPropertyNames(DataView.prototype)) {
  if (!name.startsWith('set')) continue;
  Object.defineProperty(PluginOutput.prototype, name, {
    configurable: true,
    writable: true,
    value: () => {
      throw new Error('Cannot set values on output');
    },
  });
}
