// @ts-check

// A plug-in takes bytes and gives bytes. A codec says what they mean; these are
// the ones that need nothing but the platform.

/** @typedef {import('./output.mjs').PluginOutput} PluginOutput */

/**
 * @template T
 * @typedef {object} Encoder
 * @property {(value: T) => string | Uint8Array} encode
 */

/**
 * @template T
 * @typedef {object} Decoder
 * @property {(output: PluginOutput) => T} decode
 */

/**
 * @template T
 * @typedef {Encoder<T> & Decoder<T>} Codec
 */

// Plain objects, and no call that makes them: a bundler then sees that a program
// which names none of them can do without.

/** @type {Codec<string>} */
const text = { encode: (value) => value, decode: (output) => output.text() };

/** @type {Codec<Uint8Array>} */
const bytes = { encode: (value) => value, decode: (output) => output.bytes() };

/** @type {Codec<void>} */
const none = { encode: () => '', decode: () => {} };

/** @type {Codec<any>} */
const anyJSON = {
  encode: (value) => JSON.stringify(value),
  decode(output) {
    if (output.byteLength === 0) throw new SyntaxError('nothing is there where JSON was expected');
    return output.json();
  },
};

/**
 * @template T
 * @returns {Codec<T>}
 */
const json = () => anyJSON;

/**
 * @template T
 * @param {Codec<T>} codec
 * @returns {Codec<T | undefined>}
 */
const optional = (codec) => ({
  encode: (value) => (value === undefined ? '' : codec.encode(value)),
  decode: (output) => (output.byteLength === 0 ? undefined : codec.decode(output)),
});

/** See types/extism.d.ts. */
export const codecs = { text, bytes, none, json, optional };
